// One loop's way to the upstream MCP server: what is sent, with which headers, and nothing of the caller's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/server_settings.h"
#include "http/client.h"
#include "net/loop.h"
#include "net/tls.h"

namespace intentgate::mcp {

// Where a message belongs at the upstream. Empty members are not sent.
struct UpstreamSession {
  std::string id;
  std::string protocol;
};

// Loop-bound. `settings` must outlive it.
class Upstream {
 public:
  Upstream(net::Loop& loop, const config::UpstreamSettings& settings, std::shared_ptr<const net::TlsContext> tls);

  const std::string& name() const { return settings_.name; }
  net::Loop& loop() { return loop_; }

  // A message for the upstream. `replayable`: harmless when it arrives twice.
  std::shared_ptr<http::ClientCall> Post(std::string body, const UpstreamSession& session, bool replayable,
                                         http::ResponseCallbacks callbacks);
  // The end of a session.
  std::shared_ptr<http::ClientCall> Delete(const UpstreamSession& session, http::ResponseCallbacks callbacks);

 private:
  http::HeaderList Headers(const UpstreamSession& session) const;

  net::Loop& loop_;
  const config::UpstreamSettings& settings_;
  const std::unique_ptr<http::Client> client_;
};

}  // namespace intentgate::mcp
