// A call that waits for a person as a task of the gateway's own: its client gets a handle at once, and the call is made when the
// person has approved it, as if it had come again with the approval's id. docs/approvals.md
#pragma once

#include "mcp/lane.h"
#include "mcp/own_tasks.h"
#include "mcp/task_call.h"

namespace intentgate::mcp {

// Loop-bound. When `decision` waits for a person and the client takes tasks, the exchange is answered with one; false: it is not,
// and nothing was done.
bool WaitAsTask(Lane& lane, const ExchangePtr& exchange, TaskWish wish, const Decision& decision);

// The next round of a task that asks for input (2026-07-28): `responses` are the client's. Nothing is done when it asks for none.
void AnswerInput(Lane& lane, const OwnTask& task, const json::Value& responses);

}  // namespace intentgate::mcp
