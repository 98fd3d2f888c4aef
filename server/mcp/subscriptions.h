// subscriptions/listen: a long stream of notifications. A client that wants to hear of a resource must be allowed to
// subscribe to it; that the lists change may everyone hear whose token is good.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "mcp/lane.h"
#include "mcp/message.h"

namespace intentgate::mcp {

inline constexpr std::size_t kMaxSubscriptions = 100;  // resources of one stream

// The resources that a request wants to hear of.
std::variant<std::vector<std::string>, Refusal> ReadSubscriptions(const Message& message);

// Judges each of them under the name resources/subscribe, then opens the stream. Loop-bound; answers the exchange.
void RunListen(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, std::vector<std::string> uris,
               std::string principal);

// What the client of a subscription gets when the gateway ends it: the result of the request, as an event.
std::string EndOfListening(const json::Value& id);

}  // namespace intentgate::mcp
