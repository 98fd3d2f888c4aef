#include "mcp/own_task_visit.h"

#include <utility>

#include "http/sse.h"
#include "mcp/approval_task.h"
#include "mcp/credential.h"
#include "mcp/exchange_util.h"
#include "mcp/held_exchange.h"
#include "mcp/task_forms.h"
#include "mcp/task_ids.h"
#include "mcp/tasks.h"

namespace intentgate::mcp {
namespace {

void RefuseTask(http::Exchange& exchange, const json::Value& id, Era era, std::string_view why) {
  const int status = era == Era::kModern ? 400 : 200;
  SendJson(exchange, status, ErrorReply(id, kInvalidParams, CodeMessage(kInvalidParams), why));
}

// The upstream is asked under its own id; the client has the gateway's.
void AskUpstream(Lane& lane, const TaskVisit& visit, const OwnTask& task) {
  auto known = TaskOf(lane.context, task.link, task.principal);
  if (!known) return RefuseTask(*visit.exchange, *visit.message->id(), visit.era, kNoTask);
  known->client_id = task.id;
  RelayTask relay = AboutTask(lane, visit.exchange, visit.message, visit.era, std::move(*known));
  relay.bound = visit.bound;
  StartRelay(lane, std::move(relay));
}

// tasks/result of a task that is not over. Loop-bound; the exchange's close callback owns it.
class ResultWait : public std::enable_shared_from_this<ResultWait> {
 public:
  ResultWait(Lane& lane, TaskVisit visit, std::string task)
      : lane_(lane), visit_(std::move(visit)), task_(std::move(task)), exchange_(std::make_shared<HeldExchange>(visit_.exchange)),
        timer_(visit_.exchange->loop(), [this] { OnTimer(); }) {}

  void Start() {
    visit_.exchange->OnClose([self = shared_from_this()] { self->Stop(); });
    if (AcceptsEventStream(visit_.exchange->request())) exchange_->Begin({});
    timer_.Set(lane_.keep_alive());
    const auto changed = [weak = weak_from_this(), mailbox = lane_.mailbox] {
      mailbox->Run([weak] {
        if (const auto self = weak.lock()) self->End();
      });
    };
    const std::uint64_t watch = lane_.context.own_tasks->Watch(task_, changed);
    if (!over_) watch_ = watch;
  }

 private:
  void OnTimer() {
    const auto self = shared_from_this();
    const Decision caller = CheckCaller(*lane_.context.gate, *visit_.exchange);
    if (!caller.allowed()) {
      const auto to = exchange_;
      Stop();
      to->OnClose(nullptr);
      return SendUnauthorized(*lane_.context.settings, *to, *visit_.message->id(), caller);
    }
    // The time of a task may be over while its result is waited for.
    if (!lane_.context.own_tasks->Find(task_, visit_.principal)) return End();
    if (exchange_->begun()) {
      std::string out;
      http::AppendSseComment("waiting for the task", out);
      exchange_->Write(out);
    }
    timer_.Set(lane_.keep_alive());
  }

  void End() {
    if (over_) return;
    const auto self = shared_from_this();
    Stop();
    exchange_->OnClose(nullptr);
    visit_.exchange = exchange_;
    if (!AnswerAboutOwnTask(lane_, visit_)) RefuseTask(*exchange_, *visit_.message->id(), visit_.era, kNoTask);
  }

  void Stop() {
    over_ = true;
    timer_.Clear();
    if (watch_ != 0) lane_.context.own_tasks->Unwatch(std::exchange(watch_, 0));
  }

  Lane& lane_;
  TaskVisit visit_;
  const std::string task_;
  const std::shared_ptr<HeldExchange> exchange_;
  net::Timer timer_;
  std::uint64_t watch_ = 0;
  bool over_ = false;
};

void Cancel(Lane& lane, const TaskVisit& visit, const OwnTask& task) {
  const json::Value& id = *visit.message->id();
  if (!lane.context.own_tasks->Cancel(task.id)) return RefuseTask(*visit.exchange, id, visit.era, "the task is over");
  if (visit.era == Era::kModern) return SendJson(*visit.exchange, 200, ResultReply(id, json::MakeObject({{"resultType", "complete"}})));
  const auto now = lane.context.own_tasks->Find(task.id, task.principal);
  SendJson(*visit.exchange, 200, TaskStateReply(id, now ? *now : task, visit.era));
}

void Update(Lane& lane, const TaskVisit& visit, const OwnTask& task) {
  const json::Value& id = *visit.message->id();
  const json::Value* responses = visit.message->params()->Find("inputResponses");
  if (responses == nullptr || !responses->is_object()) return RefuseTask(*visit.exchange, id, visit.era, "params.inputResponses must be an object");
  AnswerInput(lane, task, *responses);
  SendJson(*visit.exchange, 200, ResultReply(id, json::MakeObject({{"resultType", "complete"}})));
}

}  // namespace

bool AnswerAboutOwnTask(Lane& lane, const TaskVisit& visit) {
  const json::Value* named = visit.message->params() == nullptr ? nullptr : visit.message->params()->Find("taskId");
  if (named == nullptr || !named->is_string()) return false;
  const auto task = lane.context.own_tasks->Find(named->string_value(), visit.principal);
  if (!task || !CoversTool(lane, task->upstream, task->tool, CredentialOf(*visit.exchange))) return false;
  const std::string_view method = visit.message->method();
  const json::Value& id = *visit.message->id();
  if (!task->link.empty() && !task->over()) AskUpstream(lane, visit, *task);
  else if (method == "tasks/cancel") Cancel(lane, visit, *task);
  else if (method == "tasks/update") Update(lane, visit, *task);
  else if (method == "tasks/get") SendJson(*visit.exchange, 200, TaskStateReply(id, *task, visit.era));
  else if (task->over()) SendJson(*visit.exchange, 200, TaskResultReply(id, *task));
  else std::make_shared<ResultWait>(lane, visit, task->id)->Start();
  return true;
}

json::Array ListedOwnTasks(Lane& lane, const http::Exchange& exchange, const std::string& principal) {
  json::Array listed;
  for (const OwnTask& task : lane.context.own_tasks->Of(principal)) {
    if (!task.link.empty() || !CoversTool(lane, task.upstream, task.tool, CredentialOf(exchange))) continue;
    listed.push_back(TaskJson(task, Era::kLegacy));
  }
  return listed;
}

}  // namespace intentgate::mcp
