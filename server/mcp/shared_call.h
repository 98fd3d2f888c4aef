// An allowed request of a client without a session, through a session that the gateway holds for its principal.
#pragma once

#include <memory>

#include "mcp/lane.h"
#include "mcp/message.h"

namespace intentgate::mcp {

// Loop-bound; answers the exchange and records the outcome.
void StartSharedCall(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, Decision decision,
                     std::size_t upstream);

}  // namespace intentgate::mcp
