// One tools/call: judged by the gate, forwarded when it is allowed, answered, and its outcome recorded.
#pragma once

#include <memory>
#include <optional>

#include "mcp/lane.h"
#include "mcp/message.h"

namespace intentgate::mcp {

// Loop-bound; answers the exchange. `bound` is the caller's own upstream session when it has one: then the
// body goes on as it came. Without one the call goes through a session that the gateway holds for the caller.
// REQUIRES: `call` borrows from `message`.
void RunToolCall(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, const ToolCall& call,
                 std::optional<UpstreamSession> bound);

}  // namespace intentgate::mcp
