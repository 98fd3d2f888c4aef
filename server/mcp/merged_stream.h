// Long streams in front of several upstreams, or of one and the gateway, which has something to tell itself: the stream of a client's
// session (GET), and subscriptions/listen.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/session_parts.h"
#include "mcp/subscriptions.h"

namespace intentgate::mcp {

// Both are loop-bound and answer the exchange. The stream ends when the caller's token is no longer good, and when the
// stream of one of them ends: the client then opens it anew, and those that were down meanwhile are in it. A subscription
// that an upstream ends with its result ends with one result of the gateway's; upstreams that acknowledge nothing are left out.

void RunMergedStream(Lane& lane, ExchangePtr exchange, const BoundSession& bound, const std::string& principal);
// The resources of the message have been judged; `tasks` are those of which it may hear.
void RunMergedListen(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, HeardTasks tasks, const std::string& principal);

}  // namespace intentgate::mcp
