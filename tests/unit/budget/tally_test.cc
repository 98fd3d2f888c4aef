#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <vector>

#include "budget/tally.h"

namespace intentgate::budget {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// Every admitted amount with its time: obviously right, and slow.
struct Log {
  struct Entry {
    std::int64_t time, amount;
  };
  std::vector<Entry> entries;

  std::int64_t InWindowEndingAt(std::int64_t now, std::int64_t window) const {
    std::int64_t sum = 0;
    for (const Entry& e : entries) {
      if (e.time > now - window && e.time <= now) sum += e.amount;
    }
    return sum;
  }
};

}  // namespace

TEST_CASE("no window of the given length ever holds more than the limit") {
  std::mt19937_64 random(20261123);
  for (const std::int64_t window : {1, 7, 59, 60, 61, 119, 120, 600, 3600}) {
    const std::int64_t limit = 1 + static_cast<std::int64_t>(random() % 40);
    Tally tally(window);
    Log log;
    std::int64_t now = 1'700'000'000;
    for (int i = 0; i < 2000; ++i) {
      now += static_cast<std::int64_t>(random() % (static_cast<std::uint64_t>(window) / 8 + 2));
      const std::int64_t amount = static_cast<std::int64_t>(random() % 5);
      tally.Expire(now);
      if (!Fits(tally.used(), amount, limit)) continue;
      tally.Add(tally.BucketAt(now), amount);
      log.entries.push_back({now, amount});
      REQUIRE(log.InWindowEndingAt(now, window) <= limit);
    }
    CHECK(log.entries.size() > 100);
  }
}

TEST_CASE("what was admitted returns one bucket after its window at the latest") {
  Tally tally(600);
  tally.Add(tally.BucketAt(1'700'000'009), 5);
  tally.Expire(1'700'000'009 + 600);
  CHECK(tally.used() == 5);
  tally.Expire(1'700'000'009 + 600 + Tally::BucketSeconds(600));
  CHECK(tally.used() == 0);
  CHECK(tally.idle());
}

TEST_CASE("the time until the next call is the time after which it is admitted") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    Tally tally(120);
    std::int64_t now = 1'700'000'000;
    while (Fits(tally.used(), 3, 10)) {
      tally.Add(tally.BucketAt(now), 1 + static_cast<std::int64_t>(random() % 3));
      now += static_cast<std::int64_t>(random() % 30);
      tally.Expire(now);
    }
    const auto wait = tally.SecondsUntilFits(now, 3, 10);
    REQUIRE(wait.has_value());
    Tally before = tally;
    before.Expire(now + *wait - 1);
    CHECK_FALSE(Fits(before.used(), 3, 10));
    tally.Expire(now + *wait);
    CHECK(Fits(tally.used(), 3, 10));
    CHECK_FALSE(tally.SecondsUntilFits(now, 11, 10).has_value());
  }
}

TEST_CASE("sums and limits at the ends of the integers neither wrap nor admit") {
  CHECK(Fits(0, kMost, kMost));
  CHECK_FALSE(Fits(1, kMost, kMost));
  CHECK_FALSE(Fits(kMost, 1, kMost));
  CHECK(Fits(kMost, 0, 0));
  CHECK_FALSE(Fits(0, 1, 0));
  CHECK_FALSE(Fits(0, 1, -5));
  Tally tally(60);
  tally.Add(1'700'000'000, kMost);
  tally.Add(1'700'000'000, kMost);
  tally.Add(1'700'000'001, kMost);
  CHECK(tally.used() == kMost);
  tally.Expire(1'700'000'061);
  CHECK(tally.used() == kMost);
  tally.Expire(1'700'000'062);
  CHECK(tally.used() == 0);
}

TEST_CASE("taking back never gives more than was taken") {
  Tally window(60);
  window.Add(1000, 3);
  window.Remove(1000, 9);
  window.Remove(2000, 1);
  CHECK(window.used() == 0);
  CHECK(window.idle());
  Tally lifetime;
  lifetime.Add(0, 2);
  lifetime.Remove(0, 5);
  CHECK(lifetime.used() == 0);
  CHECK_FALSE(lifetime.idle());
}

}  // namespace intentgate::budget
