#include "mcp/upstream.h"

#include <utility>

#include "base/encoding.h"

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
  options.tls = std::move(tls);
  return options;
}

}  // namespace

Upstream::Upstream(net::Loop& loop, const config::UpstreamSettings& settings, std::shared_ptr<const net::TlsContext> tls)
    : loop_(loop), settings_(settings), client_(http::Client::Create(loop, Options(settings, std::move(tls)))) {}

http::HeaderList Upstream::Headers(const UpstreamSession& session) const {
  http::HeaderList headers{{"Accept", "application/json, text/event-stream"}};
  if (!session.id.empty()) headers.Add("Mcp-Session-Id", session.id);
  if (!session.protocol.empty()) headers.Add("MCP-Protocol-Version", session.protocol);
  for (const config::UpstreamHeader& header : settings_.headers) {
    headers.Add(header.name, base::AsText(header.value.Expose(crypto::SecretAccess())));
  }
  return headers;
}

std::shared_ptr<http::ClientCall> Upstream::Post(std::string body, const UpstreamSession& session, bool replayable,
                                                 http::ResponseCallbacks callbacks) {
  http::ClientRequest request{"POST", Headers(session), std::move(body), replayable};
  request.headers.Add("Content-Type", "application/json");
  return client_->Send(settings_.url, std::move(request), std::move(callbacks));
}

std::shared_ptr<http::ClientCall> Upstream::Delete(const UpstreamSession& session, http::ResponseCallbacks callbacks) {
  return client_->Send(settings_.url, {"DELETE", Headers(session), {}, true}, std::move(callbacks));
}

}  // namespace intentgate::mcp
