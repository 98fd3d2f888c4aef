// Tested by tests/integration/server/approval_tasks_test.cc and offered_tasks_test.cc.
#include "mcp/task_call.h"

#include <utility>
#include <vector>

#include "mcp/approval_wait.h"
#include "mcp/exchange_util.h"
#include "mcp/handshake.h"
#include "mcp/receipt_header.h"
#include "mcp/task_forms.h"
#include "mcp/tasks.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kMade = "the call is being made";
constexpr std::string_view kTooMany = "the caller has too many tasks that are not over: cancel one, or wait for one, and call again";

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

std::optional<std::int64_t> AskedTtl(const Message& message) {
  const json::Value* ttl = message.params()->AtPointer("/task/ttl");
  return ttl == nullptr ? std::nullopt : ttl->AsInt64();
}

std::shared_ptr<const CallOrigin> OriginOf(http::Exchange& exchange, std::string body, std::string_view approval_id) {
  CallOrigin origin{exchange.request(), std::move(body), exchange.remote_address(), std::string(exchange.proven_key())};
  // What is answered later is answered whole, and nobody is asked to wait for it.
  for (const std::string_view name : {std::string_view("Prefer"), kReceiptHeader}) origin.head.headers.Remove(name);
  origin.head.headers.Set("Accept", "application/json");
  if (!approval_id.empty()) origin.head.headers.Set(kApprovalIdField, approval_id);
  return std::make_shared<const CallOrigin>(std::move(origin));
}

}  // namespace

json::Value WithoutTask(const json::Value& body) {
  json::Value out = body;
  json::Value* params = out.Find("params");
  if (params != nullptr && params->is_object()) std::erase_if(params->object(), [](const json::Member& member) { return member.name == "task"; });
  return out;
}

bool OffersTasks(const Lane& lane, const std::optional<BoundSession>& bound) {
  return lane.context.settings->offer_tasks && bound && bound->protocol >= kFirstWithTasks;
}

bool MakesTask(const Lane& lane, const TaskWish& wish) {
  if (wish.era != Era::kLegacy || wish.message->method() != "tools/call" || !AsksForTask(*wish.message)) return false;
  return OffersTasks(lane, wish.bound) && !lane.context.catalogue->MakesTasks(wish.upstream, wish.tool);
}

std::optional<OwnTask> AddTask(Lane& lane, http::Exchange& exchange, const TaskWish& wish, std::string principal, std::string_view note,
                               std::string_view approval_id) {
  OwnTask draft;
  draft.principal = std::move(principal);
  if (wish.bound) draft.session = wish.bound->id;
  draft.tool = wish.tool;
  draft.upstream = wish.upstream;
  draft.note = note;
  std::string body = MakesTask(lane, wish) ? json::Write(WithoutTask(wish.message->body())) : std::string(exchange.body());
  draft.origin = OriginOf(exchange, std::move(body), approval_id);
  return lane.context.own_tasks->Add(std::move(draft), AskedTtl(*wish.message));
}

std::shared_ptr<DetachedExchange> CallerOf(Lane& lane, const OwnTask& task, const json::Value& id, Era era,
                                           const std::optional<BoundSession>& bound, std::string body) {
  const auto done = [tasks = lane.context.own_tasks, task = task.id, id, era](const std::optional<std::string>& answer) { TakeAnswer(*tasks, task, id, era, answer); };
  auto caller = std::make_shared<DetachedExchange>(lane.loop, task.origin, std::move(body), OwnTasks::kMaxAnswerBytes, done);
  const auto stop = [&lane, weak = std::weak_ptr<DetachedExchange>(caller), origin = task.origin, id, bound, principal = task.principal] {
    const auto running = weak.lock();
    if (running == nullptr) return;
    running->Leave();
    if (bound) TellCancelled(lane, origin, id, *bound, principal);
  };
  lane.context.own_tasks->SetStop(task.id, [mailbox = lane.mailbox, stop] { mailbox->Run(stop); });
  return caller;
}

ExchangePtr AnswerWithTask(Lane& lane, const ExchangePtr& exchange, const TaskWish& wish, const Decision& decision) {
  const json::Value& id = *wish.message->id();
  const auto task = AddTask(lane, *exchange, wish, PrincipalOf(decision), kMade, {});
  if (!task) {
    Outcome outcome;
    outcome.outcome = "cancelled";
    lane.context.gate->RecordOutcome(decision, outcome);
    SendJson(*exchange, 200, ErrorReply(id, kInternalError, kTooMany));
    return nullptr;
  }
  const auto caller = CallerOf(lane, *task, id, wish.era, wish.bound, task->origin->body);
  SendJson(*exchange, 200, TaskCreatedReply(id, *task, wish.era));
  return caller;
}

}  // namespace intentgate::mcp
