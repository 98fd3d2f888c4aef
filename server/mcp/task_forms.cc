#include "mcp/task_forms.h"

#include <utility>

#include "http/sse.h"
#include "mcp/answer.h"
#include "mcp/message.h"
#include "mcp/subscriptions.h"

namespace intentgate::mcp {
namespace {

constexpr int kPollMillis = 1'000;

void SetIf(json::Value& into, std::string_view name, const json::Value* value) {
  if (value != nullptr) into.Set(name, *value);
}

// The member, an object; made when it is not there, or none.
json::Value& ObjectAt(json::Value& in, std::string_view name) {
  const json::Value* there = in.Find(name);
  if (there == nullptr || !there->is_object()) in.Set(name, json::MakeObject({}));
  return *in.Find(name);
}

std::string NotificationEvent(std::string_view method, json::Value params) {
  const json::Value message = json::MakeObject({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
  std::string event;
  http::AppendSseEvent({}, {}, json::Write(message), event);
  return event;
}

// With what became of the call, which the modern era says there.
json::Value DetailedJson(const OwnTask& task, Era era) {
  json::Value body = TaskJson(task, era);
  if (era == Era::kLegacy) return body;
  const json::Value none;
  const json::Value& answer = task.answer == nullptr ? none : *task.answer;
  if (task.state == TaskState::kCompleted) SetIf(body, "result", answer.Find("result"));
  if (task.state == TaskState::kFailed) SetIf(body, "error", answer.Find("error"));
  if (task.state == TaskState::kInputRequired) SetIf(body, "inputRequests", answer.AtPointer("/result/inputRequests"));
  return body;
}

}  // namespace

void OfferTasks(json::Value& capabilities, Era era) {
  if (capabilities.Find("tools") == nullptr) return;
  if (era == Era::kModern) {
    ObjectAt(ObjectAt(capabilities, "extensions"), kTasksExtension);
    return;
  }
  json::Value& tasks = ObjectAt(capabilities, "tasks");
  for (const std::string_view method : {"list", "cancel"}) ObjectAt(tasks, method);
  ObjectAt(ObjectAt(ObjectAt(tasks, "requests"), "tools"), "call");
}

void AllowTask(json::Value& tool) {
  if (!MakesTasksItself(tool)) ObjectAt(tool, "execution").Set("taskSupport", "optional");
}

json::Value TaskJson(const OwnTask& task, Era era) {
  const bool modern = era == Era::kModern;
  json::Value out = json::MakeObject({{"taskId", task.id}, {"status", TaskStateName(task.state)}});
  if (!task.note.empty()) out.Set("statusMessage", task.note);
  out.Set("createdAt", FormatTime(task.created_micros));
  out.Set("lastUpdatedAt", FormatTime(task.updated_micros));
  out.Set(modern ? "ttlMs" : "ttl", task.ttl_ms);
  out.Set(modern ? "pollIntervalMs" : "pollInterval", kPollMillis);
  return out;
}

std::string TaskStatusEvent(const OwnTask& task) { return NotificationEvent("notifications/tasks/status", TaskJson(task, Era::kLegacy)); }

std::string TaskNewsEvent(const OwnTask& task, const json::Value& subscription) {
  json::Value params = DetailedJson(task, Era::kModern);
  params.Set("_meta", json::MakeObject({{kMetaSubscription, subscription}}));
  return NotificationEvent("notifications/tasks", std::move(params));
}

std::string TaskCreatedReply(const json::Value& id, const OwnTask& task, Era era) {
  json::Value body = TaskJson(task, era);
  if (era == Era::kLegacy) {
    return ResultReply(id, json::MakeObject({{"task", std::move(body)},
                                             {"_meta", json::MakeObject({{"io.modelcontextprotocol/model-immediate-response", task.note}})}}));
  }
  body.Set("resultType", "task");
  return ResultReply(id, std::move(body));
}

std::string TaskStateReply(const json::Value& id, const OwnTask& task, Era era) {
  json::Value body = DetailedJson(task, era);
  if (era == Era::kModern) body.Set("resultType", "complete");
  return ResultReply(id, std::move(body));
}

std::string TaskResultReply(const json::Value& id, const OwnTask& task) {
  if (task.answer == nullptr) return ErrorReply(id, kInternalError, CodeMessage(kInternalError), "the task was cancelled");
  json::Value body = *task.answer;
  body.Set("id", id);
  json::Value* result = body.Find("result");
  if (result == nullptr) return json::Write(body);
  json::Value meta = result->Find("_meta") == nullptr ? json::MakeObject({}) : *result->Find("_meta");
  if (!meta.is_object()) meta = json::MakeObject({});
  meta.Set(kRelatedTask, json::MakeObject({{"taskId", task.id}}));
  result->Set("_meta", std::move(meta));
  return json::Write(body);
}

}  // namespace intentgate::mcp
