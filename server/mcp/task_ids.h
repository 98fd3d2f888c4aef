// The ids of tasks in messages: an upstream has its own, and a client what it was given in its place (sealed_tasks.h). Without a key the
// client has the upstream's, and messages go on as they came.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/json.h>

#include "mcp/answer.h"
#include "mcp/known_tasks.h"
#include "mcp/lane.h"
#include "mcp/methods.h"

namespace intentgate::mcp {

// The principal's task of which its client has this id. One that another replica gave out is taken in: from then on what is told of it
// is known to be the principal's here, too.
std::optional<KnownTask> TaskOf(const Context& context, std::string_view client_id, const std::string& principal);
// What the client is to get for the id; nullopt: it cannot be sealed, and the task cannot be asked after.
std::optional<std::string> ClientIdOf(const Context& context, const KnownTask& task);

// The id of the task that a message says it belongs to (2025-11-25), of either side; null: it says none.
const std::string* RelatedTask(const json::Value& message);
// REQUIRES: RelatedTask(message) is not null.
json::Value WithRelatedTask(json::Value message, const std::string& id);

// What a message of the upstream becomes on a stream of the principal's, as MessageFlow::Look says it: nullopt, as it came; "", it tells of
// a task that is not known to be the principal's and is not passed on. `in_parts`: a question gets its mark, too (question_ids.h).
// A question or an answer that belongs to an unknown task is passed on without saying so, where ids are sealed.
std::optional<std::string> ForStream(const Context& context, std::size_t upstream, json::Value message, std::string_view principal, bool in_parts);

// The rest put the client's ids into what the upstream says; all but the last leave an id that is not known to be the principal's.

// An element of tasks/list.
void NameListed(const Context& context, std::size_t upstream, std::string_view principal, json::Value& task);
// The answer of a call that may have become a task; false: nothing was changed.
bool NameHandle(const Context& context, std::size_t upstream, std::string_view principal, Era era, Answer& answer);
// The answer of a request about `task`; false: nothing was changed.
bool NameTask(const KnownTask& task, Answer& answer);
// `notifications` of an acknowledged subscription (2026-07-28): ids that are not the principal's leave taskIds.
void NameSubscribed(const Context& context, std::size_t upstream, std::string_view principal, json::Value& notifications);

}  // namespace intentgate::mcp
