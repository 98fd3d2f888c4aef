// An upstream of the tests that wants a certain access token.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <intentgate/json.h>

#include "http/router.h"
#include "http/server.h"
#include "net/loop.h"
#include "support/net_fixture.h"

namespace intentgate::test {

// Takes one token and answers 401 to every other. Without sessions and handshake. Thread-safe.
class GuardedTools {
 public:
  GuardedTools() {
    auto router = std::make_shared<http::Router>();
    router->Add("POST", "/mcp", [this](std::shared_ptr<http::Exchange> exchange) { OnPost(*exchange); });
    auto started = http::Server::Start(pool_->loops(), "127.0.0.1:0", nullptr, router, {});
    REQUIRE(started.ok());
    server_ = std::move(*started);
  }
  ~GuardedTools() { pool_->Stop(); }

  std::string url() const { return "http://" + server_->address() + "/mcp"; }
  void Take(const std::string& token) {
    const std::lock_guard lock(mutex_);
    token_ = token;
  }
  // The gateway asks for the tools by itself when it starts; until then that request could meet what a test changes.
  void AwaitList() { listed_.Wait(); }
  // The Authorization fields of the calls.
  std::vector<std::string> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  void OnPost(http::Exchange& exchange) {
    const std::string authorization(exchange.request().headers.Get("Authorization").value_or(""));
    const json::Value message = *json::Parse(exchange.body());
    const std::string method = message.Find("method")->string_value();
    const bool call = method == "tools/call";
    const std::lock_guard lock(mutex_);
    if (call) calls_.push_back(authorization);
    if (authorization != "Bearer " + token_) return exchange.Send(401, {{"WWW-Authenticate", "Bearer"}}, {});
    // A list that is known is not asked for again in the middle of a test.
    const std::string result = call ? R"({"content":[{"type":"text","text":"done"}]})" : R"({"tools":[]})";
    if (!call && method != "tools/list") return exchange.Send(404, {}, {});
    exchange.Send(200, {{"Content-Type", "application/json"}}, R"({"jsonrpc":"2.0","id":)" + json::Write(*message.Find("id")) + R"(,"result":)" + result + "}");
    if (!call) listed_.Set(true);
  }

  mutable std::mutex mutex_;
  Event<bool> listed_;
  std::string token_ = "t1";
  std::vector<std::string> calls_;
  std::unique_ptr<net::LoopPool> pool_ = *net::LoopPool::Start(1);
  std::unique_ptr<http::Server> server_;
};

}  // namespace intentgate::test
