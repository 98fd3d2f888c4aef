// Tested by tests/integration/server/sealed_tasks_test.cc; without a key, by tasks_test.cc.
#include "mcp/task_ids.h"

#include <utility>

#include "mcp/question_ids.h"
#include "mcp/task_forms.h"
#include "mcp/tasks.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kTaskNotifications = "notifications/tasks";
constexpr std::string_view kAcknowledged = "notifications/subscriptions/acknowledged";

json::Value* In(json::Value* value, std::string_view name) { return value == nullptr ? nullptr : value->Find(name); }

json::Value* TextIn(json::Value* value, std::string_view name) {
  json::Value* text = In(value, name);
  return text != nullptr && text->is_string() ? text : nullptr;
}

// Where a message says to which task it belongs.
json::Value* MetaOf(json::Value& message) { return In(message.Find(message.Find("method") != nullptr ? "params" : "result"), "_meta"); }

// Puts the client's ids in place of an upstream's.
class Naming {
 public:
  Naming(const Context& context, std::size_t upstream, std::string_view principal)
      : context_(context), upstream_(upstream), principal_(principal) {}

  // False: it is no id of a task that is known to be the principal's.
  bool Name(json::Value* id) {
    const auto known = id == nullptr ? std::nullopt : context_.tasks->FindAt(upstream_, id->string_value(), principal_);
    if (!known) return false;
    if (known->client_id == known->id) return true;
    *id = known->client_id;
    changed_ = true;
    return true;
  }

  void NameRelated(json::Value& message) {
    json::Value* meta = MetaOf(message);
    json::Value* related = In(meta, kRelatedTask);
    if (context_.sealed_tasks == nullptr || related == nullptr || Name(TextIn(related, "taskId"))) return;
    std::erase_if(meta->object(), [](const json::Member& member) { return member.name == kRelatedTask; });
    changed_ = true;
  }

  void NameSubscribed(json::Value* notifications) {
    json::Value* ids = In(notifications, "taskIds");
    if (ids == nullptr || !ids->is_array()) return;
    json::Array named;
    for (json::Value& id : ids->array()) {
      if (id.is_string() && Name(&id)) named.push_back(std::move(id));
      else changed_ = true;
    }
    *ids = json::Value(std::move(named));
  }

  bool changed() const { return changed_; }

 private:
  const Context& context_;
  const std::size_t upstream_;
  const std::string_view principal_;
  bool changed_ = false;
};

}  // namespace

std::optional<KnownTask> TaskOf(const Context& context, std::string_view client_id, const std::string& principal) {
  if (context.sealed_tasks == nullptr) return context.tasks->Find(client_id, principal);
  auto opened = context.sealed_tasks->Open(client_id, principal);
  if (!opened || context.tasks->FindAt(opened->upstream, opened->id, principal)) return opened;
  bool kept = false;
  for (const PendingOutcome& lost : context.tasks->Add(*opened, std::nullopt, context.clock->MonotonicNanos(), kept)) RecordLost(context, lost);
  if (!kept) return std::nullopt;
  return opened;
}

std::optional<std::string> ClientIdOf(const Context& context, const KnownTask& task) {
  return context.sealed_tasks == nullptr ? task.id : context.sealed_tasks->Seal(task);
}

const std::string* RelatedTask(const json::Value& message) {
  const json::Value* in = message.Find(message.Find("method") != nullptr ? "params" : "result");
  const json::Value* meta = in == nullptr ? nullptr : in->Find("_meta");
  const json::Value* related = meta == nullptr ? nullptr : meta->Find(kRelatedTask);
  const json::Value* id = related == nullptr ? nullptr : related->Find("taskId");
  return id != nullptr && id->is_string() ? &id->string_value() : nullptr;
}

json::Value WithRelatedTask(json::Value message, const std::string& id) {
  MetaOf(message)->Find(kRelatedTask)->Set("taskId", id);
  return message;
}

std::optional<std::string> ForStream(const Context& context, std::size_t upstream, json::Value message, std::string_view principal, bool in_parts) {
  Naming naming(context, upstream, principal);
  const json::Value* method = message.Find("method");
  if (method == nullptr) {
    json::Value* result = message.Find("result");
    naming.Name(TextIn(result, "taskId"));
    naming.Name(TextIn(In(result, "task"), "taskId"));
  } else if (method->is_string() && method->string_value().starts_with(kTaskNotifications)) {
    if (!naming.Name(TextIn(message.Find("params"), "taskId"))) return "";
  } else if (*method == json::Value(kAcknowledged)) {
    naming.NameSubscribed(In(message.Find("params"), "notifications"));
  }
  naming.NameRelated(message);
  auto marked = in_parts ? MarkQuestion(upstream, message) : std::nullopt;
  if (!marked && naming.changed()) marked = json::Write(message);
  return marked;
}

void NameListed(const Context& context, std::size_t upstream, std::string_view principal, json::Value& task) {
  Naming(context, upstream, principal).Name(TextIn(&task, "taskId"));
}

bool NameHandle(const Context& context, std::size_t upstream, std::string_view principal, Era era, Answer& answer) {
  if (HandleIn(answer, era) == nullptr) return false;
  Naming naming(context, upstream, principal);
  json::Value* result = answer.body.Find("result");
  naming.Name(TextIn(era == Era::kModern ? result : result->Find("task"), "taskId"));
  return naming.changed();
}

bool NameTask(const KnownTask& task, Answer& answer) {
  json::Value* result = answer.rpc_error ? nullptr : answer.body.Find("result");
  json::Value* id = TextIn(result, "taskId");
  json::Value* related = In(In(result, "_meta"), kRelatedTask);
  if (id != nullptr) *id = task.client_id;
  if (related != nullptr) *related = json::MakeObject({{"taskId", task.client_id}});
  return id != nullptr || related != nullptr;
}

void NameSubscribed(const Context& context, std::size_t upstream, std::string_view principal, json::Value& notifications) {
  Naming(context, upstream, principal).NameSubscribed(&notifications);
}

}  // namespace intentgate::mcp
