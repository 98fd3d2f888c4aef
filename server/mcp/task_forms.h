// How the gateway's own tasks are told, in the form of each era.
#pragma once

#include <string>
#include <string_view>

#include "mcp/methods.h"
#include "mcp/own_tasks.h"

namespace intentgate::mcp {

// What an answer says of the task that it belongs to, below _meta (2025-11-25).
inline constexpr std::string_view kRelatedTask = "io.modelcontextprotocol/related-task";

// The revision whose servers may have tasks without an extension.
inline constexpr std::string_view kFirstWithTasks = "2025-11-25";

// What a server says of itself in whose place the gateway has tasks: its own word stays where it has one. Nothing is
// added to a server without tools.
void OfferTasks(json::Value& capabilities, Era era);
// A tool of 2025-11-25 that may be called as a task, whatever its server says of it. REQUIRES: an object.
void AllowTask(json::Value& tool);

json::Value TaskJson(const OwnTask& task, Era era);
// notifications/tasks/status (2025-11-25), as an event of a stream.
std::string TaskStatusEvent(const OwnTask& task);
// notifications/tasks (2026-07-28), likewise, with all that tasks/get would say; `subscription` is the id of the request for it.
std::string TaskNewsEvent(const OwnTask& task, const json::Value& subscription);
// The answer of the call that has become the task.
std::string TaskCreatedReply(const json::Value& id, const OwnTask& task, Era era);
// tasks/get; of 2025-11-25 also tasks/cancel. With what became of the call, where the era says it there.
std::string TaskStateReply(const json::Value& id, const OwnTask& task, Era era);
// tasks/result (2025-11-25). REQUIRES: it is over.
std::string TaskResultReply(const json::Value& id, const OwnTask& task);

}  // namespace intentgate::mcp
