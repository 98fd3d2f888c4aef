// The person's side of approvals. An answer is claimed in the store, recorded in the chain, and counts from then on.

#include <algorithm>
#include <chrono>
#include <utility>

#include "approval/states.h"
#include "gate/events.h"
#include "gate/gate_impl.h"

namespace intentgate::gate {
namespace {

constexpr std::int64_t kTendNanos = 10'000'000'000, kForgetNanos = 600'000'000'000;
constexpr std::size_t kExpireAtOnce = 100;
constexpr std::size_t kApprovalThreads = 2;

Error Off() {
  return {ErrorCode::kUnavailable, "approvals are off; set approvals.enabled to true"};
}

}  // namespace

void GateImpl::StartApprovals() {
  if (!approvals_.enabled()) return;
  approval_pool_ = std::make_unique<WorkerPool>(kApprovalThreads, kMaxWaitingCalls);
  ApprovalWatchOptions options;
  options.poll = std::chrono::milliseconds(parts_.settings.approval_poll_ms);
  options.max_waiting = static_cast<std::size_t>(parts_.settings.approval_max_waiting);
  options.look = [this](std::span<const std::string> ids) { return approvals_.Find(ids); };
  options.tick = [this] { TendApprovals(); };
  watch_ = std::make_unique<ApprovalWatch>(std::move(options));
}

void GateImpl::TendApprovals() {
  const std::int64_t now = parts_.clock->MonotonicNanos();
  if (now - tended_at_nanos_ < kTendNanos) return;
  tended_at_nanos_ = now;
  for (const approval::StoredApproval& due : approvals_.Due(kExpireAtOnce)) {
    // What cannot be recorded now is found again, and cannot be used meanwhile.
    if (!log_->ready(AuditDurability::kDurable)) return;
    if (!approvals_.Expire(due)) continue;
    Approval expired = due.row;
    expired.state = ApprovalState::kExpired;
    if (!RecordAdmin(ApprovalEvent(expired, {.actor = "intentgate", .remote_ip = {}, .elevation_id = {}})).ok()) {
      approvals_.Release(due);
    }
  }
  if (now - forgot_at_nanos_ < kForgetNanos) return;
  forgot_at_nanos_ = now;
  approvals_.Forget();
}

Result<ApprovalPage> GateImpl::ListApprovals(const ApprovalFilter& filter, std::string_view after, std::size_t limit) {
  if (!approvals_.enabled()) return Off();
  return approvals_.List(filter, after, limit);
}

Result<Approval> GateImpl::GetApproval(std::string_view tenant, std::string_view id) {
  if (!approvals_.enabled()) return Off();
  Result<approval::StoredApproval> found = approvals_.Find(tenant, id);
  if (!found.ok()) return found.error();
  return approval::Shown(*found, parts_.clock->UnixMicros());
}

Result<Approval> GateImpl::DecideApproval(const ApprovalDecision& decision, const AdminContext& admin) {
  if (!approvals_.enabled()) return Off();
  if (admin.actor.empty()) return Error{ErrorCode::kInvalidArgument, "who answers must be known: an actor is needed"};
  const Result<approval::StoredApproval> found = approvals_.Find(decision.tenant, decision.id);
  if (!found.ok()) return found.error();
  Result<approval::StoredApproval> claimed = approvals_.Claim(*found, decision, admin.actor);
  if (!claimed.ok()) return claimed.error();
  if (Status s = RecordAdmin(ApprovalEvent(claimed->row, admin)); !s.ok()) {
    approvals_.Release(*found);
    return NotRecorded("the answer was not taken", s.error());
  }
  Result<Approval> confirmed = approvals_.Confirm(*std::move(claimed));
  watch_->Wake();
  return confirmed;
}

std::uint64_t GateImpl::WaitApproval(std::string_view tenant, std::string_view id, ApprovalDone done) {
  if (watch_) return watch_->Wait(std::string(tenant), std::string(id), std::move(done));
  done(Off());
  return 0;
}

void GateImpl::CancelApprovalWait(std::uint64_t wait) {
  if (watch_) watch_->Cancel(wait);
}

}  // namespace intentgate::gate
