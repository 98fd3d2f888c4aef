// Pages of a long chain: how long the slowest one takes, on SQLite and on PostgreSQL. Prints `name unit value` lines.
//
//   audit_query_bench [sqlite|sqlite_older|postgres]...     which stores (default all); older: a file from before the postings, with its migration
//     AUDIT_QUERY_EVENTS: how many events (default 1000000)
//     AUDIT_QUERY_PLANS: a file that gets PostgreSQL's plans
//
// The events of audit_query_fill.h are asked for by each filter, for the first page and, from the other end, for the
// last. Stores and files lie in the scratch folder (TMPDIR). PostgreSQL's server is one of this program's own.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "audit_query_fill.h"
#include "store/postgres/postgres_store.h"
#include "store/postgres/query_sql.h"
#include "store/sqlite/sqlite_store.h"
#include "support/postgres.h"
#include "support/postgres_plan.h"
#include "support/scratch_folder.h"

namespace {

using namespace intentgate;
using bench::kQueryFirst;
using bench::kQueryYear;

constexpr std::size_t kPage = 100;
constexpr int kRounds = 5;

double Millis() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

struct Question {
  std::string name;
  AuditFilter filter;
};

std::vector<Question> Questions() {
  std::vector<Question> all;
  const auto ask = [&](const char* name, auto set) {
    AuditFilter filter;
    filter.tenant = "acme";
    set(filter);
    all.push_back({name, filter});
  };
  const auto day = [](AuditFilter& f) {
    f.from_micros = kQueryFirst + kQueryYear / 2;
    f.to_micros = *f.from_micros + 86'400LL * 1'000'000;
  };
  const auto half = [](AuditFilter& f) { f.to_micros = kQueryFirst + kQueryYear / 2; };
  ask("chain", [](AuditFilter&) {});
  ask("agent", [](AuditFilter& f) { f.agent_id = "agent-17"; });
  ask("tool", [](AuditFilter& f) { f.tool = "tool-17"; });
  ask("agent_and_tool", [](AuditFilter& f) { f.agent_id = "agent-17"; f.tool = "tool-17"; });
  ask("denied", [](AuditFilter& f) { f.decision = "block"; });
  ask("root_token", [](AuditFilter& f) { f.root_jti = "token-17"; });
  ask("session", [](AuditFilter& f) { f.session_id = "session-17"; });
  ask("day", day);
  ask("day_and_agent", [&](AuditFilter& f) { day(f); f.agent_id = "agent-17"; });
  ask("day_and_tool", [&](AuditFilter& f) { day(f); f.tool = "tool-17"; });
  ask("day_agent_and_tool", [&](AuditFilter& f) { day(f); f.agent_id = "agent-17"; f.tool = "tool-17"; });
  ask("day_and_denied", [&](AuditFilter& f) { day(f); f.decision = "block"; });
  ask("day_and_root_token", [&](AuditFilter& f) { day(f); f.root_jti = "token-17"; });
  ask("half_a_year", half);
  ask("half_a_year_and_agent", [&](AuditFilter& f) { half(f); f.agent_id = "agent-17"; });
  ask("half_a_year_and_tool", [&](AuditFilter& f) { half(f); f.tool = "tool-17"; });
  ask("half_a_year_agent_and_tool", [&](AuditFilter& f) { half(f); f.agent_id = "agent-17"; f.tool = "tool-17"; });
  return all;
}

// The slowest of the pages from one end, in ms; -1 when one failed.
double Slowest(audit::AuditStore& store, const Question& question, bool ascending) {
  double slowest = 0;
  std::size_t found = 0;
  std::string after;
  for (int round = 0; round < kRounds; ++round) {
    const double start = Millis();
    const auto page = store.Query(question.filter, ascending, after, kPage);
    slowest = std::max(slowest, Millis() - start);
    if (!page.ok()) {
      std::fprintf(stderr, "%s: %s\n", question.name.c_str(), page.error().message.c_str());
      return -1;
    }
    found += page->records.size();
    after = page->next;
    if (after.empty()) break;
  }
  if (found == 0) std::fprintf(stderr, "%s found nothing\n", question.name.c_str());
  return slowest;
}

bool AskAll(const char* name, audit::AuditStore& store, std::int64_t events) {
  double slowest = 0;
  for (const Question& question : Questions()) {
    for (const bool ascending : {false, true}) {
      const double took = Slowest(store, question, ascending);
      if (took < 0) return false;
      std::printf("audit_query.%s.%s.%s ms %.2f\n", name, question.name.c_str(), ascending ? "last" : "first", took);
      slowest = std::max(slowest, took);
    }
  }
  std::printf("audit_query.%s.slowest_page ms %.2f of %lld events\n", name, slowest, static_cast<long long>(events));
  return true;
}

bool Sqlite(std::int64_t events) {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  if (!bench::FillSqlite(path, events)) return false;
  const auto store = store::SqliteStore::Open(path, {});
  return store.ok() && AskAll("sqlite", **store, events);
}

bool OlderSqlite(std::int64_t events) {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  if (!bench::FillOlderSqlite(path, events)) return false;
  const double start = Millis();
  const auto store = store::SqliteStore::Open(path, {});
  std::printf("audit_query.sqlite_older.migration ms %.0f of %lld events\n", Millis() - start, static_cast<long long>(events));
  return store.ok() && AskAll("sqlite_older", **store, events);
}

// As the server plans the pages; values stand where the store binds them.
void WritePlans(test::PostgresServer& server, const char* path) {
  std::ofstream out(path);
  for (const Question& question : Questions()) {
    for (const bool ascending : {false, true}) {
      const auto command = store::pg::PageCommand("intentgate.", "canonical", question.filter, ascending, "", kPage + 1);
      if (command.ok()) out << question.name << (ascending ? " last\n" : " first\n") << test::PlanOf(server, *command) << "\n";
    }
  }
}

bool Postgres(std::int64_t events) {
  // The load is not what is measured, so it may skip what makes it durable.
  const auto server = test::PostgresServer::Make({"fsync=off", "synchronous_commit=off", "max_wal_size=8GB", "wal_level=minimal",
                                                  "max_wal_senders=0", "maintenance_work_mem=512MB", "jit=off"});
  store::PostgresOptions options;
  options.url = server->Url();
  const auto store = store::PostgresStore::Open(std::move(options));
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return false;
  }
  bench::FillPostgres(*server, events);
  const char* plans = std::getenv("AUDIT_QUERY_PLANS");
  if (plans != nullptr) WritePlans(*server, plans);
  return AskAll("postgres", **store, events);
}

}  // namespace

int main(int argc, char** argv) {
  doctest::Context context;   // the server's helper reports with doctest
  context.setAsDefaultForAssertsOutOfTestCases();
  const char* wanted = std::getenv("AUDIT_QUERY_EVENTS");
  const std::int64_t events = wanted != nullptr ? std::atoll(wanted) : 1'000'000;
  if (events < 1) return 2;
  const std::vector<std::string> named(argv + 1, argv + argc);
  const auto asked = [&](const char* name) { return named.empty() || std::find(named.begin(), named.end(), name) != named.end(); };
  const bool sqlite = !asked("sqlite") || Sqlite(events);
  const bool older = !asked("sqlite_older") || OlderSqlite(events);
  const bool postgres = !asked("postgres") || Postgres(events);
  return sqlite && older && postgres ? 0 : 1;
}
