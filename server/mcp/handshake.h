// Messages around the calls: initialize, notifications, a client's answers, and the end of a session.
#pragma once

#include <memory>
#include <string>

#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

// With a good token the upstream opens a session and its id, bound to the caller, goes to the client. Else,
// or when the upstream knows no handshake, the gateway answers by itself and nothing is opened.
void RunInitialize(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, const Decision& caller);

// A notification or a client's answer for the upstream session `bound`, as it came; 202.
void RelayMessage(Lane& lane, ExchangePtr exchange, const Message& message, const BoundSession& bound,
                  const std::string& principal);

// DELETE: the upstream's session ends, and nobody can use its id any more.
void EndSession(Lane& lane, ExchangePtr exchange, const BoundSession& bound, const std::string& principal);

}  // namespace intentgate::mcp
