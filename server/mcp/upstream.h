// One loop's way to the upstream MCP server: what is sent, with which headers, and nothing of the caller's.
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
};

// Loop-bound. `settings` must outlive it.
class Upstream {
 public:
  Upstream(net::Loop& loop, const config::UpstreamSettings& settings, std::shared_ptr<const net::TlsContext> tls);

  const std::string& name() const { return settings_.name; }
  net::Loop& loop() { return loop_; }
  // How long a stream of the upstream may be silent.
  net::Millis stream_idle() const { return net::Millis(settings_.stream_idle_ms); }

  std::shared_ptr<http::ClientCall> Post(UpstreamMessage message, http::ResponseCallbacks callbacks);
  // The session's own stream; `last_event` as the client gave it, empty: none.
  std::shared_ptr<http::ClientCall> Get(const UpstreamSession& session, std::string_view last_event,
                                        http::ResponseCallbacks callbacks);
  // The end of a session.
  std::shared_ptr<http::ClientCall> Delete(const UpstreamSession& session, http::ResponseCallbacks callbacks);

 private:
  void AddHeaders(const UpstreamSession& session, http::HeaderList& headers) const;

  net::Loop& loop_;
  const config::UpstreamSettings& settings_;
  const std::unique_ptr<http::Client> client_;
};

}  // namespace intentgate::mcp
