// Tasks of the upstreams: a tools/call that answers with a handle, and the methods that ask for what became of it. They are
// for the caller that the handle was given to, and charged to nobody.
//
//   2025-11-25   the client asks for a task (params.task); tasks/get, tasks/result, tasks/list, tasks/cancel
//   2026-07-28   the extension io.modelcontextprotocol/tasks: the server decides; tasks/get, tasks/update, tasks/cancel
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/credential.h"
#include "mcp/known_tasks.h"
#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/methods.h"
#include "mcp/relay.h"

namespace intentgate::mcp {

inline constexpr std::string_view kNoTask = "there is no such task of this caller";

// Whether the call asks for a task, as clients of 2025-11-25 do.
bool AsksForTask(const Message& message);
// A client of 2026-07-28 that can take a task for an answer.
bool TakesTasks(const Message& message);

// The id of the task that an answer hands out; null: none.
const std::string* HandleIn(const Answer& answer, Era era);
// Whether the caller's token reaches the tool, so that it may ask after its tasks.
bool CoversTool(Lane& lane, std::size_t upstream, const std::string& tool, const Credential& caller);

// Makes the answer of a call be looked at for a task's handle, where it may hold one.
void KeepHandle(Lane& lane, RelayTask& task, std::string_view tool);

// The task that the params name, when it is the principal's and its token covers the tool.
std::optional<KnownTask> FindTask(Lane& lane, const Message& message, const Credential& caller, const std::string& principal);
// The relay of a request about `known`; its answer may tell the outcome of the call that began the task.
RelayTask AboutTask(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, Era era, KnownTask known);

// For each of an upstream's tasks, whether it is the caller's to see.
std::vector<bool> VisibleTasks(Lane& lane, std::size_t upstream, const Credential& caller, const std::vector<std::string>& ids);

}  // namespace intentgate::mcp
