// kill -9 at a moment that nobody chose: what was acknowledged is in the chain, nothing is there that nobody asked for,
// and the chain verifies.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"
#include "support/checked_chains.h"
#include "support/postgres.h"
#include "support/scratch_folder.h"
#include "support/soak.h"

namespace intentgate::test {
namespace {

// Arguments of the child but its name, which stands behind the schema.
struct Place {
  std::string kind, where, schema = "-", journal;
};

struct Child {
  pid_t pid = -1;
  int output = -1;
  std::string partial;
};

Child StartChild(const Place& place, const std::string& name) {
  std::array<int, 2> pipe{};
  // Not to be inherited: the other child would keep this one's pipe open after its end.
  REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  std::vector<const char*> arguments{CHILD, place.kind.c_str(), place.where.c_str(), place.schema.c_str(), name.c_str()};
  if (!place.journal.empty()) arguments.push_back(place.journal.c_str());
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::execv(CHILD, const_cast<char**>(arguments.data()));
    _exit(127);
  }
  ::close(pipe[1]);
  return {pid, pipe[0], {}};
}

// Reads what there is, at least something; false at the end of the file. Counts what was acknowledged.
bool ReadIds(Child& child, CallersIds& ids, std::size_t& acknowledged) {
  std::array<char, 4096> buffer{};
  const ssize_t n = ::read(child.output, buffer.data(), buffer.size());
  if (n <= 0) return false;
  child.partial.append(buffer.data(), static_cast<std::size_t>(n));
  std::size_t from = 0;
  for (std::size_t end = 0; (end = child.partial.find('\n', from)) != std::string::npos; from = end + 1) {
    const bool answer = child.partial[from] == '!';
    acknowledged += answer ? 1 : 0;
    (answer ? ids.acknowledged : ids.tried).insert(child.partial.substr(from + 2, end - from - 2));
  }
  child.partial.erase(0, from);
  return true;
}

// Kills the child once it has acknowledged `count` events and reads all that it said.
void KillAfter(Child& child, std::size_t count, CallersIds& ids) {
  std::size_t acknowledged = 0;
  bool running = true;
  while (running && acknowledged < count) running = ReadIds(child, ids, acknowledged);
  CHECK(running);
  REQUIRE(::kill(child.pid, SIGKILL) == 0);
  while (ReadIds(child, ids, acknowledged)) {
  }
  int status = 0;
  REQUIRE(::waitpid(child.pid, &status, 0) == child.pid);
  CHECK(WIFSIGNALED(status));
  ::close(child.output);
}

// Starts and kills children, also two at once where they may share the place.
CallersIds KillAgainAndAgain(const Place& place, int rounds) {
  std::mt19937 random(20'261'123);
  CallersIds ids;
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    const std::size_t count = std::uniform_int_distribution<std::size_t>(1, 300)(random);
    const std::string name = std::to_string(round);
    Child child = StartChild(place, name + "a");
    if (round % 4 == 3 && place.journal.empty()) {
      Child second = StartChild(place, name + "b");
      KillAfter(child, count, ids);
      KillAfter(second, count, ids);
    } else {
      KillAfter(child, count, ids);
    }
  }
  CHECK(ids.acknowledged.size() >= static_cast<std::size_t>(rounds));
  return ids;
}

int KillRounds() { return Rounds(20, 200); }

}  // namespace

TEST_CASE("after kill -9 of a gateway on SQLite every acknowledged event is in a chain that verifies") {
  const ScratchFolder folder;
  const CallersIds ids = KillAgainAndAgain({"sqlite", folder.File("gate.db"), "-", ""}, KillRounds());
  const auto store = store::SqliteStore::Open(folder.File("gate.db"), {});
  REQUIRE(store.ok());
  CheckNothingLostOrForged(CheckedChains(**store, **store), ids);
}

TEST_CASE("after kill -9 of a gateway with a journal the next start brings every acknowledged event into the chain") {
  const ScratchFolder folder;
  const Place place{"sqlite", folder.File("gate.db"), "-", folder.File("journal")};
  const CallersIds ids = KillAgainAndAgain(place, KillRounds());
  const auto store = store::SqliteStore::Open(place.where, {});
  REQUIRE(store.ok());
  audit::AuditLogOptions options;
  options.journal.directory = place.journal;
  REQUIRE(audit::AuditLog::Create(*store, options, SystemClock(), SystemRandom()).ok());
  CheckNothingLostOrForged(CheckedChains(**store, **store), ids);
}

TEST_CASE("after kill -9 of a gateway on PostgreSQL every acknowledged event is in a chain that verifies") {
  PostgresServer& server = PostgresServer::Shared();
  const Place place{"postgres", server.Url(), server.FreshSchema(), ""};
  const CallersIds ids = KillAgainAndAgain(place, KillRounds());
  // The server's side of a killed connection ends what it was told to commit.
  while (server.Sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                    "AND pid <> pg_backend_pid()") != "0") {
  }
  store::PostgresOptions options;
  options.url = place.where;
  options.schema = place.schema;
  const auto store = store::PostgresStore::Open(std::move(options));
  REQUIRE(store.ok());
  CheckNothingLostOrForged(CheckedChains(**store, **store), ids);
}

}  // namespace intentgate::test
