// An MCP server of the tests: records what reaches it, and misbehaves when told to.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <intentgate/json.h>

#include "http/router.h"
#include "http/server.h"
#include "http/sse.h"
#include "net/loop.h"

namespace intentgate::test {

// Thread-safe.
class FakeUpstream {
 public:
  struct Seen {
    std::string method, body, rpc_method, session, protocol, accept, headers;
  };

  FakeUpstream() {
    auto router = std::make_shared<http::Router>();
    router->Add("POST", "/mcp", [this](auto exchange) { OnPost(exchange); });
    router->Add("DELETE", "/mcp", [this](auto exchange) {
      Record("DELETE", *exchange, {});
      exchange->Send(200, {}, {});
    });
    auto server = http::Server::Start(pool_->loops(), "127.0.0.1:0", nullptr, router, {});
    REQUIRE(server.ok());
    server_ = std::move(*server);
  }
  ~FakeUpstream() { pool_->Stop(); }

  std::string url() const { return "http://" + server_->address() + "/mcp"; }
  std::string port() const { return std::to_string(server_->port()); }

  std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  // The bodies of one JSON-RPC method.
  std::vector<Seen> seen(std::string_view rpc_method) const {
    std::vector<Seen> out;
    for (Seen& one : seen()) {
      if (one.rpc_method == rpc_method) out.push_back(std::move(one));
    }
    return out;
  }
  // Ends every session: its id is answered 404 from now on.
  void ForgetSessions() { forgotten_ = sessions_.load(); }

  std::atomic<bool> with_sessions{true};
  std::atomic<bool> sse{false};
  // "", "rubbish", "error", "silent", "wrong_id", "tool_error", "cut", "plain" (no handshake)
  std::string mode() const {
    const std::lock_guard lock(mutex_);
    return mode_;
  }
  void set_mode(std::string mode) {
    const std::lock_guard lock(mutex_);
    mode_ = std::move(mode);
  }
  // The result of tools/list.
  std::string tools_page() const {
    const std::lock_guard lock(mutex_);
    return tools_page_;
  }
  void set_tools_page(std::string page) {
    const std::lock_guard lock(mutex_);
    tools_page_ = std::move(page);
  }
  // Called on the loop when a tools/call came.
  std::function<void()> on_call;

 private:
  void Record(std::string method, http::Exchange& exchange, std::string rpc_method) {
    Seen one;
    one.method = std::move(method);
    one.body = exchange.body();
    one.rpc_method = std::move(rpc_method);
    const http::HeaderList& headers = exchange.request().headers;
    one.session = headers.Get("Mcp-Session-Id").value_or("");
    one.protocol = headers.Get("MCP-Protocol-Version").value_or("");
    one.accept = headers.Get("Accept").value_or("");
    for (std::size_t i = 0; i < headers.size(); ++i) {
      one.headers += std::string(headers.name(i)) + ": " + std::string(headers.value(i)) + "\n";
    }
    const std::lock_guard lock(mutex_);
    seen_.push_back(std::move(one));
  }

  bool KnowsSession(http::Exchange& exchange) const {
    const auto id = exchange.request().headers.Get("Mcp-Session-Id");
    if (!with_sessions) return true;
    if (!id) return false;
    return std::stoi(std::string(id->substr(1))) > forgotten_.load();
  }

  void Answer(http::Exchange& exchange, const json::Value& id, std::string_view result, std::string_view session = {}) {
    const std::string text = R"({"jsonrpc":"2.0","id":)" + json::Write(id) + R"(,"result":)" + std::string(result) + "}";
    http::HeaderList headers{{"Content-Type", sse ? "text/event-stream" : "application/json"}};
    if (!session.empty()) headers.Add("Mcp-Session-Id", session);
    if (!sse) return exchange.Send(200, headers, text);
    exchange.Start(200, headers);
    std::string out;
    http::AppendSseEvent("message", "", R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}})", out);
    http::AppendSseEvent("message", "", text, out);
    exchange.Write(out);
    exchange.Finish();
  }

  void OnPost(const std::shared_ptr<http::Exchange>& exchange) {
    const Result<json::Value> parsed = json::Parse(exchange->body());
    const json::Value* method = parsed.ok() ? parsed->Find("method") : nullptr;
    const std::string rpc_method = method == nullptr ? "" : method->string_value();
    Record("POST", *exchange, rpc_method);
    const std::string how = mode();
    const json::Value* id = parsed.ok() ? parsed->Find("id") : nullptr;
    if (rpc_method == "initialize") {
      if (how == "plain") return exchange->Send(404, {{"Content-Type", "text/plain"}}, "no such thing");
      const std::string session = with_sessions ? "s" + std::to_string(++sessions_) : "";
      return Answer(*exchange, *id,
                    R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true},"resources":{},"logging":{}},"serverInfo":{"name":"fake","version":"1"}})",
                    session);
    }
    if (how != "plain" && !KnowsSession(*exchange)) return exchange->Send(404, {}, {});
    if (id == nullptr) return exchange->Send(202, {}, {});
    if (rpc_method == "tools/list") return Answer(*exchange, *id, tools_page());
    if (on_call) on_call();
    OnCall(exchange, *parsed, *id, how);
  }

  void OnCall(const std::shared_ptr<http::Exchange>& exchange, const json::Value& body, const json::Value& id,
              const std::string& how) {
    if (how == "rubbish") return exchange->Send(200, {{"Content-Type", "application/json"}}, "<html>at 10.1.2.3</html>");
    if (how == "error") return exchange->Send(500, {{"Content-Type", "text/plain"}}, "stack trace at 10.1.2.3");
    if (how == "silent") {
      const std::lock_guard lock(mutex_);
      return held_.push_back(exchange);
    }
    if (how == "wrong_id") return Answer(*exchange, json::Value("someone else's"), "{}");
    if (how == "tool_error") return Answer(*exchange, id, R"({"content":[],"isError":true})");
    if (how == "cut") {
      exchange->Start(200, {{"Content-Type", "text/event-stream"}});
      std::string out;
      http::AppendSseEvent("", "", R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}})", out);
      exchange->Write(out);
      return exchange->Abort();
    }
    const json::Value* arguments = body.AtPointer("/params/arguments");
    Answer(*exchange, id, R"({"content":[{"type":"text","text":"done"}],"isError":false,"seen":)" +
                              (arguments == nullptr ? std::string("null") : json::Write(*arguments)) + "}");
  }

  std::unique_ptr<net::LoopPool> pool_ = *net::LoopPool::Start(1);
  std::unique_ptr<http::Server> server_;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  std::vector<std::shared_ptr<http::Exchange>> held_;
  std::string mode_;
  std::string tools_page_ = R"({"tools":[{"name":"read_file","description":"reads","inputSchema":{"type":"object","properties":{"path":{}}}},{"name":"delete_all","x":1.10}]})";
  std::atomic<int> sessions_{0};
  std::atomic<int> forgotten_{0};
};

}  // namespace intentgate::test
