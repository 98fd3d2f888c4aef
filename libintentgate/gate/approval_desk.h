// Approvals between a call and the person who answers: looks up, asks for, uses and answers them. Every change is a
// compare-and-set in the store, so that of two gateways, or of two racing calls, one wins. Knows nothing of the
// chain; gate_impl records each step.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/settings.h>

#include "approval/approval_store.h"
#include "gate/judged.h"

namespace intentgate::gate {

// Thread-safe. Each method but enabled() and Settles() waits for the store.
class ApprovalDesk {
 public:
  // A null store, or settings that say so: approvals are off, and an escalated call is refused without a way out.
  ApprovalDesk(const GateSettings& settings, std::shared_ptr<approval::ApprovalStore> store,
               std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random);

  bool enabled() const { return store_ != nullptr; }

  // The approval that the call names. Refuses unless it is pending or approved for exactly this call; fills approval,
  // approval_step and approved of `judged`. REQUIRES: tenant and token of `judged` are filled.
  std::optional<Refused> Look(const Call& call, Judged& judged) const;

  // Whether Settle has something to do for a call that was judged.
  bool Settles(const Judged& judged) const;
  // What an answer of the four checks means for approvals: an escalated call asks for one, an allowed call
  // uses the one that it named. When that fails, `judged` becomes a refusal; its charges are the caller's to give back.
  void Settle(const Call& call, Judged& judged);

  // kNotFound also for an approval of another tenant; an empty tenant finds those of all.
  Result<approval::StoredApproval> Find(std::string_view tenant, std::string_view id) const;
  Result<std::vector<Approval>> Find(std::span<const std::string> ids) const;
  Result<ApprovalPage> List(const ApprovalFilter& filter, std::string_view after, std::size_t limit) const;

  // An answer in two steps around its event: a claimed one keeps others out and counts for nothing yet.
  // kConflict: not pending any more.
  Result<approval::StoredApproval> Claim(const approval::StoredApproval& pending, const ApprovalDecision& decision,
                                         const std::string& by);
  // Makes a claimed answer count.
  Result<Approval> Confirm(approval::StoredApproval claimed);
  // Takes back what a change made of `before`; when that fails too, the row stays unusable until it expires.
  void Release(const approval::StoredApproval& before);

  std::vector<approval::StoredApproval> Due(std::size_t limit) const;
  // False: somebody else was faster.
  bool Expire(const approval::StoredApproval& due);
  void Forget();

 private:
  Refused Unavailable() const;
  void Request(const Call& call, Judged& judged);
  void Use(Judged& judged);

  const GateSettings& settings_;
  const std::shared_ptr<approval::ApprovalStore> store_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Random> random_;
};

}  // namespace intentgate::gate
