// A gateway in process, in front of an upstream of the tests, with a gate of the tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include "app/service.h"
#include "base/encoding.h"
#include "support/server/caller.h"
#include "support/server/fake_gate.h"
#include "support/server/fake_upstream.h"

namespace intentgate::test {

inline constexpr std::string_view kAdminToken = "superadmin-token-0123456789";
inline constexpr std::string_view kAcmeToken = "acme-admin-token-0123456789";

struct Gateway {
  std::shared_ptr<FakeGate> gate = std::make_shared<FakeGate>();
  FakeUpstream upstream;
  config::ServerSettings settings;
  std::unique_ptr<app::Service> service;
  std::unique_ptr<Caller> caller;

  Gateway() {
    settings.listen = "127.0.0.1:0";
    settings.threads = 2;
    SetUpstream(upstream.url());
    settings.admin_keys.push_back({"", crypto::Sha256(base::AsBytes(kAdminToken))});
    settings.admin_keys.push_back({"acme", crypto::Sha256(base::AsBytes(kAcmeToken))});
  }
  ~Gateway() {
    gate->Join();
    caller.reset();
    service.reset();
  }

  void SetUpstream(const std::string& url) {
    settings.upstream.url_text = url;
    settings.upstream.url = *http::ParseUrl(url);
  }
  Caller& Start() {
    auto started = app::Service::Start({.settings = std::move(settings),
                                        .gate = gate,
                                        .log = std::make_shared<telemetry::Logger>(telemetry::Logger::Silent()),
                                        .version = "1.2.3"});
    REQUIRE(started.ok());
    service = std::move(*started);
    caller = std::make_unique<Caller>(service->address());
    return *caller;
  }

  // Requests of the gateway's own session may come in between at any time.
  bool UpstreamGot(std::string_view body) {
    const auto seen = upstream.seen();
    return std::any_of(seen.begin(), seen.end(), [&](const auto& request) { return request.body == body; });
  }
};

inline std::string CallBody(std::string_view tool, std::string_view id = "1", std::string_view arguments = R"({"path":"/a"})") {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"tools/call","params":{"name":")" + std::string(tool) +
         R"(","arguments":)" + std::string(arguments) + "}}";
}

inline std::string InitializeBody(std::string_view protocol = "2025-06-18") {
  return R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" + std::string(protocol) +
         R"(","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})";
}

// The headers of a client that has opened a session and reads streams.
inline http::HeaderList Streaming(Caller& caller, std::string_view token = "good") {
  return {{"Mcp-Session-Id", caller.Mcp(token, InitializeBody()).header("Mcp-Session-Id")},
          {"Accept", "application/json, text/event-stream"}};
}

inline std::string OneEvent(std::string_view data, std::string_view id = {}) {
  std::string out;
  http::AppendSseEvent({}, id, data, out);
  return out;
}

// An upstream that does not stop talking, until the client's stream has ended all the same.
inline void PushUntilEnded(FakeUpstream& upstream, Caller::Stream& stream) {
  const auto ended = [&] {
    const std::lock_guard lock(stream.mutex);
    return stream.ended;
  };
  while (!ended()) {
    upstream.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/x"})"));
    std::this_thread::yield();
  }
}

}  // namespace intentgate::test
