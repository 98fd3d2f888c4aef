// The life of an approval:
//
//   pending ──> approved ──> used
//      │  │         └──────> expired
//      │  └──> rejected
//      └─────> expired
//
// Each function says what a row becomes, or why not; none of them stores anything. All are pure and thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/approval.h>
#include <intentgate/result.h>

#include "approval/approval_store.h"

namespace intentgate::approval {

// What an approval is for, besides its tenant. `args_sha256` empty: no arguments, which is not the same as {}.
struct Subject {
  std::string_view root_jti, method, server, tool, args_sha256;
};
// Hex SHA-256 over the parts with their lengths.
std::string BindingOf(const Subject& subject);

// The state that counts at this moment: a live row whose deadline is over is expired, an answer that the chain does not
// have yet is none.
ApprovalState StateAt(const StoredApproval& approval, std::int64_t now_micros);
// The row as people see it at this moment.
Approval Shown(const StoredApproval& approval, std::int64_t now_micros);

struct Answer {
  ApprovalAnswer answer = ApprovalAnswer::kReject;
  std::string by, claimed_by, note;
  std::int64_t at_micros = 0;
  std::int64_t use_until_micros = 0;   // the deadline of an approved one
};

// kConflict names the state when it is not pending any more. The result is not recorded yet.
Result<StoredApproval> Answered(const StoredApproval& approval, const Answer& answer);
Result<StoredApproval> Used(const StoredApproval& approval, std::int64_t now_micros);
// kConflict unless its deadline is over.
Result<StoredApproval> Expired(const StoredApproval& approval, std::int64_t now_micros);

}  // namespace intentgate::approval
