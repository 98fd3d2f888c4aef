// A call that waits for a person, told as a URL that the client shows its user (URL elicitation). In 2026-07-28 the call is then a
// call of several rounds, whose requestState names the approval; in 2025-11-25 it is refused with -32042, and an equal call of the
// session comes again (url_elicitations.h). docs/approvals.md
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mcp/call_states.h"
#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

// What a requestState of such a call holds.
struct ApprovalRound {
  std::string approval_id;
  bool made = false;                    // the call was made; this is a later round of it
  std::optional<std::string> upstream;  // the upstream's own state; of a call that was made
  bool first = false;                   // nobody has come with this state before
};

Result<std::string> SealApprovalRound(CallStates& states, std::string_view principal, const ToolCall& call, const ApprovalRound& round);
// nullopt: the state is none of these, not of this caller and call, or too old.
std::optional<ApprovalRound> OpenApprovalRound(CallStates& states, std::string_view state, std::string_view principal, const ToolCall& call);

// The user has declined to go to the URL, or gave no answer.
bool DeclinesUrl(const Message& message);

// Loop-bound. Answers the exchange when `decision` waits for a person, there is a URL for that (mcp.approval_url), and the client
// takes one; false: it does not, and nothing was done. `bound` is the session of a legacy call.
bool AskByUrl(Lane& lane, http::Exchange& exchange, const Message& message, const ToolCall& call, const std::optional<BoundSession>& bound,
              const Decision& decision);
// The approval of an equal call of the session that was told a URL; "" when there is none.
std::string ToldApproval(const Lane& lane, const std::optional<BoundSession>& bound, const Message& message, const ToolCall& call);
// The gate has decided a call that named it: it is forgotten when it has served, or cannot any more.
void SettleToldApproval(const Lane& lane, const std::optional<BoundSession>& bound, const ToolCall& call, const Decision& decision);

}  // namespace intentgate::mcp
