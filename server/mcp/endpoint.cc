#include "mcp/endpoint.h"

#include <future>
#include <utility>

#include "base/check.h"
#include "http/bearer.h"
#include "mcp/admission.h"
#include "mcp/exchange_util.h"
#include "mcp/handshake.h"
#include "mcp/tool_call.h"
#include "mcp/tool_list.h"
#include "telemetry/metered.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kNotificationPrefix = "notifications/";
constexpr net::Millis kCatalogueRetry{2'000};
constexpr net::Millis kCatalogueRefresh{300'000};

// One request on its way through the rules. Loop-bound.
class Visit {
 public:
  Visit(Lane& lane, ExchangePtr exchange) : lane_(lane), exchange_(std::move(exchange)), head_(exchange_->request()) {}

  void Post() {
    if (const auto refusal = CheckAdmission(*lane_.context.settings, head_)) return Turn(refusal->status, refusal->reason);
    const auto limit = static_cast<std::size_t>(lane_.context.settings->limits.max_body_bytes);
    auto read = ReadMessage(exchange_->body(), limit);
    if (const auto* refusal = std::get_if<Refusal>(&read)) return Refuse(*refusal);
    const auto message = std::make_shared<const Message>(std::get<Message>(std::move(read)));
    const bool initialize = message->method() == "initialize" && message->kind() == MessageKind::kRequest;
    bool bad_protocol = false;
    protocol_ = ProtocolOf(head_, bad_protocol);
    if (bad_protocol && !initialize) {
      return Turn(400, "MCP-Protocol-Version names a revision that is not served here");
    }
    if (message->kind() == MessageKind::kRequest) return OnRequest(message);
    OnNotification(*message);
  }

  void Delete() {
    if (const auto refusal = CheckAdmission(*lane_.context.settings, head_)) return Turn(refusal->status, refusal->reason);
    const Decision caller = Caller();
    if (!caller.allowed()) return Unauthorized({}, caller);
    const auto bound = Bound(caller);
    if (!bound) return NoSession({});
    EndSession(lane_, exchange_, *bound, PrincipalOf(caller));
  }

 private:
  std::string_view Token() const { return http::BearerToken(head_.headers); }
  Decision Caller() const { return lane_.context.gate->CheckToken(Token()); }
  std::string_view SessionId() const { return head_.headers.Get("Mcp-Session-Id").value_or(""); }

  void Turn(int status, std::string_view reason) {
    SendJson(*exchange_, status, ErrorReply({}, kInvalidRequest, CodeMessage(kInvalidRequest), reason));
  }

  void Unauthorized(const json::Value& id, const Decision& caller) {
    SendUnauthorized(*exchange_, id, caller.reason, !Token().empty());
  }

  void NoSession(const json::Value& id) {
    SendJson(*exchange_, 404, ErrorReply(id, kInvalidRequest, "session not found"));
  }

  void Refuse(const Refusal& refusal) {
    Record(refusal);
    SendRefusal(*exchange_, refusal);
  }

  // What was refused before the first question is an event too; text without a token that is not even JSON
  // is noise and is only counted.
  void Record(const Refusal& refusal) {
    lane_.context.metrics->Refused();
    if (refusal.code != kParseError || !Token().empty()) {
      const Call call{.token = Token(), .tool = refusal.tool, .arguments = nullptr, .method = refusal.method,
                      .prompt = {}, .session_id = SessionId(), .remote_ip = exchange_->remote_address(),
                      .server = lane_.upstream.name()};
      lane_.context.gate->RecordRefusedRequest(call, refusal.reason);
    }
  }

  // The caller's own upstream session, when the request names one that is its own.
  std::optional<UpstreamSession> Bound(const Decision& caller) {
    const std::string_view id = SessionId();
    if (id.empty()) return std::nullopt;
    std::optional<std::string> negotiated = lane_.context.sessions->Use(id, PrincipalOf(caller));
    if (!negotiated) return std::nullopt;
    return UpstreamSession{std::string(id), protocol_.empty() ? std::move(*negotiated) : std::string(protocol_)};
  }

  void OnRequest(const std::shared_ptr<const Message>& message) {
    const std::string_view method = message->method();
    if (method == "ping") return SendJson(*exchange_, 200, ResultReply(*message->id(), json::MakeObject({})));
    if (method == "tools/call") return OnToolCall(message);
    const Decision caller = Caller();
    if (method == "initialize") return RunInitialize(lane_, exchange_, message, caller);
    if (!caller.allowed()) return Unauthorized(*message->id(), caller);
    if (method != "tools/list") {
      return Refuse({kMethodNotFound, "this gateway has no rule for the method", *message->id(), std::string(method), {}});
    }
    auto bound = Bound(caller);
    if (!bound && !SessionId().empty()) return NoSession(*message->id());
    RunToolList(lane_, exchange_, message, caller, std::move(bound));
  }

  void OnToolCall(const std::shared_ptr<const Message>& message) {
    auto read = ReadToolCall(*message);
    if (const auto* refusal = std::get_if<Refusal>(&read)) return Refuse(*refusal);
    std::optional<UpstreamSession> bound;
    if (!SessionId().empty()) {
      // A session is looked up by who asks, so the token comes first. One that is not good finds no session
      // and is refused by the gate below, in the chain.
      const Decision caller = Caller();
      bound = Bound(caller);
      if (!bound && caller.allowed()) {
        const std::string_view tool = std::get<ToolCall>(read).name;
        Record({kInvalidRequest, "the call names a session that its caller does not have", *message->id(), "tools/call",
                std::string(tool)});
        return NoSession(*message->id());
      }
    }
    RunToolCall(lane_, exchange_, message, std::get<ToolCall>(read), std::move(bound));
  }

  void OnNotification(const Message& message) {
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
    if (bound) return RelayMessage(lane_, exchange_, *bound, PrincipalOf(caller));
    if (!SessionId().empty()) return NoSession({});
    if (message.kind() == MessageKind::kResponse) return Turn(400, "an answer needs a session");
    // Without a session there is nobody to tell.
    exchange_->Send(202, {}, {});
  }

  Lane& lane_;
  const ExchangePtr exchange_;
  const http::RequestHead& head_;
  std::string_view protocol_;
};

}  // namespace

// Loop-bound, on the first lane's loop.
class Endpoint::CatalogueLoop : public std::enable_shared_from_this<CatalogueLoop> {
 public:
  explicit CatalogueLoop(Lane& lane) : lane_(lane), timer_(lane.upstream.loop(), [this] { Load(); }) {}

  void Load() {
    // Weak: when the loop stops in the middle, the callback lives longer than the loop's timers may.
    LoadCatalogue(lane_, [weak = weak_from_this()](bool good) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      const Context& context = self->lane_.context;
      if (good && !self->known_) context.log->Info("tools known", {{"count", context.catalogue->size()}});
      self->known_ = self->known_ || good;
      self->timer_.Set(good ? kCatalogueRefresh : kCatalogueRetry);
    });
  }

 private:
  Lane& lane_;
  net::Timer timer_;
  bool known_ = false;
};

const std::vector<telemetry::RouteName>& RouteNames() {
  static const std::vector<telemetry::RouteName> names = {{kMcpPath, "POST"}, {kMcpPath, "DELETE"}};
  return names;
}

std::shared_ptr<Endpoint> Endpoint::Create(Context context, const std::vector<net::Loop*>& loops) {
  std::shared_ptr<Endpoint> endpoint(new Endpoint(std::move(context)));
  for (net::Loop* loop : loops) {
    // Shared, because set_value may still be at work when get has returned.
    const auto made = std::make_shared<std::promise<std::unique_ptr<Lane>>>();
    loop->Post([made, &endpoint, loop] { made->set_value(std::make_unique<Lane>(endpoint->context_, *loop)); });
    endpoint->lanes_.emplace_back(loop, made->get_future().get());
  }
  return endpoint;
}

Endpoint::~Endpoint() = default;

Lane& Endpoint::LaneOf(net::Loop& loop) {
  for (auto& [at, lane] : lanes_) {
    if (at == &loop) return *lane;
  }
  IG_CHECK(false);
  return *lanes_.front().second;
}

void Endpoint::AddRoutes(http::Router& router) {
  // Weak: a loop that stops in the middle may hold the router to its own end, and lanes of other loops must
  // not live that long.
  const auto weak = weak_from_this();
  telemetry::AddMetered(router, context_.metrics, "POST", kMcpPath, [weak](ExchangePtr exchange) {
    const auto self = weak.lock();
    if (self == nullptr) return exchange->SendError(503, "the server is stopping");
    Lane& lane = self->LaneOf(exchange->loop());
    Visit(lane, std::move(exchange)).Post();
  });
  telemetry::AddMetered(router, context_.metrics, "DELETE", kMcpPath, [weak](ExchangePtr exchange) {
    const auto self = weak.lock();
    if (self == nullptr) return exchange->SendError(503, "the server is stopping");
    Lane& lane = self->LaneOf(exchange->loop());
    Visit(lane, std::move(exchange)).Delete();
  });
}

void Endpoint::Close() {
  for (auto& [loop, lane] : lanes_) lane->mailbox->Close();
}

void Endpoint::FollowCatalogue() {
  Lane& lane = *lanes_.front().second;
  lane.upstream.loop().Post([this, &lane] {
    catalogue_loop_ = std::make_shared<CatalogueLoop>(lane);
    catalogue_loop_->Load();
  });
}

}  // namespace intentgate::mcp
