// kill -9 at a moment that nobody chose: what was acknowledged is in the chain, and the chain verifies.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <random>
#include <set>
#include <string>

#include "audit/audit_log.h"
#include "store/sqlite/sqlite_store.h"

namespace intentgate {
namespace {

struct Child {
  pid_t pid = -1;
  int output = -1;
  std::string partial;
};

Child StartChild(const std::string& database) {
  std::array<int, 2> pipe{};
  // Not to be inherited: the other child would keep this one's pipe open after its end.
  REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::execl(CHILD, CHILD, database.c_str(), nullptr);
    _exit(127);
  }
  ::close(pipe[1]);
  return {pid, pipe[0], {}};
}

// Reads what there is, at least something; false at the end of the file.
bool ReadIds(Child& child, std::set<std::string>& ids) {
  std::array<char, 4096> buffer{};
  const ssize_t n = ::read(child.output, buffer.data(), buffer.size());
  if (n <= 0) return false;
  child.partial.append(buffer.data(), static_cast<std::size_t>(n));
  std::size_t from = 0;
  for (std::size_t end = 0; (end = child.partial.find('\n', from)) != std::string::npos; from = end + 1) {
    ids.insert(child.partial.substr(from, end - from));
  }
  child.partial.erase(0, from);
  return true;
}

// Kills the child once it has acknowledged `count` events and returns all that it acknowledged.
void KillAfter(Child& child, std::size_t count, std::set<std::string>& all) {
  std::set<std::string> ids;
  bool running = true;
  while (running && ids.size() < count) running = ReadIds(child, ids);
  CHECK(running);
  REQUIRE(::kill(child.pid, SIGKILL) == 0);
  while (ReadIds(child, ids)) {
  }
  int status = 0;
  REQUIRE(::waitpid(child.pid, &status, 0) == child.pid);
  CHECK(WIFSIGNALED(status));
  ::close(child.output);
  all.insert(ids.begin(), ids.end());
}

// Every id in the chains; the chains verify, and the counters are the sums of their events.
std::set<std::string> CheckedIds(const std::string& database) {
  const auto store = store::SqliteStore::Open(database, {});
  REQUIRE(store.ok());
  std::set<std::string> ids;
  for (const char* tenant : {"even", "odd"}) {
    const auto report = audit::VerifyChain(**store, tenant);
    REQUIRE(report.ok());
    INFO(report->problem);
    CHECK(report->ok);
    std::int64_t decisions = 0;
    for (std::int64_t next = 0; next < report->head.next_seq;) {
      const auto page = (*store)->ScanStored(tenant, next, 1'000);
      REQUIRE(page.ok());
      for (const audit::StoredEvent& e : *page) {
        CHECK(ids.insert(e.record.event_id).second);
        decisions += e.kind == "decision" ? 1 : 0;
      }
      next = page->back().record.seq + 1;
    }
    const auto counters = (*store)->Load(0);
    REQUIRE(counters.ok());
    std::int64_t charged = 0;
    for (const budget::CounterRow& row : *counters) charged += row.tenant == tenant ? row.amount : 0;
    CHECK(charged == decisions);
  }
  return ids;
}

}  // namespace

TEST_CASE("after kill -9, 20 times, every acknowledged event is in a chain that verifies") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("intentgate-kill9-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string database = (folder / "gate.db").string();
  std::mt19937 random(20'261'123);
  std::set<std::string> acknowledged;
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    const std::size_t count = std::uniform_int_distribution<std::size_t>(1, 300)(random);
    Child child = StartChild(database);
    if (round % 4 == 3) {
      // A second process on the same file, killed a little later.
      Child second = StartChild(database);
      KillAfter(child, count, acknowledged);
      KillAfter(second, count, acknowledged);
    } else {
      KillAfter(child, count, acknowledged);
    }
  }
  const std::set<std::string> stored = CheckedIds(database);
  for (const std::string& id : acknowledged) CHECK(stored.count(id) == 1);
  MESSAGE(acknowledged.size() << " acknowledged, " << stored.size() << " stored");
  CHECK(acknowledged.size() >= 20);
  std::filesystem::remove_all(folder);
}

}  // namespace intentgate
