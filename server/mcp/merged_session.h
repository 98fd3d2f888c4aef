// A client's session in front of several upstreams (legacy era): the handshake with all of them, messages that find their
// upstream, and the end. One that is down is left out, and joins when it is first needed.
#pragma once

#include <string>

#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

// All of these are loop-bound and answer the exchange.

// `hello` is the initialize that each upstream gets.
void RunMergedInitialize(Lane& lane, ExchangePtr exchange, json::Value id, std::string hello, std::string principal);
// A notification, or the client's answer to a question. An answer goes to whoever asked.
void RelayToParts(Lane& lane, const ExchangePtr& exchange, const Message& message, const BoundSession& bound);
// A request that is about all of them, such as logging/setLevel: good when one of them took it.
void RunAtAll(Lane& lane, ExchangePtr exchange, const Message& message, const BoundSession& bound);
void EndParts(Lane& lane, http::Exchange& exchange, const SessionParts& parts);

}  // namespace intentgate::mcp
