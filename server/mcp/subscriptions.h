// subscriptions/listen: a long stream of notifications. A client that wants to hear of a resource must be allowed to
// subscribe to it; of a task hears its owner; that the lists change may everyone hear whose token is good.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mcp/lane.h"
#include "mcp/message.h"

namespace intentgate::mcp {

// In _meta of what a stream tells: the id of the request that it answers.
inline constexpr std::string_view kMetaSubscription = "io.modelcontextprotocol/subscriptionId";

inline constexpr std::size_t kMaxSubscriptions = 100;  // resources of one stream, and likewise tasks

// What a request wants to hear of, besides the lists.
struct Subscriptions {
  std::vector<std::string> uris;
  std::vector<std::string> task_ids;
  bool has_others = false;  // kinds that are not known here: no rule judges them, so they are not asked of an upstream
};
std::variant<Subscriptions, Refusal> ReadSubscriptions(const Message& message);

// Judges each resource under the name resources/subscribe, leaves out the tasks that are not the principal's or whose tool its token
// does not cover, then opens the stream. Loop-bound; answers the exchange.
void RunListen(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, Subscriptions wanted, std::string principal);

// Of which tasks a stream may tell.
struct HeardTasks {
  std::vector<KnownTask> upstreams;
  std::vector<std::string> own;  // ids of the gateway's own
};

// The request with those of the tasks that are the upstream's, under its own ids, in place of what it says of tasks, and
// without kinds of notifications that are not known here.
json::Value WithTasksOf(std::size_t upstream, const std::vector<KnownTask>& tasks, json::Value body);

// What the client of a subscription gets when the gateway ends it: the result of the request, as an event.
std::string EndOfListening(const json::Value& id);

}  // namespace intentgate::mcp
