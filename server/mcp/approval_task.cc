#include "mcp/approval_task.h"

#include <utility>

#include "mcp/approval_wait.h"
#include "mcp/detached_exchange.h"
#include "mcp/handshake.h"
#include "mcp/receipt_header.h"
#include "mcp/reception.h"
#include "mcp/task_forms.h"
#include "mcp/tasks.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kWaits = "waits for a person's approval";
constexpr std::string_view kRuns = "approved; the call is being made";

json::Value ErrorAnswer(const json::Value& id, std::string_view why) {
  return json::MakeObject({{"jsonrpc", "2.0"}, {"id", id},
                           {"error", json::MakeObject({{"code", kInternalError}, {"message", CodeMessage(kInternalError)}, {"data", why}})}});
}

// What the task becomes by the answer of its call. Thread-safe.
void TakeAnswer(OwnTasks& tasks, const std::string& task, const json::Value& id, Era era, const std::optional<std::string>& body) {
  Result<Answer> answer = body ? ReadAnswer(*body, id, OwnTasks::kMaxAnswerBytes) : Result<Answer>(Error{ErrorCode::kMalformed, "no answer"});
  if (!answer.ok()) {
    return tasks.Conclude(task, TaskState::kFailed, ErrorAnswer(id, "the call has no answer that a task can hold; it may have been made"), 0);
  }
  if (const std::string* handle = HandleIn(*answer, era)) return tasks.Link(task, *handle);
  const json::Value* type = answer->body.AtPointer("/result/resultType");
  TaskState state = TaskState::kCompleted;
  if (answer->rpc_error || (answer->tool_error && era == Era::kLegacy)) state = TaskState::kFailed;
  if (era == Era::kModern && type != nullptr && *type == json::Value("input_required")) state = TaskState::kInputRequired;
  tasks.Conclude(task, state, std::move(answer->body), body->size());
}

// In the legacy era a tool server goes on when nobody listens, unless it is told.
void TellCancelled(Lane& lane, const std::shared_ptr<const CallOrigin>& origin, const json::Value& id, const BoundSession& bound, const std::string& principal) {
  json::Value body = json::MakeObject({{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", json::MakeObject({{"requestId", id}})}});
  std::string text = json::Write(body);
  const auto to = std::make_shared<DetachedExchange>(lane.loop, origin, std::move(text), OwnTasks::kMaxAnswerBytes, nullptr);
  RelayMessage(lane, to, Message(MessageKind::kNotification, std::move(body)), bound, principal);
}

// Makes the call of `task`; `body` is the request.
void MakeCall(Lane& lane, const OwnTask& task, const json::Value& id, Era era, const std::optional<BoundSession>& bound, std::string body) {
  const auto done = [tasks = lane.context.own_tasks, task = task.id, id, era](const std::optional<std::string>& answer) { TakeAnswer(*tasks, task, id, era, answer); };
  const auto call = std::make_shared<DetachedExchange>(lane.loop, task.origin, std::move(body), OwnTasks::kMaxAnswerBytes, done);
  const auto stop = [&lane, weak = std::weak_ptr<DetachedExchange>(call), origin = task.origin, id, bound, principal = task.principal] {
    const auto running = weak.lock();
    if (running == nullptr) return;
    running->Leave();
    if (bound) TellCancelled(lane, origin, id, *bound, principal);
  };
  lane.context.own_tasks->SetStop(task.id, [mailbox = lane.mailbox, stop] { mailbox->Run(stop); });
  HandlePost(lane, call);
}

std::optional<std::int64_t> AskedTtl(const Message& message) {
  const json::Value* ttl = message.params()->AtPointer("/task/ttl");
  return ttl == nullptr ? std::nullopt : ttl->AsInt64();
}

std::shared_ptr<const CallOrigin> OriginOf(http::Exchange& exchange, const std::string& approval_id) {
  CallOrigin origin{exchange.request(), std::string(exchange.body()), exchange.remote_address(), std::string(exchange.proven_key())};
  // What is answered later is answered whole, and nobody is asked to wait for it.
  for (const std::string_view name : {std::string_view("Prefer"), kReceiptHeader}) origin.head.headers.Remove(name);
  origin.head.headers.Set("Accept", "application/json");
  origin.head.headers.Set(kApprovalIdField, approval_id);
  return std::make_shared<const CallOrigin>(std::move(origin));
}

bool TakesTask(const TaskWish& wish) {
  if (wish.message->method() != "tools/call") return false;
  return wish.era == Era::kModern ? TakesTasks(*wish.message) : wish.bound && AsksForTask(*wish.message);
}

}  // namespace

bool WaitAsTask(Lane& lane, const ExchangePtr& exchange, TaskWish wish, const Decision& decision) {
  if (decision.verdict != Verdict::kEscalate || decision.approval_id.empty() || !TakesTask(wish)) return false;
  OwnTasks& tasks = *lane.context.own_tasks;
  OwnTask draft;
  draft.principal = PrincipalOf(decision);
  draft.tool = wish.tool;
  draft.upstream = wish.upstream;
  draft.note = kWaits;
  draft.origin = OriginOf(*exchange, decision.approval_id);
  const auto task = tasks.Add(std::move(draft), AskedTtl(*wish.message));
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
