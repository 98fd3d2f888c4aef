#include "base/give_way.h"

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace intentgate::base {

TEST_CASE("a thread that gives way is nicer than it was, and its process is not") {
  const int before = getpriority(PRIO_PROCESS, 0);
  int there = before;
  std::thread([&] {
    GiveWay();
    there = getpriority(PRIO_PROCESS, 0);
  }).join();
  CHECK(there == std::min(before + 10, 19));
  CHECK(getpriority(PRIO_PROCESS, 0) == before);
}

}  // namespace intentgate::base
