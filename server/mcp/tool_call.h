// One tools/call, or another request that moves data: judged by the gate, forwarded when it is allowed, answered, and
// its outcome recorded.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "mcp/answer.h"
#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/methods.h"
#include "mcp/session_parts.h"
#include "mcp/target.h"

namespace intentgate::mcp {

// The way of a call once it is allowed.
struct CallRoute {
  Era era = Era::kLegacy;
  // The caller's own upstream session: the body goes on as it came. A legacy call without one goes through a session
  // that the gateway holds for the caller.
  std::optional<BoundSession> bound;
  // Where it goes; unset: no upstream offers it.
  std::optional<Target> target;
  // A later round of a call that was charged already.
  bool continues = false;
  // The approval that the request names in its state, having shown its URL to a person: it is held until there is an answer.
  std::string approval_id;
  bool declined = false;  // the person would not go there: it is not held, and told no URL again
  // What goes on in place of the body that came.
  std::optional<json::Value> body;
  // As in RelayTask.
  std::function<std::optional<std::string>(Answer&)> change;
};

// Loop-bound; answers the exchange.
// REQUIRES: `call` borrows from `message`.
void RunToolCall(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, const ToolCall& call,
                 CallRoute route);

}  // namespace intentgate::mcp
