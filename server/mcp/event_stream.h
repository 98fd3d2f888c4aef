// GET: the upstream session's own stream, with what belongs to no request: notifications, questions to the client, and
// the rest of a stream that broke off.
#pragma once

#include <string>

#include "mcp/lane.h"

namespace intentgate::mcp {

// Loop-bound; answers the exchange. The stream ends when the caller's token is no longer good.
void RunEventStream(Lane& lane, ExchangePtr exchange, const BoundSession& bound, const std::string& principal);

}  // namespace intentgate::mcp
