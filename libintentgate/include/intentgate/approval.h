// Approvals: a call that the policy escalates waits for a person.
//
//   Decision d = gate->Authorize(call);                        // escalate; d.approval_id names the approval
//   gate->DecideApproval({.id = d.approval_id, .answer = ApprovalAnswer::kApprove}, {.actor = "ann@example.com"});
//   call.approval_id = d.approval_id;
//   d = gate->Authorize(call);                                 // asked again, and allowed once
//
// An approval is bound to the tenant, the root token, the method, the server, the tool and the digest of the exact
// arguments. It can be used once and has a deadline: first for the answer, then for the use. docs/approvals.md
// is the contract that agents and operators see.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

namespace intentgate {

enum class ApprovalState : std::uint8_t { kPending, kApproved, kRejected, kExpired, kUsed };
// "pending", "approved", "rejected", "expired", "used"
std::string_view ApprovalStateName(ApprovalState state);
std::optional<ApprovalState> ParseApprovalState(std::string_view name);

struct Approval {
  std::string id;                            // UUID version 7: sorts by the time of asking
  std::string tenant, root_jti, jti, agent_id;
  std::string method, server, tool;
  std::string arguments;                     // exact JSON, members sorted; empty: the call had none
  std::string args_sha256;                   // hex SHA-256 of `arguments`; empty like it
  std::string intent_summary;
  std::string reason;                        // the policy's
  bool requires_step_up = false;
  ApprovalState state = ApprovalState::kPending;
  std::int64_t created_at_micros = 0;
  std::int64_t deadline_micros = 0;          // pending: for the answer; approved: for the use
  std::int64_t decided_at_micros = 0;        // 0: nobody has answered
  std::int64_t used_at_micros = 0;
  std::string decided_by;                    // who was authenticated; never shown to the agent
  std::string claimed_by, note;              // what the person wrote; never shown to the agent
};

// Each member that is set narrows.
struct ApprovalFilter {
  std::string tenant;                        // empty: all (superadmin)
  std::optional<ApprovalState> state;
  std::string agent_id, tool, root_jti;
};

struct ApprovalPage {
  std::vector<Approval> approvals;           // newest first
  std::string next;                          // for `after`; empty at the end
};

enum class ApprovalAnswer : std::uint8_t { kApprove, kReject };

struct ApprovalDecision {
  std::string tenant;                        // whose approvals the person may answer; empty: every tenant's
  std::string id;
  ApprovalAnswer answer = ApprovalAnswer::kReject;
  std::string claimed_by, note;              // free text for the record; who decides is AdminContext::actor
};

// The approval when it is no longer pending, or an Error: kNotFound, kLimitExceeded (too many wait), kCancelled (the
// gate is shutting down).
using ApprovalDone = std::function<void(Result<Approval>)>;

inline constexpr std::size_t kMaxApprovalIdBytes = 64;
inline constexpr std::size_t kMaxApprovalPage = 1'000;
inline constexpr std::size_t kMaxApprovalNoteBytes = 1'024;

}  // namespace intentgate
