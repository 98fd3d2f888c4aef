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
    router->Add("GET", "/mcp", [this](auto exchange) { OnGet(exchange); });
    router->Add("DELETE", "/mcp", [this](auto exchange) {
      Record("DELETE", *exchange, "DELETE");
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
  std::atomic<const char*> task_status{"working"};
  // "stream": an event stream for Push, "input": a modern call that asks for input first, "large": 8 MiB,
  // "lines": subscriptions/listen as "stream", of JSON lines; "reply": what set_reply says, to all but handshakes and tools/list;
  // "large_cut": a long answer of request 2 breaks off;
  // "", "rubbish", "error", "task", "silent", "wrong_id", "tool_error", "cut", "plain" (no handshake), "silent_list"
  std::string mode() const {
    const std::lock_guard lock(mutex_);
    return mode_;
  }
  void set_mode(std::string mode) {
    const std::lock_guard lock(mutex_);
    mode_ = std::move(mode);
  }
  struct Reply {
    int status = 200;
    std::string body;  // <id> stands for the request's
    std::string type = "application/json";
  };
  // Sets the mode "reply".
  void set_reply(Reply reply) {
    const std::lock_guard lock(mutex_);
    mode_ = "reply";
    reply_ = std::move(reply);
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
  // The results of resources/list, of resources/templates/list and of prompts/list.
  std::string resources_page = R"({"resources":[{"uri":"a:1","name":"a"},{"uri":"secret:2","name":"b"}],"nextCursor":"more"})";
  std::string templates_page = R"({"resourceTemplates":[{"uriTemplate":"a:{x}","name":"t"}]})";
  std::string prompts_page = R"({"prompts":[{"name":"p"}]})";
  // Into every stream that is open, those of GET and the calls of mode "stream".
  void Push(std::string text) {
    pool_->at(0).Post([this, text = std::move(text)] {
      for (const auto& stream : streams_) stream->Write(text);
    });
  }
  void FinishStreams() {
    pool_->at(0).Post([this] {
      for (const auto& stream : std::exchange(streams_, {})) stream->Finish();
    });
  }
  // `text` into the newest stream again and again, as fast as its reader takes it, up to `most` bytes.
  void Flood(std::string text, std::size_t most) {
    pool_->at(0).Post([this, most, text = std::make_shared<const std::string>(std::move(text))] {
      Pour(streams_.back(), text, most);
    });
  }
  std::atomic<std::size_t> flooded{0};
  // Open streams and held calls whose gateway went away.
  std::atomic<int> left{0};
  std::atomic<bool> modern{false};
  std::atomic<bool> without_streams{false};  // GET is answered 405
  std::atomic<bool> without_tasks{false};    // the methods of tasks are unknown
  std::atomic<bool> without_listen{false};   // subscriptions/listen is unknown
  std::atomic<int> initialize_status{0};     // what initialize is answered with; 0: a handshake
  std::string protocol = "2025-06-18";  // what initialize is answered with; not to be changed while requests come
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

  void Say(http::Exchange& exchange, const json::Value& id) {
    Reply reply;
    {
      const std::lock_guard lock(mutex_);
      reply = reply_;
    }
    constexpr std::string_view kId = "<id>";
    if (const std::size_t at = reply.body.find(kId); at != std::string::npos) reply.body.replace(at, kId.size(), json::Write(id));
    exchange.Send(reply.status, {{"Content-Type", reply.type}}, reply.body);
  }

  void Hold(const std::shared_ptr<http::Exchange>& exchange, std::string_view type = "text/event-stream") {
    exchange->OnClose([this] { ++left; });
    exchange->Start(200, {{"Content-Type", type}});
    streams_.push_back(exchange);
  }

  // One write in a turn of the loop: that the reader has gone is told between turns.
  void Pour(const std::weak_ptr<http::Exchange>& into, const std::shared_ptr<const std::string>& text, std::size_t most) {
    const auto stream = into.lock();
    if (stream == nullptr || stream->closed() || flooded >= most) return;
    flooded += text->size();
    const auto again = [this, into, text, most] { Pour(into, text, most); };
    if (stream->Write(*text)) pool_->at(0).Post(again);
    else stream->OnDrain(again);
  }

  void OnGet(const std::shared_ptr<http::Exchange>& exchange) {
    Record("GET", *exchange, "GET");
    if (!KnowsSession(*exchange)) return exchange->Send(404, {}, {});
    if (without_streams) return exchange->Send(405, {{"Allow", "POST"}}, {});
    Hold(exchange);
  }

  // What a server of the revision 2026-07-28 answers.
  void OnModern(const std::shared_ptr<http::Exchange>& exchange, const json::Value& body, const std::string& rpc_method) {
    const json::Value& id = *body.Find("id");
    if (rpc_method == "server/discover") {
      return Answer(*exchange, id, R"({"resultType":"complete","supportedVersions":["2026-07-28","2099-01-01"],"capabilities":{"tools":{},"extensions":{"x/y":{}}},"ttlMs":9,"cacheScope":"public"})");
    }
    if (rpc_method == "initialize") {
      return exchange->Send(400, {{"Content-Type", "application/json"}},
                            R"({"jsonrpc":"2.0","id":)" + json::Write(id) + R"(,"error":{"code":-32601,"message":"Method not found"}})");
    }
    if (rpc_method == "tools/list") return Answer(*exchange, id, tools_page());
    if (rpc_method == "subscriptions/listen" && without_listen) {
      return exchange->Send(404, {{"Content-Type", "application/json"}},
                            R"({"jsonrpc":"2.0","id":)" + json::Write(id) + R"(,"error":{"code":-32601,"message":"Method not found"}})");
    }
    if (mode() == "reply") return Say(*exchange, id);
    if (rpc_method == "subscriptions/listen") return Hold(exchange, mode() == "lines" ? "application/json" : "text/event-stream");
    if (rpc_method.starts_with("tasks/")) return Answer(*exchange, id, TaskAnswer(rpc_method, body));
    if (on_call) on_call();
    if (mode() == "task") return Answer(*exchange, id, R"({"resultType":"task","taskId":"t)" + std::to_string(++tasks_) + R"(","status":"working"})");
    if (mode() == "stream") return Hold(exchange);
    if (mode() == "refuse") {
      return exchange->Send(400, {{"Content-Type", "application/json"}}, R"({"jsonrpc":"2.0","id":)" + json::Write(id) +
                            R"(,"error":{"code":-32021,"message":"capability","data":{"requiredCapabilities":{"sampling":{}}}}})");
    }
    const json::Value* state = body.AtPointer("/params/requestState");
    if (mode() == "large_input" && state == nullptr) {
      return Answer(*exchange, id, R"({"resultType":"input_required","inputRequests":{"a":{"method":"elicitation/create","params":{"message":")" +
                                       std::string(500'000, 'x') + R"("}}},"requestState":"of the upstream"})");
    }
    if (mode() == "input" && state == nullptr) {
      return Answer(*exchange, id, R"({"resultType":"input_required","inputRequests":{"a":{"method":"roots/list","params":{}}},"requestState":"of the upstream"})");
    }
    Answer(*exchange, id, R"({"resultType":"complete","content":[],"cacheScope":"public","ttlMs":5,"state":)" + (state == nullptr ? "null" : json::Write(*state)) + "}");
  }

  void OnPost(const std::shared_ptr<http::Exchange>& exchange) {
    const Result<json::Value> parsed = json::Parse(exchange->body());
    const json::Value* method = parsed.ok() ? parsed->Find("method") : nullptr;
    const std::string rpc_method = method == nullptr ? "" : method->string_value();
    Record("POST", *exchange, rpc_method);
    const std::string how = mode();
    const json::Value* id = parsed.ok() ? parsed->Find("id") : nullptr;
    if (modern && id != nullptr) return OnModern(exchange, *parsed, rpc_method);
    if (rpc_method == "initialize" && initialize_status != 0) return exchange->Send(initialize_status, {{"Content-Type", "text/plain"}}, "not now");
    if (rpc_method == "initialize") {
      if (how == "plain") return exchange->Send(404, {{"Content-Type", "text/plain"}}, "no such thing");
      const std::string session = with_sessions ? "s" + std::to_string(++sessions_) : "";
      return Answer(*exchange, *id,
                    R"({"protocolVersion":")" + protocol + R"(","capabilities":{"tools":{"listChanged":true},"resources":{},"logging":{}},"serverInfo":{"name":"fake","version":"1"}})",
                    session);
    }
    if (how != "plain" && !KnowsSession(*exchange)) return exchange->Send(404, {}, {});
    if (id == nullptr) return exchange->Send(202, {}, {});
    if (how == "reply" && rpc_method != "tools/list") return Say(*exchange, *id);
    if (rpc_method == "tools/list" && how == "silent_list") {
      const std::lock_guard lock(mutex_);
      return held_.push_back(exchange);
    }
    if (rpc_method == "tools/list") return Answer(*exchange, *id, tools_page());
    if (rpc_method == "resources/list") return Answer(*exchange, *id, resources_page);
    if (rpc_method == "resources/templates/list") return Answer(*exchange, *id, templates_page);
    if (rpc_method == "prompts/list") return Answer(*exchange, *id, prompts_page);
    if (rpc_method.starts_with("tasks/") && without_tasks) {
      return exchange->Send(200, {{"Content-Type", "application/json"}},
                            R"({"jsonrpc":"2.0","id":)" + json::Write(*id) + R"(,"error":{"code":-32601,"message":"Method not found"}})");
    }
    if (rpc_method.starts_with("tasks/")) return Answer(*exchange, *id, TaskAnswer(rpc_method, *parsed));
    if (how == "task") return Answer(*exchange, *id, R"({"task":{"taskId":"t)" + std::to_string(++tasks_) + R"(","status":"working"}})");
    if (on_call) on_call();
    OnCall(exchange, *parsed, *id, how);
  }

  // Tasks of both eras; the calls of mode "task" begin t1, t2 and so on.
  std::string TaskAnswer(const std::string& rpc_method, const json::Value& body) {
    if (rpc_method == "tasks/list") return R"({"tasks":[{"taskId":"t1","status":"working"},{"taskId":"t2","status":"working"},{"taskId":"x","status":"working"}]})";
    const std::string id = json::Write(*body.AtPointer("/params/taskId"));
    if (rpc_method == "tasks/result") {
      return R"({"content":[{"type":"text","text":"of the task"}],"isError":false,"_meta":{"io.modelcontextprotocol/related-task":{"taskId":)" + id + "}}}";
    }
    const std::string own = modern ? R"("resultType":"complete",)" : "";
    return "{" + own + R"("taskId":)" + id + R"(,"status":")" + std::string(task_status.load()) + R"(","result":{"isError":true}})";
  }

  void OnCall(const std::shared_ptr<http::Exchange>& exchange, const json::Value& body, const json::Value& id,
              const std::string& how) {
    if (how == "rubbish") return exchange->Send(200, {{"Content-Type", "application/json"}}, "<html>at 10.1.2.3</html>");
    if (how == "error") return exchange->Send(500, {{"Content-Type", "text/plain"}}, "stack trace at 10.1.2.3");
    if (how == "silent") {
      const std::lock_guard lock(mutex_);
      return held_.push_back(exchange);
    }
    if (how == "stream") return Hold(exchange);
    if (how == "large_cut" && json::Write(id) == "2") {
      exchange->Start(200, {{"Content-Type", "application/json"}});
      exchange->Write(R"({"jsonrpc":"2.0","id":2,"result":{"x":")" + std::string(200'000, 'x'));
      return exchange->Abort();
    }
    if (how == "large") {
      return Answer(*exchange, id, R"({"content":[{"type":"text","text":")" + std::string(8u << 20, 'x') + R"("}],"isError":true})");
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
  std::vector<std::shared_ptr<http::Exchange>> streams_;  // of the loop
  std::string mode_;
  Reply reply_;
  std::string tools_page_ = R"({"tools":[{"name":"read_file","description":"reads","inputSchema":{"type":"object","properties":{"path":{}}}},{"name":"delete_all","x":1.10}]})";
  std::atomic<int> sessions_{0};
  std::atomic<int> forgotten_{0};
  std::atomic<int> tasks_{0};
};

}  // namespace intentgate::test
