// One loop's way to an upstream MCP server: what is sent, with which headers, and nothing of the caller's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/server_settings.h"
#include "http/client.h"
#include "mcp/methods.h"
#include "net/loop.h"
#include "net/tls.h"
#include "oauth/on_behalf.h"

namespace intentgate::oauth {
class UpstreamTokens;
}

namespace intentgate::mcp {

// Where a message belongs at the upstream. Empty members are not sent.
struct UpstreamSession {
  std::string id;
  std::string protocol;
};

// What of a caller's header fields goes on: tracing, and in the modern era those that repeat the body.
http::HeaderList PassedHeaders(const http::RequestHead& head, Era era);

struct UpstreamMessage {
  std::string body;
  UpstreamSession session = {};
  http::HeaderList more = {};
  bool replayable = false;  // harmless when it arrives twice
  bool stays_open = false;  // a stream that is no call
  oauth::OnBehalfPtr caller = nullptr;  // for upstreams that want one; null: nobody, which those refuse
};

// Loop-bound; also its destructor.
class Upstream {
 public:
  virtual ~Upstream() = default;
  Upstream(const Upstream&) = delete;  // calls refer to it
  Upstream& operator=(const Upstream&) = delete;

  const std::string& name() const { return settings_.name; }
  net::Loop& loop() { return loop_; }
  // Whether its access tokens are of each caller.
  bool wants_caller() const { return settings_.oauth.exchange; }
  // Whether the gateway may ask something of its own.
  bool answers_gateway() const { return !settings_.oauth.exchange || settings_.oauth.own_token; }
  // How long a stream of the upstream may be silent.
  net::Millis stream_idle() const { return net::Millis(settings_.stream_idle_ms); }

  virtual std::shared_ptr<http::ClientCall> Post(UpstreamMessage message, http::ResponseCallbacks callbacks) = 0;
  // The session's own stream; `last_event` as the client gave it, empty: none.
  virtual std::shared_ptr<http::ClientCall> Get(const UpstreamSession& session, oauth::OnBehalfPtr caller, std::string_view last_event,
                                                http::ResponseCallbacks callbacks) = 0;
  // The end of a session.
  virtual std::shared_ptr<http::ClientCall> Delete(const UpstreamSession& session, oauth::OnBehalfPtr caller,
                                                   http::ResponseCallbacks callbacks) = 0;

 protected:
  // `settings` must outlive it.
  Upstream(net::Loop& loop, const config::UpstreamSettings& settings) : loop_(loop), settings_(settings) {}
  // For what stands in front of `inner`.
  explicit Upstream(Upstream* inner) : loop_(inner->loop_), settings_(inner->settings_) {}
  const config::UpstreamSettings& settings() const { return settings_; }

 private:
  net::Loop& loop_;
  const config::UpstreamSettings& settings_;
};

// An MCP server that is reached over HTTP; with an access token when there are `tokens`.
std::unique_ptr<Upstream> MakeHttpUpstream(net::Loop& loop, const config::UpstreamSettings& settings,
                                           std::shared_ptr<const net::TlsContext> tls, std::shared_ptr<oauth::UpstreamTokens> tokens = nullptr);

}  // namespace intentgate::mcp
