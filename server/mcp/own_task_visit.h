// What clients ask about the gateway's own tasks.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/methods.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

struct TaskVisit {
  ExchangePtr exchange;
  std::shared_ptr<const Message> message;  // tasks/get, tasks/result, tasks/cancel or tasks/update
  Era era = Era::kLegacy;
  std::string principal;
  std::optional<BoundSession> bound;       // of the legacy era
};

// Loop-bound. Answers the exchange when the params name a task of the gateway's own that is the principal's and whose tool
// its token covers; false: they do not, and nothing was done.
bool AnswerAboutOwnTask(Lane& lane, const TaskVisit& visit);

// The tasks of the caller of `exchange` that a list shows. What an upstream has made a task of is in the upstream's list.
json::Array ListedOwnTasks(Lane& lane, const http::Exchange& exchange, const std::string& principal);

}  // namespace intentgate::mcp
