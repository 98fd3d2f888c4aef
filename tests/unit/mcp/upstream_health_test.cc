#include "mcp/upstream_health.h"

#include <doctest/doctest.h>

namespace intentgate::mcp {
namespace {

using Verdict = UpstreamHealth::Verdict;
using Turned = UpstreamHealth::Turned;

struct World {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  config::UpstreamSettings settings;
  int turned = 0;
  UpstreamHealth health;

  explicit World(std::int64_t concurrent = 10)
      : settings(Settings(concurrent)), health(settings, clock, [this](Turned) { ++turned; }) {}

  static config::UpstreamSettings Settings(std::int64_t concurrent) {
    config::UpstreamSettings settings;
    settings.max_concurrent = concurrent;
    settings.breaker_failures = 3;
    settings.breaker_open_ms = 1000;
    return settings;
  }
  void Once(Verdict verdict) {
    REQUIRE_FALSE(health.Admit());
    health.Done(verdict);
  }
};

}  // namespace

TEST_CASE("failures in a row make calls rest; one tries again, and only its success lets the others go") {
  World w;
  w.Once(Verdict::kFailed);
  w.Once(Verdict::kFailed);
  w.Once(Verdict::kGood);
  w.Once(Verdict::kFailed);
  w.Once(Verdict::kFailed);
  CHECK_FALSE(w.health.resting());
  w.Once(Verdict::kFailed);
  CHECK(w.health.resting());
  CHECK(w.health.Admit() == Turned::kResting);
  CHECK(w.turned == 1);
  w.clock->AdvanceMicros(1'000'000);
  CHECK_FALSE(w.health.Admit());
  CHECK(w.health.Admit() == Turned::kResting);
  w.health.Done(Verdict::kFailed);
  CHECK(w.health.Admit() == Turned::kResting);
  w.clock->AdvanceMicros(1'000'000);
  w.Once(Verdict::kNone);
  w.Once(Verdict::kGood);
  CHECK_FALSE(w.health.resting());
  w.Once(Verdict::kFailed);
  CHECK_FALSE(w.health.resting());
}

TEST_CASE("no more requests than the limit are in progress") {
  World w(2);
  CHECK_FALSE(w.health.Admit());
  CHECK_FALSE(w.health.Admit());
  CHECK(w.health.Admit() == Turned::kFull);
  CHECK(w.health.in_progress() == 2);
  w.health.Done(Verdict::kGood);
  CHECK_FALSE(w.health.Admit());
}

}  // namespace intentgate::mcp
