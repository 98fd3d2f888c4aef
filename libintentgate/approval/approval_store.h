// Where approvals rest. A store keeps rows and compares revisions; which change is allowed is decided in states.h, by
// whoever asks for it. Implemented by every store; tests/contract runs one suite against all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/approval.h>
#include <intentgate/result.h>

namespace intentgate::approval {

struct StoredApproval {
  Approval row;
  std::string binding;         // digest of what the approval is for (states.h); equal calls have the same
  bool recorded = false;       // the answer's event is in the chain; an approval counts only then
  std::int64_t revision = 0;   // grows with every change
};

struct PendingLimits {
  std::int64_t per_token = 0, per_tenant = 0;   // of one root token, of one tenant
};

enum class RequestResult : std::uint8_t { kCreated, kExists, kTokenLimit, kTenantLimit };

struct Requested {
  RequestResult result = RequestResult::kCreated;
  StoredApproval approval;     // the new one or the one that was there; empty when a limit was hit
};

// Live: pending or approved, and its deadline is not over.
//
// Thread-safe.
class ApprovalStore {
 public:
  virtual ~ApprovalStore() = default;

  // Stores `wanted` (revision 0) unless its tenant has a live one with the same binding, or too many pending ones. One step: of
  // two that ask at once for equal calls, also in two processes, one gets kExists. "Now" is wanted.row.created_at_micros.
  virtual Result<Requested> RequestApproval(const StoredApproval& wanted, const PendingLimits& limits) = 0;
  // nullopt: there is none. An empty tenant finds those of all.
  virtual Result<std::optional<StoredApproval>> FindApproval(std::string_view tenant, std::string_view id) = 0;
  // Those of `ids` that exist, in any order.
  virtual Result<std::vector<StoredApproval>> FindApprovals(std::span<const std::string> ids) = 0;
  // Newest first, behind the id `after`; `limit` up to kMaxApprovalPage + 1. A live row whose deadline is over at `now_micros`
  // counts as expired.
  virtual Result<std::vector<StoredApproval>> ListApprovals(const ApprovalFilter& filter, std::string_view after,
                                                            std::size_t limit, std::int64_t now_micros) = 0;
  // Compare-and-set: writes what can change (state, times, who, note, recorded) if the stored revision is next.revision,
  // and counts it up. False: somebody else was faster, or the row is gone.
  virtual Result<bool> ReplaceApproval(const StoredApproval& next) = 0;
  // Pending and approved rows whose deadline is over, the longest overdue first.
  virtual Result<std::vector<StoredApproval>> DueApprovals(std::int64_t now_micros, std::size_t limit) = 0;
  // Removes rows that were created before and are neither pending nor approved.
  virtual Status ForgetApprovals(std::int64_t created_before_micros) = 0;
  // Removes those of `ids` that are the tenant's, in whatever state. How many.
  virtual Result<std::int64_t> EraseApprovals(std::string_view tenant, std::span<const std::string> ids) = 0;
};

}  // namespace intentgate::approval
