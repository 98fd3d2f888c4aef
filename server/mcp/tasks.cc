#include "mcp/tasks.h"

#include <memory>
#include <utility>

#include "mcp/task_ids.h"

namespace intentgate::mcp {
namespace {

const std::string* TextIn(const json::Value& value, std::string_view pointer) {
  const json::Value* at = value.AtPointer(pointer);
  return at != nullptr && at->is_string() ? &at->string_value() : nullptr;
}

void RecordEnd(const Context& context, const KnownTask& known, std::string_view how) {
  const auto call = context.tasks->TakeCall(known);
  if (!call) return;
  Outcome outcome;
  outcome.outcome = how;
  outcome.upstream_status = 200;
  outcome.latency_us = (context.clock->MonotonicNanos() - call->start_nanos) / 1000;
  context.metrics->Forwarded(telemetry::ForwardOutcome::kSuccess, static_cast<double>(outcome.latency_us) / 1e6);
  context.gate->RecordOutcome(call->decision, outcome);
}

// How the task has ended, by what is said of it; "" while it goes on. A result of 2025-11-25 has an answer of its own.
std::string_view EndIn(const Answer& answer, Era era) {
  const std::string* status = answer.rpc_error ? nullptr : TextIn(answer.body, "/result/status");
  if (status == nullptr) return {};
  if (*status == "cancelled") return "cancelled";
  if (*status == "failed") return "tool_error";
  if (*status != "completed" || era == Era::kLegacy) return {};
  const json::Value* failed = answer.body.AtPointer("/result/result/isError");
  return failed != nullptr && *failed == json::Value(true) ? "tool_error" : "success";
}

}  // namespace

const std::string* HandleIn(const Answer& answer, Era era) {
  if (answer.rpc_error) return nullptr;
  if (era == Era::kLegacy) return TextIn(answer.body, "/result/task/taskId");
  const std::string* type = TextIn(answer.body, "/result/resultType");
  return type != nullptr && *type == "task" ? TextIn(answer.body, "/result/taskId") : nullptr;
}

bool CoversTool(Lane& lane, std::size_t upstream, const std::string& tool, const Credential& caller) {
  const std::vector<std::string> tools{tool};
  return lane.context.gate->VisibleTools(caller.token, lane.At(upstream).upstream->name(), tools, caller.holder).front();
}

bool AsksForTask(const Message& message) {
  return message.params() != nullptr && message.params()->Find("task") != nullptr;
}

bool TakesTasks(const Message& message) {
  const json::Value* meta = message.params() == nullptr ? nullptr : message.params()->Find("_meta");
  const json::Value* capabilities = meta == nullptr ? nullptr : meta->Find(kMetaCapabilities);
  const json::Value* extensions = capabilities == nullptr ? nullptr : capabilities->Find("extensions");
  return extensions != nullptr && extensions->Find(kTasksExtension) != nullptr;
}

void KeepHandle(Lane& lane, RelayTask& task, std::string_view tool) {
  const bool may = task.era == Era::kModern ? TakesTasks(*task.message) : AsksForTask(*task.message);
  if (!may || task.message->method() != "tools/call") return;
  task.looks = [&lane, era = task.era, known = KnownTask{task.upstream, {}, task.principal, std::string(tool), {}}](
                   const Answer& answer, const std::optional<Decision>& decision, std::int64_t start_nanos) {
    const std::string* id = HandleIn(answer, era);
    if (id == nullptr || !decision) return false;
    KnownTask begun = known;
    begun.id = *id;
    auto client_id = ClientIdOf(lane.context, begun);
    if (!client_id) return false;
    begun.client_id = std::move(*client_id);
    bool kept = false;
    const std::int64_t now = lane.context.clock->MonotonicNanos();
    for (const PendingOutcome& lost : lane.context.tasks->Add(std::move(begun), PendingOutcome{{}, {}, *decision, start_nanos}, now, kept)) {
      RecordLost(lane.context, lost);
    }
    return kept;
  };
  if (lane.context.sealed_tasks == nullptr) return;
  task.change = [&lane, upstream = task.upstream, principal = task.principal, era = task.era, more = std::move(task.change)](Answer& answer) {
    const bool named = NameHandle(lane.context, upstream, principal, era, answer);
    auto text = more ? more(answer) : std::nullopt;
    if (!text && named) text = json::Write(answer.body);
    return text;
  };
}

std::optional<KnownTask> FindTask(Lane& lane, const Message& message, const Credential& caller, const std::string& principal) {
  const json::Value* id = message.params() == nullptr ? nullptr : message.params()->Find("taskId");
  if (id == nullptr || !id->is_string()) return std::nullopt;
  auto known = TaskOf(lane.context, id->string_value(), principal);
  // A narrower token of the same root may not have the tool.
  if (known && !CoversTool(lane, known->upstream, known->tool, caller)) return std::nullopt;
  return known;
}

RelayTask AboutTask(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, Era era, KnownTask known) {
  RelayTask task{.exchange = std::move(exchange), .message = std::move(message), .era = era, .upstream = known.upstream};
  task.principal = known.principal;
  if (known.client_id != known.id) {
    json::Value body = task.message->body();
    body.Find("params")->Set("taskId", known.id);
    task.body = json::Write(body);
    task.own_name = known.id;
    task.change = [known](Answer& answer) {
      return NameTask(known, answer) ? std::optional<std::string>(json::Write(answer.body)) : std::nullopt;
    };
  }
  if (task.message->method() == "tasks/result") {
    task.waits = true;
    task.concluded = [&lane, known](bool failed) { RecordEnd(lane.context, known, failed ? "tool_error" : "success"); };
    return task;
  }
  task.looks = [&lane, known = std::move(known), era](const Answer& answer, const std::optional<Decision>&, std::int64_t) {
    if (const std::string_view how = EndIn(answer, era); !how.empty()) RecordEnd(lane.context, known, how);
    return false;
  };
  return task;
}

std::vector<bool> VisibleTasks(Lane& lane, std::size_t upstream, const Credential& caller, const std::vector<std::string>& ids) {
  const Decision who = lane.context.gate->CheckToken(caller.token, caller.holder);
  std::vector<bool> visible;
  for (const std::string& id : ids) {
    const auto known = who.allowed() ? lane.context.tasks->FindAt(upstream, id, PrincipalOf(who)) : std::nullopt;
    visible.push_back(known && CoversTool(lane, known->upstream, known->tool, caller));
  }
  return visible;
}

}  // namespace intentgate::mcp
