#include "mcp/legacy_visit.h"

#include <utility>
#include <variant>

#include "mcp/admission.h"
#include "mcp/approval_url.h"
#include "mcp/batch.h"
#include "mcp/event_stream.h"
#include "mcp/exchange_util.h"
#include "mcp/find_session.h"
#include "mcp/handshake.h"
#include "mcp/lists.h"
#include "mcp/merged_session.h"
#include "mcp/merged_stream.h"
#include "mcp/own_task_visit.h"
#include "mcp/relay.h"
#include "mcp/target.h"
#include "mcp/tasks.h"
#include "mcp/tool_call.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kNotificationPrefix = "notifications/";
constexpr std::string_view kUnknownRevision = "MCP-Protocol-Version names a revision that is not served here";

}  // namespace

void LegacyVisit::Post(std::shared_ptr<const Message> message) {
  const bool initialize = message->method() == "initialize" && message->kind() == MessageKind::kRequest;
  bool bad_protocol = false;
  protocol_ = ProtocolOf(head_, bad_protocol);
  if (bad_protocol && !initialize) return Turn(400, kUnknownRevision);
  if (message->kind() == MessageKind::kRequest) return OnRequest(message);
  OnNotification(*message);
}

void LegacyVisit::Batch() {
  bool bad_protocol = false;
  protocol_ = ProtocolOf(head_, bad_protocol);
  if (IsModern(head_)) {
    return Refuse({kInvalidRequest, "the revision " + std::string(kModernProtocol) + " has no batches: send one message a request", {}, {}, {}});
  }
  if (bad_protocol) return Turn(400, kUnknownRevision);
  const Decision caller = Caller();
  if (!caller.allowed()) return Unauthorized({}, caller);
  const auto bound = Bound(caller);
  if (!bound && !SessionId().empty()) return NoSession({});
  const std::string_view protocol = bound ? std::string_view(bound->protocol) : protocol_;
  if (protocol != kBatchProtocol) {
    return Refuse({kInvalidRequest, "batches are served in sessions of the revision 2025-03-26 alone: send one message a request",
                   {}, {}, {}});
  }
  RunBatch(lane_, exchange_);
}

void LegacyVisit::Get() {
  if (const auto refusal = CheckAdmission(*lane_.context.settings, head_)) return Turn(refusal->status, refusal->reason);
  bool bad_protocol = false;
  protocol_ = ProtocolOf(head_, bad_protocol);
  // Also the modern era has no GET; and a client without a session has no stream to listen to.
  if (bad_protocol || SessionId().empty() || head_.method != "GET") {
    return exchange_->Send(405, {{"Allow", "DELETE, POST"}}, {});
  }
  const Decision caller = Caller();
  if (!caller.allowed()) return Unauthorized({}, caller);
  const auto bound = Bound(caller);
  if (!bound) return NoSession({});
  if (bound->parts != nullptr) return RunMergedStream(lane_, exchange_, *bound, PrincipalOf(caller));
  RunEventStream(lane_, exchange_, *bound, PrincipalOf(caller));
}

void LegacyVisit::Delete() {
  if (const auto refusal = CheckAdmission(*lane_.context.settings, head_)) return Turn(refusal->status, refusal->reason);
  bool bad_protocol = false;
  protocol_ = ProtocolOf(head_, bad_protocol);
  if (bad_protocol) return exchange_->Send(405, {{"Allow", "POST"}}, {});
  const Decision caller = Caller();
  if (!caller.allowed()) return Unauthorized({}, caller);
  const auto bound = Bound(caller);
  if (!bound) return NoSession({});
  EndSession(lane_, exchange_, *bound, PrincipalOf(caller));
}

void LegacyVisit::NoSession(const json::Value& id) {
  SendJson(*exchange_, 404, ErrorReply(id, kInvalidRequest, "session not found"));
}

std::optional<BoundSession> LegacyVisit::Bound(const Decision& caller) {
  const std::string_view id = SessionId();
  if (id.empty()) return std::nullopt;
  std::optional<BoundSession> bound = FindSession(lane_.context, id, PrincipalOf(caller));
  // What was negotiated decides: a header must not bring back what the session's revision has given up.
  if (bound && bound->protocol.empty()) bound->protocol = protocol_;
  return bound;
}

void LegacyVisit::OnRequest(const std::shared_ptr<const Message>& message) {
  const Method* method = FindMethod(message->method(), Era::kLegacy);
  if (method != nullptr && method->rule == Rule::kPing) {
    return OnPing(*message->id());
  }
  if (method != nullptr && method->rule == Rule::kJudged) return OnJudged(message);
  const Decision caller = Caller();
  if (method != nullptr && method->rule == Rule::kHandshake) return RunInitialize(lane_, exchange_, message, caller);
  if (!caller.allowed()) return Unauthorized(*message->id(), caller);
  if (method == nullptr) {
    return Refuse({kMethodNotFound, "this gateway has no rule for the method", *message->id(), std::string(message->method()), {}});
  }
  auto bound = Bound(caller);
  if (!bound && !SessionId().empty()) return NoSession(*message->id());
  if (method->rule == Rule::kList) {
    return RunList(lane_, {exchange_, message, method, Era::kLegacy, PrincipalOf(caller), std::move(bound)});
  }
  if (!bound) return Turn(400, "the method needs a session: begin with initialize", *message->id());
  if (method->rule == Rule::kTask) return OnTask(message, caller, std::move(*bound));
  if (lane_.merged() && method->name == "logging/setLevel") return RunAtAll(lane_, exchange_, *message, *bound);
  RelayTask task{.exchange = exchange_, .message = message, .era = Era::kLegacy};
  if (method->name == "resources/unsubscribe") {
    const auto target = FindTarget(*lane_.context.directory, {.name = method->name, .arguments = message->params(), .method = method->name});
    if (!target) return Refuse({kInvalidParams, std::string(kNoUpstream), *message->id(), std::string(method->name), {}});
    task.upstream = target->upstream;
  }
  task.principal = PrincipalOf(caller);
  task.bound = std::move(bound);
  StartRelay(lane_, std::move(task));
}

// A client that names its session asks whether that is alive, too, and keeps it so. One without needs no token, for the public SDKs.
void LegacyVisit::OnPing(const json::Value& id) {
  if (!SessionId().empty()) {
    const Decision caller = Caller();
    if (!caller.allowed()) return Unauthorized(id, caller);
    if (!Bound(caller)) return NoSession(id);
  }
  SendJson(*exchange_, 200, ResultReply(id, json::MakeObject({})));
}

void LegacyVisit::OnTask(const std::shared_ptr<const Message>& message, const Decision& caller, BoundSession bound) {
  if (AnswerAboutOwnTask(lane_, {exchange_, message, Era::kLegacy, PrincipalOf(caller), bound})) return;
  auto known = FindTask(lane_, *message, CredentialOf(*exchange_), PrincipalOf(caller));
  if (!known) return Refuse({kInvalidParams, std::string(kNoTask), *message->id(), std::string(message->method()), {}});
  RelayTask task = AboutTask(lane_, exchange_, message, Era::kLegacy, std::move(*known));
  task.bound = std::move(bound);
  StartRelay(lane_, std::move(task));
}

void LegacyVisit::OnJudged(const std::shared_ptr<const Message>& message) {
  auto read = ReadToolCall(*message);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return Refuse(*refusal);
  const ToolCall& call = std::get<ToolCall>(read);
  std::optional<Target> target = FindTarget(*lane_.context.directory, call);
  if (!target && Caller().allowed()) {
    return Refuse({kInvalidParams, std::string(kNoUpstream), *message->id(), std::string(call.method), std::string(call.name)});
  }
  if (IsQuarantined(call, target)) {
    return Refuse({kInvalidParams, std::string(kQuarantined), *message->id(), std::string(call.method), std::string(call.name)});
  }
  std::optional<BoundSession> bound;
  if (!SessionId().empty()) {
    // A session is looked up by who asks, so the token comes first. One that is not good finds no session
    // and is refused by the gate below, in the chain.
    const Decision caller = Caller();
    bound = Bound(caller);
    if (!bound && caller.allowed()) {
      Record({kInvalidRequest, "the call names a session that its caller does not have", *message->id(),
              std::string(call.method), std::string(call.name)});
      return NoSession(*message->id());
    }
  } else if (call.method == "resources/subscribe" || AsksForTask(*message)) {
    return Turn(400, "a subscription and a task need a session: begin with initialize", *message->id());
  }
  CallRoute route;
  route.approval_id = ToldApproval(lane_, bound, *message, call);
  route.bound = std::move(bound);
  route.target = std::move(target);
  RunToolCall(lane_, exchange_, message, call, std::move(route));
}

void LegacyVisit::OnNotification(const Message& message) {
  // A tool server might do what such a message asks for, and no rule here has judged it.
  if (message.kind() == MessageKind::kNotification && !message.method().starts_with(kNotificationPrefix)) {
    return Refuse({kInvalidRequest, "only methods that begin with notifications/ come without an id", {},
                   std::string(message.method()), {}});
  }
  const Decision caller = Caller();
  if (!caller.allowed()) {
    if (message.method() == "notifications/initialized") return exchange_->Send(202, {}, {});
    return Unauthorized({}, caller);
  }
  const auto bound = Bound(caller);
  if (bound) return RelayMessage(lane_, exchange_, message, *bound, PrincipalOf(caller));
  if (!SessionId().empty()) return NoSession({});
  if (message.kind() == MessageKind::kResponse) return Turn(400, "an answer needs a session");
  // Without a session there is nobody to tell.
  exchange_->Send(202, {}, {});
}

}  // namespace intentgate::mcp
