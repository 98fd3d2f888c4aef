#include "mcp/tool_call.h"

#include <utility>

#include "mcp/approval_task.h"
#include "mcp/approval_url.h"
#include "mcp/approval_wait.h"
#include "mcp/credential.h"
#include "mcp/denial.h"
#include "mcp/exchange_util.h"
#include "mcp/receipt_header.h"
#include "mcp/reception.h"
#include "mcp/relay.h"
#include "mcp/shared_call.h"
#include "mcp/task_call.h"
#include "mcp/tasks.h"

namespace intentgate::mcp {
namespace {

// What the gate is asked about; it may be asked again when a person has answered. `call` borrows from `message`.
struct Asking {
  std::shared_ptr<const Message> message;
  ToolCall call;
  std::shared_ptr<CallRoute> way;
  std::string approval_id;
  bool plain = false;  // an approval that is pending is told as a refusal
  bool waited = false;
};

void Judge(Lane& lane, ExchangePtr exchange, Asking asking);

// A call that was held. It is asked for anew what a call that came again would be: who offers its tool, and whether the definition is
// still accepted. Before the gate is asked, so that a refusal uses no approval up.
class Resumed : Reception {
 public:
  using Reception::Reception;

  // False: it was answered.
  bool FindsItsTool(const Asking& asking) {
    asking.way->target = FindTarget(*lane_.context.directory, asking.call);
    const std::optional<Target>& target = asking.way->target;
    if (!target && Caller().allowed()) return Turn(asking, kNoUpstream);
    return !IsQuarantined(asking.call, target) || Turn(asking, kQuarantined);
  }

 private:
  bool Turn(const Asking& asking, std::string_view why) {
    Refuse({kInvalidParams, std::string(why), *asking.message->id(), std::string(asking.call.method), std::string(asking.call.name)});
    return false;
  }
};

TaskWish WishOf(const Asking& asking) {
  const CallRoute& way = *asking.way;
  return {asking.message, way.era, std::string(asking.call.name), way.target ? way.target->upstream : 0, way.bound};
}

void Refuse(Lane& lane, const ExchangePtr& exchange, const Asking& asking, const Decision& decision) {
  const auto pending = [&lane, asking, decision](const ExchangePtr& to) {
    const ExchangePtr answered = WithReceipt(to, *lane.context.gate, decision);
    if (!asking.plain && AskByUrl(lane, *answered, *asking.message, asking.call, asking.way->bound, decision)) return;
    SendDenial(lane, *answered, *asking.message->id(), decision, asking.call.name);
  };
  if (asking.waited) return pending(exchange);
  Asking again = asking;
  again.approval_id = decision.approval_id;
  again.waited = true;
  const auto answered = [&lane, again = std::move(again)](ExchangePtr held) {
    if (Resumed(lane, held).FindsItsTool(again)) Judge(lane, std::move(held), again);
  };
  const std::int64_t most = lane.context.settings->approval_wait_seconds;
  const std::int64_t seconds = asking.way->approval_id.empty() || asking.plain ? SecondsToWait(exchange->request().headers, most) : most;
  if (HoldForApproval(lane, exchange, *asking.message, decision, seconds, {answered, pending})) return;
  if (asking.approval_id.empty() && WaitAsTask(lane, exchange, WishOf(asking), decision)) return;
  pending(exchange);
}

void Forward(Lane& lane, ExchangePtr exchange, const Asking& asking, Decision decision) {
  CallRoute& route = *asking.way;
  // The lists changed between the look-up and the answer.
  if (!route.target) return SendJson(*exchange, 200, ErrorReply(*asking.message->id(), kInvalidParams, kNoUpstream));
  // A modern client that has left would never learn of its task.
  const bool left = route.era == Era::kModern && exchange->closed();
  if (const TaskWish wish = WishOf(asking); !left && MakesTask(lane, wish)) {
    exchange = AnswerWithTask(lane, exchange, wish, decision);
    if (exchange == nullptr) return;
    route.body = WithoutTask(asking.message->body());
  }
  std::shared_ptr<const Message> message = asking.message;
  if (route.target->own_name) {
    const json::Value& body = route.body ? *route.body : message->body();
    message = std::make_shared<const Message>(message->kind(), WithOwnName(body, message->method(), *route.target->own_name));
    route.body = message->body();
  }
  if (route.era == Era::kLegacy && !route.bound) {
    return StartSharedCall(lane, exchange, std::move(message), std::move(decision), route.target->upstream);
  }
  RelayTask task{.exchange = exchange, .message = std::move(message), .era = route.era, .upstream = route.target->upstream};
  task.principal = PrincipalOf(decision);
  task.bound = std::move(route.bound);
  if (route.body) task.body = json::Write(*route.body);
  task.own_name = route.target->own_name;
  task.change = std::move(route.change);
  task.decision = std::move(decision);
  KeepHandle(lane, task, asking.call.name);
  StartRelay(lane, std::move(task));
}

void Judge(Lane& lane, ExchangePtr exchange, Asking asking) {
  const http::HeaderList& headers = exchange->request().headers;
  const Credential credential = CredentialOf(*exchange);
  const Call asked{.token = credential.token,
                   .tool = asking.call.name,
                   .arguments = asking.call.arguments,
                   .method = asking.call.method,
                   .prompt = headers.Get("X-Intent-Prompt").value_or(""),
                   .session_id = asking.way->bound ? std::string_view(asking.way->bound->id) : std::string_view(),
                   .remote_ip = exchange->remote_address(),
                   .server = asking.way->target ? std::string_view(lane.At(asking.way->target->upstream).upstream->name()) : std::string_view(),
                   .continues = asking.way->continues,
                   .approval_id = asking.approval_id,
                   .holder = credential.holder};
  Gate& gate = *lane.context.gate;
  // The callback may be on any thread; it touches nothing but the mailbox, and keeps nothing that is the loop's.
  gate.AuthorizeAsync(asked, [&lane, mailbox = lane.mailbox, exchange, asking](Decision decision) mutable {
    mailbox->Run([&lane, exchange = std::move(exchange), asking = std::move(asking), decision = std::move(decision)]() mutable {
      lane.context.metrics->Decided(decision);
      if (!asking.approval_id.empty()) SettleToldApproval(lane, asking.way->bound, asking.call, decision);
      if (!decision.allowed()) return Refuse(lane, exchange, asking, decision);
      const ExchangePtr answered = WithReceipt(exchange, *lane.context.gate, decision);
      Forward(lane, answered, asking, std::move(decision));
    });
  });
}

}  // namespace

void RunToolCall(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, const ToolCall& call,
                 CallRoute route) {
  const std::string_view field = ApprovalIdOf(exchange->request().headers);
  std::string approval_id = field.empty() ? route.approval_id : std::string(field);
  // Who names an approval in a field comes again by itself.
  const bool plain = !field.empty() || route.declined;
  Asking asking{std::move(message), call, std::make_shared<CallRoute>(std::move(route)), std::move(approval_id), plain};
  Judge(lane, std::move(exchange), std::move(asking));
}

}  // namespace intentgate::mcp
