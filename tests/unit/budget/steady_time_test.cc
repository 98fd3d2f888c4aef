#include <doctest/doctest.h>

#include "budget/steady_time.h"

namespace intentgate::budget {

TEST_CASE("time follows the wall clock forwards and goes on at the monotonic pace when it steps back") {
  auto clock = std::make_shared<ManualClock>(1'000'000'000);
  SteadyTime time(clock);
  CHECK(time.UnixSeconds() == 1000);
  clock->AdvanceMicros(5'000'000);
  CHECK(time.UnixSeconds() == 1005);
  clock->SetUnixMicros(2'000'000'000);
  CHECK(time.UnixSeconds() == 2000);
  clock->SetUnixMicros(1'000'000);
  CHECK(time.UnixSeconds() == 2000);
  clock->AdvanceMicros(7'000'000);
  CHECK(time.UnixSeconds() == 2007);
}

}  // namespace intentgate::budget
