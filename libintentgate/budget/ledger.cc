// Counters live in shards by tenant, so one lock covers all the counters of one call. Time is taken
// forward under that lock: a thread that read the clock early and came late is counted late, never into
// a window that another thread has already slid on.
#include "budget/ledger.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "budget/steady_time.h"
#include "budget/tally.h"
#include "budget/wording.h"

namespace intentgate::budget {
namespace {

constexpr std::size_t kShards = 32;

struct NameView {
  std::string_view tenant, counter;
};
struct Name {
  std::string tenant, counter;
  operator NameView() const { return {tenant, counter}; }  // NOLINT(google-explicit-constructor)
};
struct NameHash {
  using is_transparent = void;
  std::size_t operator()(NameView name) const {
    const std::hash<std::string_view> hash;
    return hash(name.tenant) * 31 + hash(name.counter);
  }
};
struct NameEq {
  using is_transparent = void;
  bool operator()(NameView a, NameView b) const { return a.tenant == b.tenant && a.counter == b.counter; }
};
using Tallies = std::unordered_map<Name, Tally, NameHash, NameEq>;

struct Shard {
  mutable std::mutex mutex;
  Tallies tallies;             // guarded by mutex, as all below
  std::int64_t now = 0;
  std::size_t sweep_at = 0;    // the hash bucket that is looked at next

  std::int64_t Advance(std::int64_t seen) { return now = std::max(now, seen); }
  void SweepALittle();
};

// Looks at one hash bucket per call, so that idle counters go without anyone waiting for a full pass.
void Shard::SweepALittle() {
  if (tallies.empty()) return;
  sweep_at = (sweep_at + 1) % tallies.bucket_count();
  const Name* idle = nullptr;
  for (auto it = tallies.begin(sweep_at); it != tallies.end(sweep_at); ++it) {
    it->second.Expire(now);
    if (it->second.idle()) idle = &it->first;
  }
  if (idle != nullptr) tallies.erase(tallies.find(NameView(*idle)));
}

std::int64_t AmountFor(const Counter& counter, const Amounts& amounts) {
  return std::max<std::int64_t>(0, counter.measure == Measure::kCalls ? amounts.calls : amounts.cost);
}

Tally* FindCurrent(Shard& shard, std::string_view tenant, const Counter& counter) {
  const auto it = shard.tallies.find(NameView{tenant, counter.key});
  if (it == shard.tallies.end()) return nullptr;
  it->second.SetWindow(counter.window_seconds);
  it->second.Expire(shard.now);
  return &it->second;
}

std::optional<Refusal> RefusalOf(const Counter& counter, const Tally* tally, std::int64_t amount, std::int64_t now) {
  const std::int64_t limit = std::max<std::int64_t>(0, counter.limit);
  const std::int64_t used = tally == nullptr ? 0 : tally->used();
  if (Fits(used, amount, limit)) return std::nullopt;
  Refusal refusal{.counter = counter.key, .reason = ReasonFor(counter), .limit = limit, .used = used, .asked = amount};
  if (tally != nullptr && tally->windowed()) refusal.retry_after_seconds = tally->SecondsUntilFits(now, amount, limit);
  refusal.sentence = Sentence(counter, refusal);
  return refusal;
}

std::optional<Refusal> CheckAll(Shard& shard, std::string_view tenant, std::span<const Counter> counters,
                                const Amounts& amounts) {
  for (const Counter& counter : counters) {
    const Tally* tally = FindCurrent(shard, tenant, counter);
    if (auto refusal = RefusalOf(counter, tally, AmountFor(counter, amounts), shard.now)) return refusal;
  }
  return std::nullopt;
}

Taken Charge(Shard& shard, std::string_view tenant, const Counter& counter, std::int64_t amount) {
  auto it = shard.tallies.find(NameView{tenant, counter.key});
  if (it == shard.tallies.end()) {
    it = shard.tallies.emplace(Name{std::string(tenant), counter.key}, Tally(counter.window_seconds)).first;
  }
  const std::int64_t bucket = it->second.BucketAt(shard.now);
  it->second.Add(bucket, amount);
  return {counter.key, bucket, amount};
}

}  // namespace

struct Ledger::State {
  State(std::shared_ptr<const Clock> clock, const LedgerOptions& limits) : time(std::move(clock)), options(limits) {}

  Shard& ShardOf(std::string_view tenant) { return shards[std::hash<std::string_view>{}(tenant) % kShards]; }
  void Put(const CounterRow& row, std::int64_t now);

  SteadyTime time;
  LedgerOptions options;
  std::array<Shard, kShards> shards;
};

void Ledger::State::Put(const CounterRow& row, std::int64_t now) {
  const std::int64_t window = row.bucket == 0 ? 0 : options.max_window_seconds;
  Tally& tally = ShardOf(row.tenant).tallies.try_emplace(Name{row.tenant, row.counter}, Tally(window)).first->second;
  // A bucket of the future comes from a clock that was wrong; counted as of this moment it still holds
  // for one window, and for no longer.
  const std::int64_t bucket = std::min(row.bucket, now);
  if (row.amount >= 0) {
    tally.Add(bucket, row.amount);
  } else {
    tally.Remove(bucket, row.amount == std::numeric_limits<std::int64_t>::min()
                             ? std::numeric_limits<std::int64_t>::max() : -row.amount);
  }
}

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::Load(BudgetStore& store, std::shared_ptr<const Clock> clock,
                                             const LedgerOptions& options) {
  std::unique_ptr<Ledger> ledger(new Ledger(std::make_unique<State>(std::move(clock), options)));
  Result<std::vector<CounterRow>> rows = store.Load(ledger->OldestBucket());
  if (!rows.ok()) return rows.error();
  const std::int64_t now = ledger->state_->time.UnixSeconds();
  for (const CounterRow& row : *rows) ledger->state_->Put(row, now);
  return ledger;
}

Reservation Ledger::Reserve(std::string_view tenant, std::span<const Counter> counters, const Amounts& amounts) {
  std::vector<Taken> taken;
  if (counters.empty()) return taken;
  taken.reserve(counters.size());
  Shard& shard = state_->ShardOf(tenant);
  const std::int64_t seen = state_->time.UnixSeconds();
  const std::lock_guard<std::mutex> lock(shard.mutex);
  shard.Advance(seen);
  shard.SweepALittle();
  if (auto refusal = CheckAll(shard, tenant, counters, amounts)) return *std::move(refusal);
  for (const Counter& counter : counters) {
    const std::int64_t amount = AmountFor(counter, amounts);
    if (amount > 0) taken.push_back(Charge(shard, tenant, counter, amount));
  }
  return taken;
}

std::optional<Refusal> Ledger::Check(std::string_view tenant, std::span<const Counter> counters,
                                     const Amounts& amounts) {
  if (counters.empty()) return std::nullopt;
  Shard& shard = state_->ShardOf(tenant);
  const std::int64_t seen = state_->time.UnixSeconds();
  const std::lock_guard<std::mutex> lock(shard.mutex);
  shard.Advance(seen);
  return CheckAll(shard, tenant, counters, amounts);
}

void Ledger::Refund(std::string_view tenant, std::span<const Taken> taken) {
  Shard& shard = state_->ShardOf(tenant);
  const std::lock_guard<std::mutex> lock(shard.mutex);
  for (const Taken& one : taken) {
    const auto it = shard.tallies.find(NameView{tenant, one.counter});
    if (it != shard.tallies.end()) it->second.Remove(one.bucket, one.amount);
  }
}

std::int64_t Ledger::OldestBucket() {
  const std::int64_t window = state_->options.max_window_seconds;
  return std::max<std::int64_t>(1, state_->time.UnixSeconds() - window - Tally::BucketSeconds(window));
}

std::size_t Ledger::size() const {
  std::size_t sum = 0;
  for (const Shard& shard : state_->shards) {
    const std::lock_guard<std::mutex> lock(shard.mutex);
    sum += shard.tallies.size();
  }
  return sum;
}

}  // namespace intentgate::budget
