#include "mcp/upstream.h"

#include <array>
#include <utility>

#include "base/encoding.h"
#include "http/syntax.h"
#include "mcp/authorized_call.h"

namespace intentgate::mcp {
namespace {

// Shorter than what tool servers keep a silent connection for (Node: 5 s), because a call that meets a
// closing connection cannot be sent again without the risk of doing it twice.
constexpr net::Millis kKeepAlive{4'000};

http::ClientOptions Options(const config::UpstreamSettings& settings, std::shared_ptr<const net::TlsContext> tls) {
  http::ClientOptions options;
  options.connect_timeout = net::Millis(settings.connect_timeout_ms);
  options.head_timeout = net::Millis(settings.timeout_ms);
  options.idle_timeout = net::Millis(settings.timeout_ms);
  options.keep_alive = kKeepAlive;
  options.max_connections_per_origin = static_cast<std::size_t>(settings.max_connections);
  options.tls = std::move(tls);
  return options;
}

bool IsPassed(std::string_view name, Era era) {
  constexpr std::array<std::string_view, 2> kTracing = {"traceparent", "tracestate"};
  constexpr std::string_view kRepeated = "mcp-";
  for (const std::string_view passed : kTracing) {
    if (http::EqualsIgnoreCase(name, passed)) return true;
  }
  if (era == Era::kLegacy) return false;
  return (http::EqualsIgnoreCase(name.substr(0, kRepeated.size()), kRepeated) &&
          !http::EqualsIgnoreCase(name, "Mcp-Session-Id"));
}

class HttpUpstream final : public Upstream {
 public:
  HttpUpstream(net::Loop& loop, const config::UpstreamSettings& settings, std::shared_ptr<const net::TlsContext> tls,
               std::shared_ptr<oauth::UpstreamTokens> tokens)
      : Upstream(loop, settings), tokens_(std::move(tokens)), client_(http::Client::Create(loop, Options(settings, std::move(tls)))),
        authorized_(loop, *client_, this->settings().url) {}

  std::shared_ptr<http::ClientCall> Post(UpstreamMessage message, http::ResponseCallbacks callbacks) override {
    http::ClientRequest request{"POST", std::move(message.more), std::move(message.body), message.replayable};
    request.headers.Add("Accept", "application/json, text/event-stream");
    request.headers.Add("Content-Type", "application/json");
    AddHeaders(message.session, request.headers);
    return Send(std::move(request), message.caller, std::move(callbacks));
  }

  std::shared_ptr<http::ClientCall> Get(const UpstreamSession& session, oauth::OnBehalfPtr caller, std::string_view last_event,
                                        http::ResponseCallbacks callbacks) override {
    http::ClientRequest request{"GET", {{"Accept", "text/event-stream"}}, {}, true};
    if (!last_event.empty()) request.headers.Add("Last-Event-ID", last_event);
    AddHeaders(session, request.headers);
    return Send(std::move(request), caller, std::move(callbacks));
  }

  std::shared_ptr<http::ClientCall> Delete(const UpstreamSession& session, oauth::OnBehalfPtr caller, http::ResponseCallbacks callbacks) override {
    http::ClientRequest request{"DELETE", {{"Accept", "application/json, text/event-stream"}}, {}, true};
    AddHeaders(session, request.headers);
    return Send(std::move(request), caller, std::move(callbacks));
  }

 private:
  std::shared_ptr<http::ClientCall> Send(http::ClientRequest request, const oauth::OnBehalfPtr& caller, http::ResponseCallbacks callbacks) {
    if (tokens_ != nullptr) return authorized_.Send({*tokens_, caller}, std::move(request), std::move(callbacks));
    return client_->Send(settings().url, std::move(request), std::move(callbacks));
  }

  void AddHeaders(const UpstreamSession& session, http::HeaderList& headers) const {
    if (!session.id.empty()) headers.Add("Mcp-Session-Id", session.id);
    if (!session.protocol.empty()) headers.Add("MCP-Protocol-Version", session.protocol);
    for (const config::UpstreamHeader& header : settings().headers) {
      headers.Add(header.name, base::AsText(header.value.Expose(crypto::SecretAccess())));
    }
  }

  const std::shared_ptr<oauth::UpstreamTokens> tokens_;  // may be null
  const std::unique_ptr<http::Client> client_;
  AuthorizedCalls authorized_;
};

}  // namespace

http::HeaderList PassedHeaders(const http::RequestHead& head, Era era) {
  http::HeaderList passed;
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    if (IsPassed(head.headers.name(i), era)) passed.Add(head.headers.name(i), head.headers.value(i));
  }
  return passed;
}

std::unique_ptr<Upstream> MakeHttpUpstream(net::Loop& loop, const config::UpstreamSettings& settings,
                                           std::shared_ptr<const net::TlsContext> tls, std::shared_ptr<oauth::UpstreamTokens> tokens) {
  return std::make_unique<HttpUpstream>(loop, settings, std::move(tls), std::move(tokens));
}

}  // namespace intentgate::mcp
