// A call that waits for a person as a task of the gateway's own: its client gets a handle at once, and the call is made when the
// person has approved it, as if it had come again with the approval's id. docs/approvals.md
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

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

// Loop-bound. When `decision` waits for a person and the client takes tasks, the exchange is answered with one; false: it is not,
// and nothing was done.
bool WaitAsTask(Lane& lane, const ExchangePtr& exchange, TaskWish wish, const Decision& decision);

// The next round of a task that asks for input (2026-07-28): `responses` are the client's. Nothing is done when it asks for none.
void AnswerInput(Lane& lane, const OwnTask& task, const json::Value& responses);

}  // namespace intentgate::mcp
