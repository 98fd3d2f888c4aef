#include "evidence/ocsf/mapping.h"

#include <intentgate/reason.h>

namespace intentgate::evidence::ocsf {
namespace {

constexpr Choice kSuccess{1, "Success"}, kFailure{2, "Failure"};
constexpr Choice kInformational{1, "Informational"}, kLow{2, "Low"}, kMedium{3, "Medium"}, kHigh{4, "High"};
constexpr Choice kActionAllowed{1, "Allowed"}, kActionDenied{2, "Denied"};
constexpr Choice kAllowed{1, "Allowed"}, kBlocked{2, "Blocked"}, kApproved{8, "Approved"}, kDelayed{14, "Delayed"},
    kAccessRevoked{24, "Access Revoked"}, kRejected{25, "Rejected"}, kUnauthorized{26, "Unauthorized"}, kError{27, "Error"};

struct AdminRow {
  std::string_view action;
  AdminAction means;
};
constexpr Choice kToken{kOther, "Capability Token"}, kPolicyEntity{5, "Policy"}, kEvent{kOther, "Audit Event"},
    kChain{kOther, "Audit Chain"}, kHold{kOther, "Legal Hold"}, kApproval{kOther, "Approval"};
constexpr AdminRow kAdmin[] = {
    {"mint", {{1, "Create"}, kToken}},         {"revoke", {{11, "Deactivate"}, kToken}},
    {"policy", {{10, "Activate"}, kPolicyEntity}}, {"erase", {{4, "Delete"}, kEvent}},
    {"prune", {{4, "Delete"}, kChain}},        {"hold_placed", {{1, "Create"}, kHold}},
    {"hold_lifted", {{4, "Delete"}, kHold}},
    {"approve", {{kOther, "Approve"}, kApproval}}, {"reject", {{kOther, "Reject"}, kApproval}},
    {"expire", {{kOther, "Expire"}, kApproval}},
};

struct ControlRow {
  std::string_view what;
  ControlEvent means;
};
constexpr ControlRow kControl[] = {
    {"genesis", {{6, "Enable"}, kSuccess, kInformational}},
    {"async_opened", {{kOther, "Asynchronous mode opened"}, kSuccess, kInformational}},
    {"async_closed", {{kOther, "Asynchronous mode closed"}, kSuccess, kInformational}},
    {"gap_declared", {{kOther, "Loss declared"}, kFailure, kHigh, true}},
    {"key_rotated", {{8, "Update"}, kSuccess, kInformational}},
    {"epoch_opened", {{kOther, "Epoch opened"}, kSuccess, kHigh, true}},
    {"pruned", {{kOther, "Old events pruned"}, kSuccess, kLow}},
    {"verified", {{kOther, "Chain verified"}, kSuccess, kInformational}},
};

Answer Allowed() { return {kSuccess, kActionAllowed, kAllowed, kInformational}; }

Answer Blocked(const Decided& d) {
  const auto denied = [](const Choice& disposition, const Choice& severity) {
    return Answer{kFailure, kActionDenied, disposition, severity};
  };
  if (d.by_person) return denied(kRejected, kMedium);
  if (d.was_pending) return denied(kBlocked, kMedium);
  if (d.code == ReasonName(Reason::kTokenRevoked)) return denied(kAccessRevoked, kMedium);
  if (d.check == CheckName(Check::kBudget)) return denied(kBlocked, kLow);
  // Refused around the four questions: by the door, or because nothing could be recorded.
  if (d.check.empty()) return denied(kRejected, kLow);
  return denied(kUnauthorized, kMedium);
}

}  // namespace

Answer AnswerOfDecision(const Decided& d) {
  if (d.decision == "allow") {
    Answer answer = Allowed();
    if (d.by_person) answer.disposition = kApproved;
    return answer;
  }
  if (d.decision == "escalate") return {{kOther, "Pending approval"}, {kOther, "Escalated"}, kDelayed, kLow};
  return Blocked(d);
}

Answer AnswerOfOutcome(std::string_view outcome) {
  if (outcome == "success") return Allowed();
  if (outcome == "cancelled") return {{kOther, "Cancelled"}, kActionAllowed, kAllowed, kInformational};
  return {kFailure, kActionAllowed, kError, kLow};
}

AdminAction AdminActionOf(std::string_view action) {
  for (const AdminRow& row : kAdmin) {
    if (row.action == action) return row.means;
  }
  return {{kOther, action.empty() ? "Unnamed" : action}, {kOther, "Gate"}};
}

ControlEvent ControlEventOf(std::string_view what) {
  for (const ControlRow& row : kControl) {
    if (row.what == what) return row.means;
  }
  return {{kOther, what.empty() ? "Unnamed" : what}, kSuccess, kInformational, false};
}

void SetChoice(json::Value& object, std::string_view id_name, std::string_view text_name, const Choice& choice) {
  object.Set(id_name, choice.id);
  object.Set(text_name, choice.caption);
}

}  // namespace intentgate::evidence::ocsf
