// A call that waits for a person, as its client sees it (docs/approvals.md): the fields that name the approval, and
// the request that is held until the answer because its client asked for that.
#pragma once

#include <functional>
#include <string_view>

#include "mcp/lane.h"
#include "mcp/message.h"

namespace intentgate::mcp {

inline constexpr std::string_view kApprovalIdField = "X-IntentGate-Approval-Id";

// The approval that a request names, or "".
std::string_view ApprovalIdOf(const http::HeaderList& headers);
// Adds what a refused call needs to come again, when the decision is that it waits.
void AddApprovalFields(const Decision& decision, http::HeaderList& headers);
// `Prefer: wait=SECONDS` (RFC 7240), at most `most` seconds; 0 when it was not asked for.
std::int64_t SecondsToWait(const http::HeaderList& headers, std::int64_t most);

// Both are called at most once, one of them unless the client leaves; with the exchange to answer.
struct WaitEnds {
  std::function<void(ExchangePtr)> answered;   // ask the gate again, naming the approval
  std::function<void(ExchangePtr)> pending;    // nobody answered in time
};

// Loop-bound. Holds the exchange for `seconds` when `decision` waits for an approval; false: it does not, or there are none, and
// nothing was done. A client that reads event streams gets one at once, with comments that keep it alive and
// with progress if it gave a token for it.
bool HoldForApproval(Lane& lane, const ExchangePtr& exchange, const Message& message, const Decision& decision,
                     std::int64_t seconds, WaitEnds ends);

}  // namespace intentgate::mcp
