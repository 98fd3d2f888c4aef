// Tested by tests/unit/evidence/full_check_test.cc.

#include "evidence/full_check.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <intentgate/json.h>

#include "evidence/sealer.h"

namespace intentgate::evidence {
namespace {

constexpr std::chrono::minutes kRoundInterval{1};
constexpr std::int64_t kPaceEvents = 1'000;      // read at full speed between two looks at the clock
constexpr int kAttempts = 3;                     // of a verification that a pruning overtook
constexpr char kSource[] = "verification";
constexpr std::string_view kFailed = "a full verification failed: ";

}  // namespace

std::string FailureText(const std::string& problem, std::optional<std::int64_t> seq) {
  return seq ? problem + " (event " + std::to_string(*seq) + ")" : problem;
}

FullCheck::FullCheck(audit::AuditLog& log, ChainCheck& check, std::shared_ptr<const Clock> clock, FullCheckOptions options,
                     FullCheckHooks hooks)
    : log_(log), check_(check), clock_(std::move(clock)), options_(options), hooks_(std::move(hooks)) {
  if (options_.thread && options_.interval_ms > 0) {
    thread_ = std::make_unique<base::Periodic>(kRoundInterval, [this] { Round(); });
  }
}

FullCheck::~FullCheck() { Stop(); }

void FullCheck::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
}

bool FullCheck::Stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void FullCheck::Round() {
  const std::lock_guard one(round_mutex_);
  const Result<std::vector<std::string>> tenants = log_.store().Tenants();
  if (!tenants.ok()) return;   // the gate itself says when its store fails
  for (const std::string& tenant : *tenants) {
    if (Stopping()) return;
    const Result<bool> due = IsDue(tenant);
    if (due.ok() && *due) Check(tenant);
    if (hooks_.ended && !Stopping()) hooks_.ended(tenant);
  }
}

// One interval after the last one; a chain that never was verified, one after its first event.
Result<bool> FullCheck::IsDue(const std::string& tenant) {
  const Result<FullVerification> last = hooks_.last(tenant);
  if (!last.ok()) return last.error();
  if (!last->problem.empty()) hooks_.notice({tenant, std::string(kFailed) + last->problem, true, kSource});
  std::int64_t since = last->at_micros;
  if (since == 0) {
    const Result<audit::PrunePoint> pruned = log_.store().Pruned(tenant);
    if (!pruned.ok()) return pruned.error();
    const Result<std::vector<audit::StoredEvent>> first = log_.store().ScanStored(tenant, pruned->first_seq, 1);
    if (!first.ok()) return first.error();
    if (!first->empty()) since = first->front().ts_micros;
  }
  const std::lock_guard lock(mutex_);
  if (const auto tried = tried_micros_.find(tenant); tried != tried_micros_.end()) since = std::max(since, tried->second);
  return clock_->UnixMicros() - since >= options_.interval_ms * 1'000;
}

void FullCheck::Check(const std::string& tenant) {
  const Result<ChainHead> head = log_.store().Head(tenant);
  if (!head.ok()) return;
  {
    const std::lock_guard lock(mutex_);
    running_ = tenant;
    progress_ = {.running = true, .goal = head->next_seq};
  }
  const Result<EvidenceReport> found = Verify(tenant);
  {
    const std::lock_guard lock(mutex_);
    running_.clear();
    if (!stopping_) tried_micros_[tenant] = clock_->UnixMicros();
  }
  if (Stopping()) return;
  if (found.ok()) return Record(tenant, *found);
  hooks_.notice({tenant, "the chain could not be verified: " + found.error().message, true, kSource});
}

// Events that are pruned while they wait to be read are missing to the walk. It begins anew where the chain begins then,
// and finds the chain's own word for it, or that there is none.
Result<EvidenceReport> FullCheck::Verify(const std::string& tenant) {
  for (int attempt = 1;; ++attempt) {
    const Result<audit::PrunePoint> before = log_.store().Pruned(tenant);
    if (!before.ok()) return before.error();
    const std::int64_t start = clock_->MonotonicNanos();
    std::int64_t read = 0;
    Result<EvidenceReport> found = check_.Run(
        tenant, false, [&](const AuditRecord& record) { return Pace(tenant, record, start, read); });
    if (!found.ok() || found->chain.ok || attempt == kAttempts) return found;
    const Result<audit::PrunePoint> after = log_.store().Pruned(tenant);
    if (!after.ok()) return after.error();
    if (after->first_seq == before->first_seq) return found;
  }
}

Status FullCheck::Pace(const std::string& tenant, const AuditRecord& record, std::int64_t start_nanos, std::int64_t& read) {
  if (++read % kPaceEvents != 0) return {};
  const std::int64_t due = start_nanos + read * 1'000'000'000 / options_.events_per_second;
  std::unique_lock lock(mutex_);
  progress_.position = record.seq + 1;
  const std::chrono::nanoseconds early(due - clock_->MonotonicNanos());
  stop_.wait_for(lock, early, [this] { return stopping_; });
  return stopping_ ? Status(Error{ErrorCode::kCancelled, "the verification of tenant " + tenant + " was ended"}) : Status();
}

void FullCheck::Record(const std::string& tenant, const EvidenceReport& found) {
  const VerifyReport& chain = found.chain;
  json::Value details = json::MakeObject({{"verified", chain.verified}});
  if (chain.ok) {
    details.Set("next_seq", chain.head.next_seq);
    details.Set("hash", chain.head.hash);
    details.Set("covered", found.covered);
  } else {
    details.Set("problem", chain.problem);
    if (chain.broken_seq) details.Set("seq", *chain.broken_seq);
  }
  const Status written = AppendControl(log_, tenant, chain.ok ? kVerified : kVerificationFailed, std::move(details));
  if (!chain.ok) {
    hooks_.notice({tenant, std::string(kFailed) + FailureText(chain.problem, chain.broken_seq), true, kSource});
  } else if (!written.ok()) {
    hooks_.notice({tenant, "a full verification found nothing, and could not be recorded: " + written.error().message, true, kSource});
  } else {
    hooks_.notice({tenant, "the whole chain of " + std::to_string(chain.head.next_seq) + " events was verified", false, kSource});
  }
}

void FullCheck::AddRunning(std::string_view tenant, FullVerification& out) const {
  const std::lock_guard lock(mutex_);
  if (running_ != tenant || !progress_.running) return;
  out.running = true;
  out.position = progress_.position;
  out.goal = progress_.goal;
}

void FullCheck::Note(const std::string& tenant, const EvidenceReport& found) {
  const Result<FullVerification> last = hooks_.last(tenant);
  if (last.ok() && last->problem.empty() != found.chain.ok) Record(tenant, found);
}

}  // namespace intentgate::evidence
