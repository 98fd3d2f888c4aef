#include "approval/states.h"

#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::approval {
namespace {

bool IsLive(ApprovalState state) { return state == ApprovalState::kPending || state == ApprovalState::kApproved; }

Error NotAny(const StoredApproval& approval, std::int64_t now_micros, std::string_view wanted) {
  return {ErrorCode::kConflict, "the approval is " + std::string(ApprovalStateName(StateAt(approval, now_micros))) +
                                    ", no longer " + std::string(wanted)};
}

}  // namespace

std::string BindingOf(const Subject& subject) {
  std::string text = "approval-1";
  for (const std::string_view part : {subject.root_jti, subject.method, subject.server, subject.tool, subject.args_sha256}) {
    text.append(1, '\n').append(std::to_string(part.size())).append(1, ':').append(part);
  }
  return base::HexEncode(crypto::Sha256(base::AsBytes(text)));
}

ApprovalState StateAt(const StoredApproval& approval, std::int64_t now_micros) {
  const ApprovalState state = approval.row.state;
  if (IsLive(state) && now_micros >= approval.row.deadline_micros) return ApprovalState::kExpired;
  const bool answered = state == ApprovalState::kApproved || state == ApprovalState::kRejected;
  return answered && !approval.recorded ? ApprovalState::kPending : state;
}

Approval Shown(const StoredApproval& approval, std::int64_t now_micros) {
  Approval shown = approval.row;
  shown.state = StateAt(approval, now_micros);
  return shown;
}

Result<StoredApproval> Answered(const StoredApproval& approval, const Answer& answer) {
  if (approval.row.state != ApprovalState::kPending || StateAt(approval, answer.at_micros) != ApprovalState::kPending) {
    return NotAny(approval, answer.at_micros, "pending");
  }
  StoredApproval next = approval;
  next.row.state = answer.answer == ApprovalAnswer::kApprove ? ApprovalState::kApproved : ApprovalState::kRejected;
  next.row.decided_at_micros = answer.at_micros;
  next.row.decided_by = answer.by;
  next.row.claimed_by = answer.claimed_by.substr(0, kMaxApprovalNoteBytes);
  next.row.note = answer.note.substr(0, kMaxApprovalNoteBytes);
  if (answer.answer == ApprovalAnswer::kApprove) next.row.deadline_micros = answer.use_until_micros;
  next.recorded = false;
  return next;
}

Result<StoredApproval> Used(const StoredApproval& approval, std::int64_t now_micros) {
  if (StateAt(approval, now_micros) != ApprovalState::kApproved) return NotAny(approval, now_micros, "approved");
  StoredApproval next = approval;
  next.row.state = ApprovalState::kUsed;
  next.row.used_at_micros = now_micros;
  return next;
}

Result<StoredApproval> Expired(const StoredApproval& approval, std::int64_t now_micros) {
  if (!IsLive(approval.row.state) || now_micros < approval.row.deadline_micros) {
    return Error{ErrorCode::kConflict, "the approval has not expired"};
  }
  StoredApproval next = approval;
  next.row.state = ApprovalState::kExpired;
  return next;
}

}  // namespace intentgate::approval
