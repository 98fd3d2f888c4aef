// Who may still call: the counters of tokens, agents and tenants, and the one place that charges them.
//
//   Result<std::unique_ptr<Ledger>> ledger = Ledger::Load(store, clock, {});
//   Reservation r = (*ledger)->Reserve("acme", counters, {.calls = 1, .cost = 30});
//   if (auto* refusal = std::get_if<Refusal>(&r)) return refusal->sentence;
//   ... record the decision together with std::get<std::vector<Taken>>(r); if that fails: Refund ...
//
// A call counts against several counters at once (its token's, each ancestor's, its agent's, its
// tenant's). Reserve checks all and then charges all in one step: two calls never share the last
// one, and a refused call takes nothing. The ledger is the authority of this process; the store
// gives it the sums of earlier runs and is written by the audit chain, in the transaction of the event
// that took the amount.
//
// Costs one short lock per call. Counters of windows that have emptied are dropped as calls come in;
// lifetime counters stay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/reason.h>
#include <intentgate/result.h>

#include "budget/budget_store.h"

namespace intentgate::budget {

enum class Measure : std::uint8_t { kCalls, kCost };

// One ceiling that a call is held against.
struct Counter {
  std::string key;                   // unique within the tenant, stable between runs
  std::string owner;                 // for people: "agent finance-bot"
  Measure measure = Measure::kCalls;
  std::int64_t limit = 0;            // zero, and anything below, means nothing is allowed
  std::int64_t window_seconds = 0;   // 0: lifetime
};

// What one call takes. Negative amounts count as 0.
struct Amounts {
  std::int64_t calls = 1;
  std::int64_t cost = 0;
};

// What Reserve took from one counter.
struct Taken {
  std::string counter;
  std::int64_t bucket = 0;           // unix seconds; 0: lifetime
  std::int64_t amount = 0;
};

struct Refusal {
  std::string counter;
  Reason reason = Reason::kBudgetExhausted;
  std::int64_t limit = 0;
  std::int64_t used = 0;
  std::int64_t asked = 0;
  std::optional<std::int64_t> retry_after_seconds;   // nullopt: waiting does not help
  std::string sentence;              // "agent finance-bot made 10 of 10 calls in 60 s; the next is possible in 12 s"
};

using Reservation = std::variant<std::vector<Taken>, Refusal>;

struct LedgerOptions {
  std::int64_t max_window_seconds = 86'400;   // no counter has a longer one
};

// Thread-safe.
class Ledger {
 public:
  // Reads every counter that still matters. Errors are the store's.
  static Result<std::unique_ptr<Ledger>> Load(BudgetStore& store, std::shared_ptr<const Clock> clock,
                                              const LedgerOptions& options);
  ~Ledger();
  Ledger(const Ledger&) = delete;             // one authority per process
  Ledger& operator=(const Ledger&) = delete;

  // REQUIRES: the keys of `counters` are distinct. The first counter that refuses is the one reported.
  Reservation Reserve(std::string_view tenant, std::span<const Counter> counters, const Amounts& amounts);
  // What Reserve would refuse; takes nothing.
  std::optional<Refusal> Check(std::string_view tenant, std::span<const Counter> counters, const Amounts& amounts);
  // Gives back what a call took that then did not happen.
  void Refund(std::string_view tenant, std::span<const Taken> taken);

  // Buckets that start before this can be dropped from the store.
  std::int64_t OldestBucket();
  std::size_t size() const;

 private:
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace intentgate::budget
