#include <doctest/doctest.h>

#include <atomic>
#include <limits>
#include <thread>

#include "budget/ledger.h"

namespace intentgate::budget {
namespace {

class FakeStore final : public BudgetStore {
 public:
  Result<std::vector<CounterRow>> Load(std::int64_t oldest) override {
    asked_for = oldest;
    if (fail) return Error{ErrorCode::kUnavailable, "no store"};
    return rows;
  }
  Status Prune(std::int64_t) override { return {}; }

  std::vector<CounterRow> rows;
  std::int64_t asked_for = 0;
  bool fail = false;
};

struct Fixture {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(std::int64_t{1'700'000'000} * 1'000'000);
  FakeStore store;

  std::unique_ptr<Ledger> Open() {
    auto ledger = Ledger::Load(store, clock, {.max_window_seconds = 3600});
    REQUIRE(ledger.ok());
    return *std::move(ledger);
  }
  void Seconds(std::int64_t n) { clock->AdvanceMicros(n * 1'000'000); }
};

Counter Calls(std::string key, std::int64_t limit, std::int64_t window = 0) {
  return {.key = std::move(key), .owner = "agent finance-bot", .limit = limit, .window_seconds = window};
}
Counter Cost(std::string key, std::int64_t limit, std::int64_t window = 0) {
  return {.key = std::move(key), .owner = "tenant acme", .measure = Measure::kCost, .limit = limit, .window_seconds = window};
}
bool Passes(Ledger& ledger, const std::vector<Counter>& counters, Amounts amounts = {}) {
  return std::holds_alternative<std::vector<Taken>>(ledger.Reserve("acme", counters, amounts));
}
Refusal Refused(Ledger& ledger, const std::vector<Counter>& counters, Amounts amounts = {}) {
  Reservation r = ledger.Reserve("acme", counters, amounts);
  REQUIRE(std::holds_alternative<Refusal>(r));
  return std::get<Refusal>(r);
}

}  // namespace

TEST_CASE("a lifetime counter admits its limit and not one call more") {
  Fixture f;
  auto ledger = f.Open();
  for (int i = 0; i < 3; ++i) CHECK(Passes(*ledger, {Calls("t", 3)}));
  f.Seconds(1'000'000);
  const Refusal r = Refused(*ledger, {Calls("t", 3)});
  CHECK(r.reason == Reason::kBudgetExhausted);
  CHECK(r.used == 3);
  CHECK_FALSE(r.retry_after_seconds.has_value());
  CHECK(r.sentence == "agent finance-bot made 3 of 3 calls; no more are possible");
}

TEST_CASE("a window refuses the call after its last and says when the next is possible") {
  Fixture f;
  auto ledger = f.Open();
  for (int i = 0; i < 10; ++i) CHECK(Passes(*ledger, {Calls("a", 10, 60)}));
  f.Seconds(49);
  const Refusal r = Refused(*ledger, {Calls("a", 10, 60)});
  CHECK(r.reason == Reason::kBudgetRate);
  CHECK(r.retry_after_seconds == 12);
  CHECK(r.sentence == "agent finance-bot made 10 of 10 calls in 60 s; the next is possible in 12 s");
  f.Seconds(11);
  CHECK_FALSE(Passes(*ledger, {Calls("a", 10, 60)}));
  f.Seconds(1);
  CHECK(Passes(*ledger, {Calls("a", 10, 60)}));
}

TEST_CASE("costs are held against their own counters") {
  Fixture f;
  auto ledger = f.Open();
  CHECK(Passes(*ledger, {Cost("c", 100, 60)}, {.cost = 90}));
  const Refusal r = Refused(*ledger, {Cost("c", 100, 60)}, {.cost = 20});
  CHECK(r.reason == Reason::kBudgetCost);
  CHECK(r.sentence == "tenant acme spent 90 of 100 in 60 s and this call costs 20; it is possible in 61 s");
  CHECK(Refused(*ledger, {Cost("c", 100, 60)}, {.cost = 101}).sentence ==
        "tenant acme spent 90 of 100 in 60 s and this call costs 101; a call of this cost is never possible");
  CHECK(Passes(*ledger, {Cost("c", 100, 60)}, {.cost = 10}));
  CHECK(Passes(*ledger, {Cost("c", 100, 60)}, {.cost = 0}));
}

TEST_CASE("a refused call takes nothing from the counters that would have let it pass") {
  Fixture f;
  auto ledger = f.Open();
  const std::vector<Counter> both = {Calls("root", 5), Calls("child", 1)};
  CHECK(Passes(*ledger, both));
  for (int i = 0; i < 20; ++i) CHECK(Refused(*ledger, both).counter == "child");
  for (int i = 0; i < 4; ++i) CHECK(Passes(*ledger, {Calls("root", 5)}));
  CHECK_FALSE(Passes(*ledger, {Calls("root", 5)}));
}

TEST_CASE("a child counts against its ancestors and its siblings share what the root has") {
  Fixture f;
  auto ledger = f.Open();
  CHECK(Passes(*ledger, {Calls("root", 3), Calls("a", 2)}));
  CHECK(Passes(*ledger, {Calls("root", 3), Calls("a", 2)}));
  CHECK(Passes(*ledger, {Calls("root", 3), Calls("b", 2)}));
  CHECK(Refused(*ledger, {Calls("root", 3), Calls("b", 2)}).counter == "root");
}

TEST_CASE("zero means zero and so does anything below") {
  Fixture f;
  auto ledger = f.Open();
  CHECK_FALSE(Passes(*ledger, {Calls("z", 0)}));
  CHECK_FALSE(Passes(*ledger, {Calls("z", -1)}));
  CHECK_FALSE(Passes(*ledger, {Calls("z", 0, 60)}));
  CHECK_FALSE(Passes(*ledger, {Cost("z", 0)}, {.cost = 1}));
  CHECK(Refused(*ledger, {Calls("z", std::numeric_limits<std::int64_t>::min())}).limit == 0);
  CHECK(ledger->size() == 0);
}

TEST_CASE("tenants do not see each other's counters") {
  Fixture f;
  auto ledger = f.Open();
  const std::vector<Counter> one = {Calls("agent:bot", 1)};
  CHECK(std::holds_alternative<std::vector<Taken>>(ledger->Reserve("acme", one, {})));
  CHECK(std::holds_alternative<std::vector<Taken>>(ledger->Reserve("globex", one, {})));
  CHECK(std::holds_alternative<Refusal>(ledger->Reserve("acme", one, {})));
}

TEST_CASE("a refund gives back exactly what was taken") {
  Fixture f;
  auto ledger = f.Open();
  const std::vector<Counter> counters = {Calls("l", 1), Calls("w", 1, 60)};
  const Reservation r = ledger->Reserve("acme", counters, {});
  CHECK_FALSE(Passes(*ledger, counters));
  ledger->Refund("acme", std::get<std::vector<Taken>>(r));
  CHECK(Passes(*ledger, counters));
  CHECK_FALSE(Passes(*ledger, counters));
}

TEST_CASE("checking takes nothing") {
  Fixture f;
  auto ledger = f.Open();
  const std::vector<Counter> one = {Calls("c", 1)};
  for (int i = 0; i < 5; ++i) CHECK_FALSE(ledger->Check("acme", one, {}).has_value());
  CHECK(Passes(*ledger, one));
  CHECK(ledger->Check("acme", one, {}).has_value());
}

TEST_CASE("what earlier runs took still counts") {
  Fixture f;
  f.store.rows = {{"acme", "life", 0, 2}, {"acme", "win", 1'699'999'990, 3}, {"acme", "back", 0, 5}, {"acme", "back", 0, -4}};
  auto ledger = f.Open();
  CHECK(f.store.asked_for == 1'700'000'000 - 3600 - 60);
  CHECK(Refused(*ledger, {Calls("life", 2)}).used == 2);
  CHECK(Refused(*ledger, {Calls("win", 3, 60)}).retry_after_seconds == 51);
  CHECK(Refused(*ledger, {Calls("back", 1)}).used == 1);
  f.Seconds(51);
  CHECK(Passes(*ledger, {Calls("win", 3, 60)}));
}

TEST_CASE("a bucket written under a clock that was ahead holds for one window and no longer") {
  Fixture f;
  f.store.rows = {{"acme", "win", 4'000'000'000, 3}};
  auto ledger = f.Open();
  CHECK_FALSE(Passes(*ledger, {Calls("win", 3, 60)}));
  f.Seconds(61);
  CHECK(Passes(*ledger, {Calls("win", 3, 60)}));
}

TEST_CASE("a clock that steps back neither frees a window nor freezes it") {
  Fixture f;
  auto ledger = f.Open();
  CHECK(Passes(*ledger, {Calls("w", 1, 60)}));
  f.clock->SetUnixMicros(std::int64_t{1'600'000'000} * 1'000'000);
  CHECK_FALSE(Passes(*ledger, {Calls("w", 1, 60)}));
  f.Seconds(30);
  CHECK_FALSE(Passes(*ledger, {Calls("w", 1, 60)}));
  f.Seconds(31);
  CHECK(Passes(*ledger, {Calls("w", 1, 60)}));
}

TEST_CASE("a store that does not answer is an error, not an empty ledger") {
  Fixture f;
  f.store.fail = true;
  CHECK(Ledger::Load(f.store, f.clock, {}).error().code == ErrorCode::kUnavailable);
}

TEST_CASE("counters whose windows have emptied are dropped") {
  Fixture f;
  auto ledger = f.Open();
  for (int i = 0; i < 5'000; ++i) CHECK(Passes(*ledger, {Calls("agent" + std::to_string(i), 1, 60)}));
  CHECK(ledger->size() == 5'000);
  f.Seconds(3'700);
  for (int i = 0; i < 60'000 && ledger->size() > 10; ++i) CHECK(Passes(*ledger, {Calls("busy", 1'000'000, 60)}));
  CHECK(ledger->size() <= 10);
}

TEST_CASE("64 threads together get exactly the limit") {
  Fixture f;
  auto ledger = f.Open();
  std::atomic<int> admitted{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 64; ++t) {
      threads.emplace_back([&, t] {
        const std::vector<Counter> counters = {Calls("root", 1000), Calls("w", 1500, 60), Calls("t" + std::to_string(t), 40)};
        for (int i = 0; i < 50; ++i) admitted += std::holds_alternative<std::vector<Taken>>(ledger->Reserve("acme", counters, {}));
      });
    }
  }
  CHECK(admitted == 1000);
  CHECK(ledger->Check("acme", std::vector<Counter>{Calls("root", 1001)}, {}).has_value() == false);
}

}  // namespace intentgate::budget
