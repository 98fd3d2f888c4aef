// What benchmarks say of a shared machine stands on this.
#include "bench/core_turns.h"

#include <doctest/doctest.h>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace intentgate::bench {
namespace {

using std::chrono::milliseconds;

std::chrono::steady_clock::time_point At(int millis) { return std::chrono::steady_clock::time_point(milliseconds(millis)); }
TimedCall Call(int due, int answered, bool last_in_progress) { return {At(due), At(answered), last_in_progress}; }
CoreTurn Turn(int from, int until) { return {1, At(from), At(until)}; }

std::vector<bool> Waited(const std::vector<TimedCall>& calls, const std::vector<CoreTurn>& turns) { return WaitedBehind(calls, turns); }

// A child process that keeps this core busy for a moment.
pid_t KeepBusy(milliseconds time) {
  const pid_t child = fork();
  if (child != 0) return child;
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
  }
  _exit(0);
}

}  // namespace

TEST_CASE("a call waited behind a turn that lies in its time, however little of it") {
  const std::vector<CoreTurn> turns{Turn(10, 20)};
  CHECK(Waited({Call(5, 11, true)}, turns) == std::vector{true});
  CHECK(Waited({Call(19, 21, true)}, turns) == std::vector{true});
  CHECK(Waited({Call(12, 13, true)}, turns) == std::vector{true});
  CHECK(Waited({Call(5, 25, true)}, turns) == std::vector{true});
}

TEST_CASE("a slow call that had no turn in its time waited for the server itself") {
  CHECK(Waited({Call(0, 10, true), Call(20, 90, true)}, {Turn(10, 20), Turn(90, 95)}) == std::vector{false, false});
  CHECK(Waited({Call(0, 1000, true)}, {}) == std::vector{false});
}

TEST_CASE("what queued behind a turn waited for it, until nothing is in progress any more") {
  const std::vector<TimedCall> calls{Call(0, 5, true), Call(12, 21, false), Call(21, 23, false), Call(22, 24, true), Call(30, 39, false), Call(31, 40, true)};
  CHECK(Waited(calls, {Turn(10, 20)}) == std::vector{false, true, true, true, false, false});
}

TEST_CASE("a server that is slower to catch up than a busy one would be is slow itself") {
  // A turn of 10: until 60 at the latest.
  const std::vector<TimedCall> calls{Call(15, 30, false), Call(59, 70, false), Call(61, 80, false), Call(75, 90, true)};
  CHECK(Waited(calls, {Turn(10, 20)}) == std::vector{true, true, false, false});
}

TEST_CASE("each turn holds up its own calls") {
  const std::vector<TimedCall> calls{Call(9, 11, true), Call(15, 16, true), Call(29, 31, true), Call(41, 42, true)};
  CHECK(Waited(calls, {Turn(10, 12), Turn(30, 40)}) == std::vector{true, false, true, false});
}

TEST_CASE("another process's turn on a core is seen, and is its own") {
  const int core = sched_getcpu();
  cpu_set_t before, one;
  REQUIRE(sched_getaffinity(0, sizeof(before), &before) == 0);
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(core), &one);
  REQUIRE(sched_setaffinity(0, sizeof(one), &one) == 0);
  const auto begin = std::chrono::steady_clock::now();
  const CoreTurns watched(core);
  const pid_t child = KeepBusy(milliseconds(20));
  REQUIRE(child > 0);
  siginfo_t ended{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  const auto end = std::chrono::steady_clock::now();
  const auto turns = watched.Turns();
  const auto other = OtherProcess(child, getpid());
  waitpid(child, nullptr, 0);
  REQUIRE(sched_setaffinity(0, sizeof(before), &before) == 0);

  CHECK(other == "bench_test");
  CHECK(OtherProcess(child, getpid()) == "one that is over");
  CHECK(OtherProcess(getpid(), getpid()) == std::nullopt);
  if (!turns) {
    MESSAGE("no right to watch a core: not looked at");
    return;
  }
  std::chrono::nanoseconds had{};
  for (const CoreTurn& turn : *turns) {
    CHECK(turn.from <= turn.until);
    CHECK(turn.from >= begin);
    CHECK(turn.until <= end);
    if (turn.process == child) had += turn.until - turn.from;
  }
  CHECK(had > milliseconds(0));
  CHECK(had <= end - begin);
  CHECK(std::is_sorted(turns->begin(), turns->end(), [](const CoreTurn& a, const CoreTurn& b) { return a.until <= b.from && a.from < b.from; }));
}

TEST_CASE("the kernel's own work for a process is its own, and the rest of the kernel's is not") {
  // The first thread of the kernel, whose name is no helper's, is there on each system that shows kernel threads.
  const auto kernel = OtherProcess(2, getpid());
  REQUIRE(kernel);
  if (*kernel != "kthreadd") {
    MESSAGE("kernel threads are hidden here: not looked at");
    return;
  }
  bool found = false;
  for (pid_t process = 3; process < 100 && !found; ++process) found = !OtherProcess(process, getpid());
  CHECK(found);
}

}  // namespace intentgate::bench
