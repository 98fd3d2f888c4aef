// A call whose client has the handle of a task of the gateway's own instead of an answer: it goes on without the client, and its answer is
// the task's.
//
// With mcp.offer_tasks a client of 2025-11-25 may ask for a task of any tool, since any call may come to wait for a person. What the
// tool server does not make a task of itself is one here, also when nobody has to be waited for.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/detached_exchange.h"
#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/methods.h"
#include "mcp/own_tasks.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

struct TaskWish {
  std::shared_ptr<const Message> message;
  Era era = Era::kLegacy;
  std::string tool;                       // as agents see it
  std::size_t upstream = 0;
  std::optional<BoundSession> bound;      // of the legacy era
};

// Whether the client of the session has been told that it may ask for tasks of the gateway's own.
bool OffersTasks(const Lane& lane, const std::optional<BoundSession>& bound);
// The call asks for a task, and the gateway makes it because the tool server does not.
bool MakesTask(const Lane& lane, const TaskWish& wish);

// The task of the call, with `note` for its client; nullopt: its caller has too many that are not over.
// `approval_id` is named when the call is made; "" names none.
std::optional<OwnTask> AddTask(Lane& lane, http::Exchange& exchange, const TaskWish& wish, std::string principal, std::string_view note,
                               std::string_view approval_id);
// What stands for the client in the call of `task`, whose request is `body`: its answer concludes the task, and the task's end before that breaks it off.
std::shared_ptr<DetachedExchange> CallerOf(Lane& lane, const OwnTask& task, const json::Value& id, Era era,
                                           const std::optional<BoundSession>& bound, std::string body);

// Of a call that was allowed, and for which MakesTask holds: the client gets the handle, and the call goes on with the exchange that is
// returned. Null: it has too many tasks; it was told, and nothing may be called. Loop-bound.
ExchangePtr AnswerWithTask(Lane& lane, const ExchangePtr& exchange, const TaskWish& wish, const Decision& decision);

// The request without the wish for a task.
json::Value WithoutTask(const json::Value& body);

}  // namespace intentgate::mcp
