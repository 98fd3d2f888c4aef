#include "base/give_way.h"

#include <doctest/doctest.h>

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace intentgate::base {

TEST_CASE("a thread that gives way is nicer than it was, and its process is not") {
  const int before = getpriority(PRIO_PROCESS, 0);
  int there = before;
  std::thread([&] {
    GiveWay(10);
    there = getpriority(PRIO_PROCESS, 0);
  }).join();
  CHECK(there == std::min(before + 10, 19));
  CHECK(getpriority(PRIO_PROCESS, 0) == before);
}

TEST_CASE("a thread lets others finish, and stops doing so") {
  const int before = sched_getscheduler(0);
  REQUIRE(before == SCHED_OTHER);
  std::thread([] {
    LetOthersFinish(true);
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
    LetOthersFinish(true);
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
    LetOthersFinish(false);
    CHECK(sched_getscheduler(0) == SCHED_OTHER);
  }).join();
  CHECK(sched_getscheduler(0) == before);
}

TEST_CASE("a thread with a policy of its own keeps it") {
  std::thread([] {
    const sched_param none{};
    REQUIRE(sched_setscheduler(0, SCHED_IDLE, &none) == 0);
    LetOthersFinish(true);
    CHECK(sched_getscheduler(0) == SCHED_IDLE);
    LetOthersFinish(false);
    CHECK(sched_getscheduler(0) == SCHED_IDLE);
  }).join();
}

}  // namespace intentgate::base
