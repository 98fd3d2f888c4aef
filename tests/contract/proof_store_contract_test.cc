#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "contract/stores.h"

namespace intentgate::test {
namespace {

using token::UsedProof;

// A digest may hold any byte.
std::string IdOf(int number) {
  std::string id(32, '\0');
  id[0] = static_cast<char>(number);
  id[1] = static_cast<char>(number >> 8);
  id[31] = '\xff';
  return id;
}

std::vector<bool> Take(Stores& s, const std::vector<UsedProof>& proofs) {
  const Result<std::vector<bool>> taken = s.proofs->TakeProofs(proofs);
  if (!taken.ok()) FAIL(taken.error().message);
  return *taken;
}

}  // namespace

TEST_CASE("a proof is new once, alone and within a batch") {
  ForEachStore([](Stores& s) {
    CHECK(Take(s, {}).empty());
    CHECK(Take(s, {{IdOf(1), 100}}) == std::vector<bool>{true});
    CHECK(Take(s, {{IdOf(1), 100}}) == std::vector<bool>{false});
    CHECK(Take(s, {{IdOf(9), 100}, {IdOf(1), 900}, {IdOf(2), 100}, {IdOf(9), 100}}) == std::vector<bool>{true, false, true, false});
    CHECK(Take(s, {{IdOf(2), 100}, {IdOf(9), 100}}) == std::vector<bool>{false, false});
    // A piece of an id, and an id with more behind it, are others.
    CHECK(Take(s, {{IdOf(1).substr(0, 31), 100}, {IdOf(1) + '\0', 100}}) == std::vector<bool>{true, true});
  });
}

TEST_CASE("proofs are forgotten when they have ended, so many at once, and not before") {
  ForEachStore([](Stores& s) {
    REQUIRE(Take(s, {{IdOf(1), 100}, {IdOf(2), 101}, {IdOf(3), 102}, {IdOf(4), 103}}).size() == 4);
    CHECK(s.proofs->ForgetProofs(100, 10).value() == 0);
    CHECK(s.proofs->ForgetProofs(103, 2).value() == 2);
    CHECK(s.proofs->ForgetProofs(103, 2).value() == 1);
    CHECK(s.proofs->ForgetProofs(103, 2).value() == 0);
    CHECK(Take(s, {{IdOf(4), 103}, {IdOf(3), 102}}) == std::vector<bool>{false, true});
  });
}

TEST_CASE("of many that take the same proofs at once, each proof is new to one") {
  ForEachStore([](Stores& s) {
    constexpr int kTakers = 4, kProofs = 60, kAtOnce = 6;
    std::vector<std::atomic<int>> times_new(kProofs);
    std::atomic<bool> failed{false};
    std::vector<std::thread> takers;
    for (int taker = 0; taker < kTakers; ++taker) {
      takers.emplace_back([&, taker] {
        for (int first = 0; first < kProofs; first += kAtOnce) {
          std::vector<int> numbers;
          for (int i = first; i < first + kAtOnce; ++i) numbers.push_back(i);
          // Half of them in the other order: whoever takes in the order that was given could wait in a circle.
          if (taker % 2 == 1) std::reverse(numbers.begin(), numbers.end());
          std::vector<UsedProof> proofs;
          for (const int number : numbers) proofs.push_back({IdOf(number), 100});
          const Result<std::vector<bool>> taken = s.proofs->TakeProofs(proofs);
          failed = failed || !taken.ok();
          for (std::size_t i = 0; taken.ok() && i < numbers.size(); ++i) times_new[static_cast<std::size_t>(numbers[i])] += (*taken)[i] ? 1 : 0;
        }
      });
    }
    for (std::thread& taker : takers) taker.join();
    CHECK_FALSE(failed);
    CHECK(std::all_of(times_new.begin(), times_new.end(), [](const std::atomic<int>& times) { return times == 1; }));
  });
}

}  // namespace intentgate::test
