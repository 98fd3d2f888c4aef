#include <intentgate/approval.h>

namespace intentgate {

std::string_view ApprovalStateName(ApprovalState state) {
  switch (state) {
    case ApprovalState::kPending: return "pending";
    case ApprovalState::kApproved: return "approved";
    case ApprovalState::kRejected: return "rejected";
    case ApprovalState::kExpired: return "expired";
    case ApprovalState::kUsed: return "used";
  }
  return "expired";
}

std::optional<ApprovalState> ParseApprovalState(std::string_view name) {
  for (const ApprovalState state : {ApprovalState::kPending, ApprovalState::kApproved, ApprovalState::kRejected,
                                    ApprovalState::kExpired, ApprovalState::kUsed}) {
    if (ApprovalStateName(state) == name) return state;
  }
  return std::nullopt;
}

}  // namespace intentgate
