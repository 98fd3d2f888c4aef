#include "mcp/reception.h"

#include <memory>
#include <variant>

#include "http/forwarding_exchange.h"
#include "mcp/admission.h"
#include "mcp/answer.h"
#include "mcp/batch.h"
#include "mcp/credential.h"
#include "mcp/exchange_util.h"
#include "mcp/find_session.h"
#include "mcp/legacy_visit.h"
#include "mcp/modern_visit.h"
#include "mcp/task_ids.h"

namespace intentgate::mcp {

std::string_view Reception::Token() const { return http::AccessToken(head_.headers); }
std::string_view Reception::SessionId() const { return head_.headers.Get("Mcp-Session-Id").value_or(""); }
Decision Reception::Caller() const { return CheckCaller(*lane_.context.gate, *exchange_); }

void Reception::Turn(int status, std::string_view reason, const json::Value& id) {
  SendJson(*exchange_, status, ErrorReply(id, kInvalidRequest, CodeMessage(kInvalidRequest), reason));
}

void Reception::Unauthorized(const json::Value& id, const Decision& caller) {
  SendUnauthorized(*lane_.context.settings, *exchange_, id, caller);
}

void Reception::Record(const Refusal& refusal) {
  lane_.context.metrics->Refused();
  if (refusal.code == kParseError && Token().empty()) return;
  const std::string session = SessionName(lane_.context, SessionId());
  const Call call{.token = Token(), .tool = refusal.tool, .arguments = nullptr, .method = refusal.method,
                  .prompt = {}, .session_id = session, .remote_ip = exchange_->remote_address(),
                  .server = lane_.server_name(), .holder = exchange_->proven_key()};
  lane_.context.gate->RecordRefusedRequest(call, refusal.reason);
}

bool Reception::IsQuarantined(const ToolCall& call, const std::optional<Target>& target) const {
  return target && call.method == "tools/call" && lane_.context.catalogue->Quarantined(target->upstream, call.name) &&
         Caller().allowed();
}

void Reception::Refuse(const Refusal& refusal) {
  Record(refusal);
  SendRefusal(*exchange_, refusal);
}

Era EraOf(const http::RequestHead& head, const json::Value& body) {
  if (head.headers.Get("MCP-Protocol-Version").value_or("") == kModernProtocol) return Era::kModern;
  const json::Value* params = body.Find("params");
  const json::Value* meta = params == nullptr ? nullptr : params->Find("_meta");
  return meta != nullptr && meta->Find(kMetaProtocol) != nullptr ? Era::kModern : Era::kLegacy;
}

namespace {

// A request whose message the gateway has changed before it was read any further.
class Changed final : public http::ForwardingExchange {
 public:
  Changed(ExchangePtr inner, std::string body) : ForwardingExchange(std::move(inner)), body_(std::move(body)) {}
  std::string_view body() const override { return body_; }

 private:
  const std::string body_;
};

// Text that is no message, or the message and its era.
class Arrival : Reception {
 public:
  using Reception::Reception;

  void Post() {
    if (const auto refusal = CheckAdmission(*lane_.context.settings, head_)) return Turn(refusal->status, refusal->reason);
    if (IsBatch(exchange_->body())) return LegacyVisit(lane_, exchange_).Batch();
    const auto limit = static_cast<std::size_t>(lane_.context.settings->limits.max_body_bytes);
    auto read = ReadMessage(exchange_->body(), limit);
    if (auto* refusal = std::get_if<Refusal>(&read)) return Refuse(*refusal);
    auto message = std::make_shared<const Message>(std::get<Message>(std::move(read)));
    ExchangePtr exchange = exchange_;
    if (auto body = UnderUpstreamsId(message->body())) {
      exchange = std::make_shared<Changed>(std::move(exchange), json::Write(*body));
      message = std::make_shared<const Message>(message->kind(), std::move(*body));
    }
    if (EraOf(head_, message->body()) == Era::kModern) return ModernVisit(lane_, std::move(exchange)).Post(std::move(message));
    LegacyVisit(lane_, std::move(exchange)).Post(std::move(message));
  }

 private:
  // What belongs to a task of the caller's says so with the upstream's id; nullopt: it says nothing of such a task. A client has tasks
  // of its own, too, for what a tool server asks of it, and their ids go on as they are.
  std::optional<json::Value> UnderUpstreamsId(const json::Value& message) const {
    const std::string* id = lane_.context.sealed_tasks == nullptr ? nullptr : RelatedTask(message);
    if (id == nullptr) return std::nullopt;
    const Decision caller = Caller();
    const auto task = caller.allowed() ? TaskOf(lane_.context, *id, PrincipalOf(caller)) : std::nullopt;
    if (!task) return std::nullopt;
    return WithRelatedTask(message, task->id);
  }
};

}  // namespace

void HandlePost(Lane& lane, ExchangePtr exchange) { Arrival(lane, std::move(exchange)).Post(); }
void HandleGet(Lane& lane, ExchangePtr exchange) { LegacyVisit(lane, std::move(exchange)).Get(); }
void HandleDelete(Lane& lane, ExchangePtr exchange) { LegacyVisit(lane, std::move(exchange)).Delete(); }

}  // namespace intentgate::mcp
