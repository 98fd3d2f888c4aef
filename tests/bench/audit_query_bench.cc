// Pages of a long chain: how long the slowest one takes. Prints `name unit value` lines.
//
//   audit_query_bench [FOLDER]      AUDIT_QUERY_EVENTS: how many events (default 1000000)
//
// The events are written by SQL into the SQLite store's own tables, one tenant, a year long, 200 agents and 50 tools in
// turn, one event in ten denied. They are no chain: the hashes are made up. Then each query is asked for its first
// page and, from the other end, for its last.

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>

#include "store/sqlite/sqlite_store.h"

namespace {

using namespace intentgate;

constexpr std::int64_t kFirst = 1'700'000'000'000'000, kYear = 365LL * 86'400 * 1'000'000;
constexpr std::size_t kPage = 100;
constexpr int kRounds = 5;

double Millis() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

// `n` is the event's number; the multiplications spread the values as a busy tenant's are spread, and each agent meets
// each tool.
std::string Fill(std::int64_t events) {
  const std::string count = std::to_string(events), step = std::to_string(kYear / events);
  const std::string from_n =
      " FROM (WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < " + count + ") SELECT n FROM c)";
  return "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN;"
         "INSERT INTO audit_events (tenant, seq, event_id, prev_hash, hash, canonical, ts, kind, decision, check_name, tool, "
         "agent_id, jti, elevation_id, root_jti, session_id, code, actor) "
         "SELECT 'acme', n, printf('019%09x-0000-7000-8000-%012x', n, n), printf('%064x', n), printf('%064x', n + 1), "
         "printf('%.800c', 'x'), " + std::to_string(kFirst) + " + n * " + step + " + (n * 7919 % 1000) * 1000 - 500000, 'decision', "
         "CASE n % 10 WHEN 3 THEN 'block' ELSE 'allow' END, CASE n % 10 WHEN 3 THEN 'policy' ELSE '' END, "
         "'tool-' || ((n * 2654435761 >> 15) % 50), 'agent-' || ((n * 2246822519 >> 17) % 200), "
         "printf('token-%d', (n * 3266489917 >> 16) % 5000), '', printf('token-%d', (n * 3266489917 >> 16) % 5000), "
         "printf('session-%d', n / 500), '', ''" + from_n + ";"
         "INSERT INTO audit_heads (tenant, next_seq, hash) VALUES ('acme', " + count + ", printf('%064x', " + count + "));"
         "INSERT INTO audit_times (tenant, block, min_ts, max_ts) "
         "SELECT tenant, seq / 1024, min(ts), max(ts) FROM audit_events GROUP BY tenant, seq / 1024; COMMIT;";
}

bool Load(const std::string& path, std::int64_t events) {
  if (!store::SqliteStore::Open(path, {}).ok()) return false;   // makes the schema
  sqlite3* db = nullptr;
  char* problem = nullptr;
  const bool good = sqlite3_open(path.c_str(), &db) == SQLITE_OK &&
                    sqlite3_exec(db, Fill(events).c_str(), nullptr, nullptr, &problem) == SQLITE_OK;
  if (problem != nullptr) std::fprintf(stderr, "%s\n", problem);
  sqlite3_free(problem);
  sqlite3_close(db);
  return good;
}

double slowest = 0;

void Ask(audit::AuditStore& store, const char* name, const AuditFilter& filter) {
  for (const bool ascending : {false, true}) {
    double worst = 0;
    std::size_t found = 0;
    std::string after;
    for (int round = 0; round < kRounds; ++round) {
      const double start = Millis();
      const auto page = store.Query(filter, ascending, after, kPage);
      worst = std::max(worst, Millis() - start);
      if (!page.ok()) {
        std::fprintf(stderr, "%s: %s\n", name, page.error().message.c_str());
        return;
      }
      found += page->records.size();
      after = page->next;
      if (after.empty()) break;
    }
    std::printf("audit_query.%s.%s ms %.2f\n", name, ascending ? "last" : "first", worst);
    if (found == 0) std::fprintf(stderr, "%s found nothing\n", name);
    slowest = std::max(slowest, worst);
  }
}

void AskAll(audit::AuditStore& store) {
  const auto ask = [&](const char* name, auto set) {
    AuditFilter filter;
    filter.tenant = "acme";
    set(filter);
    Ask(store, name, filter);
  };
  const auto day = [](AuditFilter& f) {
    f.from_micros = kFirst + kYear / 2;
    f.to_micros = *f.from_micros + 86'400LL * 1'000'000;
  };
  ask("chain", [](AuditFilter&) {});
  ask("agent", [](AuditFilter& f) { f.agent_id = "agent-17"; });
  ask("tool", [](AuditFilter& f) { f.tool = "tool-17"; });
  ask("agent_and_tool", [](AuditFilter& f) { f.agent_id = "agent-17"; f.tool = "tool-17"; });
  ask("denied", [](AuditFilter& f) { f.decision = "block"; });
  ask("day", day);
  ask("day_and_agent", [&](AuditFilter& f) { day(f); f.agent_id = "agent-17"; });
  ask("day_and_tool", [&](AuditFilter& f) { day(f); f.tool = "tool-17"; });
  ask("day_agent_and_tool", [&](AuditFilter& f) { day(f); f.agent_id = "agent-17"; f.tool = "tool-17"; });
  ask("day_and_denied", [&](AuditFilter& f) { day(f); f.decision = "block"; });
  ask("day_and_session", [&](AuditFilter& f) { day(f); f.root_jti = "token-17"; });
  ask("half_a_year", [](AuditFilter& f) { f.to_micros = kFirst + kYear / 2; });
  ask("half_a_year_and_agent", [](AuditFilter& f) { f.to_micros = kFirst + kYear / 2; f.agent_id = "agent-17"; });
  ask("half_a_year_agent_and_tool",
      [](AuditFilter& f) { f.to_micros = kFirst + kYear / 2; f.agent_id = "agent-17"; f.tool = "tool-17"; });
}

}  // namespace

int main(int argc, char** argv) {
  const char* wanted = std::getenv("AUDIT_QUERY_EVENTS");
  const std::int64_t events = wanted != nullptr ? std::atoll(wanted) : 1'000'000;
  if (events < 1) return 2;
  const std::filesystem::path folder = std::filesystem::path(argc > 1 ? argv[1] : "/tmp") /
                                       ("intentgate-query-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "gate.db").string();
  bool good = Load(path, events);
  if (good) {
    const auto store = store::SqliteStore::Open(path, {});
    good = store.ok();
    if (good) {
      std::printf("audit_query.events events %lld\n", static_cast<long long>(events));
      AskAll(**store);
      std::printf("audit_query.slowest_page ms %.2f\n", slowest);
    }
  }
  std::filesystem::remove_all(folder);
  return good ? 0 : 1;
}
