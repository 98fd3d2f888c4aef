#include "mcp/approval_task.h"

#include <utility>

#include "mcp/approval_wait.h"
#include "mcp/receipt_header.h"
#include "mcp/reception.h"
#include "mcp/task_forms.h"
#include "mcp/tasks.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kWaits = "waits for a person's approval";
constexpr std::string_view kRuns = "approved; the call is being made";

// Makes the call of `task`; `body` is the request.
void MakeCall(Lane& lane, const OwnTask& task, const json::Value& id, Era era, const std::optional<BoundSession>& bound, std::string body) {
  HandlePost(lane, CallerOf(lane, task, id, era, bound, std::move(body)));
}

bool TakesTask(const TaskWish& wish) {
  if (wish.message->method() != "tools/call") return false;
  return wish.era == Era::kModern ? TakesTasks(*wish.message) : wish.bound && AsksForTask(*wish.message);
}

}  // namespace

bool WaitAsTask(Lane& lane, const ExchangePtr& exchange, TaskWish wish, const Decision& decision) {
  if (decision.verdict != Verdict::kEscalate || decision.approval_id.empty() || !TakesTask(wish)) return false;
  OwnTasks& tasks = *lane.context.own_tasks;
  const auto task = AddTask(lane, *exchange, wish, PrincipalOf(decision), kWaits, decision.approval_id);
  if (!task) return false;
  const auto answered = [&lane, task = *task, wish] {
    const auto now = lane.context.own_tasks->Find(task.id, task.principal);
    if (!now || now->over()) return;
    lane.context.own_tasks->Note(task.id, std::string(kRuns));
    MakeCall(lane, task, *wish.message->id(), wish.era, wish.bound, task.origin->body);
  };
  // Too many wait already: told inside the call.
  const auto refused = std::make_shared<bool>(false);
  const auto told = [mailbox = lane.mailbox, answered, refused](const Result<Approval>& result) {
    if (!result.ok() && result.error().code == ErrorCode::kLimitExceeded) *refused = true;
    else if (result.ok() || result.error().code != ErrorCode::kCancelled) mailbox->Run(answered);
  };
  const std::uint64_t wait = lane.context.gate->WaitApproval(decision.tenant, decision.approval_id, told);
  if (*refused) {
    tasks.Drop(task->id);
    return false;
  }
  tasks.SetStop(task->id, [gate = lane.context.gate, wait] { gate->CancelApprovalWait(wait); });
  const ExchangePtr to = WithReceipt(exchange, *lane.context.gate, decision);
  const http::HeaderList fields{{"Content-Type", "application/json"}, {kApprovalIdField, decision.approval_id}};
  to->Send(200, fields, TaskCreatedReply(*wish.message->id(), *task, wish.era));
  return true;
}

void AnswerInput(Lane& lane, const OwnTask& task, const json::Value& responses) {
  const auto asked = lane.context.own_tasks->TakeInputRequest(task.id);
  if (asked == nullptr || task.origin == nullptr) return;
  json::Value body = *json::Parse(task.origin->body, {.max_bytes = task.origin->body.size(), .max_depth = kMaxMessageDepth});
  json::Value& params = *body.Find("params");
  params.Set("inputResponses", responses);
  if (const json::Value* state = asked->AtPointer("/result/requestState")) params.Set("requestState", *state);
  const json::Value id = *body.Find("id");
  MakeCall(lane, task, id, Era::kModern, std::nullopt, json::Write(body));
}

}  // namespace intentgate::mcp
