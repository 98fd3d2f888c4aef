// Sessions and streams of one client in front of several upstreams.
#include <doctest/doctest.h>

#include "integration/server/upstreams_fixture.h"

namespace intentgate::test {
namespace {

// Messages that hold `text`.
std::size_t Count(const FakeUpstream& upstream, std::string_view text) {
  std::size_t count = 0;
  for (const auto& seen : upstream.seen()) count += seen.body.find(text) != std::string::npos ? 1u : 0u;
  return count;
}

constexpr std::string_view kQuestion =
    R"({"jsonrpc":"2.0","id":"q1","method":"sampling/createMessage","params":{"_meta":{"progressToken":5}}})";

}  // namespace

TEST_CASE("one session of the client is one at each upstream, and calls find theirs") {
  TwoUpstreams g;
  Caller& caller = g.Start();
  const Got hello = caller.Mcp("good", InitializeBody());
  const std::string id = hello.header("Mcp-Session-Id");
  REQUIRE(id.size() >= 16);
  CHECK(hello.json().AtPointer("/result/serverInfo/name")->string_value() == "intentgate");
  CHECK(json::Write(*hello.json().AtPointer("/result/capabilities")) == R"({"tools":{"listChanged":true},"resources":{},"logging":{}})");
  const http::HeaderList in{{"Mcp-Session-Id", id}, {"Accept", "application/json, text/event-stream"}};
  CHECK(caller.Mcp("good", CallBody("read_a_read_file"), in).code() == 0);
  CHECK(caller.Mcp("good", CallBody("read_b_read_file"), in).code() == 0);
  CHECK(Listed(caller, "tools", in).size() == 4);
  // The handshake of each was the client's, and the calls are in those sessions.
  const auto own_session = [](FakeUpstream& upstream) {
    int number = 0;
    for (const auto& seen : upstream.seen("initialize")) {
      ++number;
      if (seen.body.find(R"("name":"t")") != std::string::npos) return "s" + std::to_string(number);
    }
    return std::string();
  };
  CHECK(g.upstream.seen("tools/call").back().session == own_session(g.upstream));
  CHECK(g.other.seen("tools/call").back().session == own_session(g.other));
  for (const std::string token : {"good2", "other"}) CHECK(caller.Mcp(token, CallBody("read_a_read_file"), in).status == 404);
  CHECK(caller.Mcp("good", R"({"jsonrpc":"2.0","id":3,"method":"logging/setLevel","params":{"level":"info"}})", in).code() == 0);
  CHECK(g.upstream.seen("logging/setLevel").size() + g.other.seen("logging/setLevel").size() == 2);
  CHECK(caller.Do("DELETE", "/v1/mcp", Caller::McpHeaders("good", in)).status == 204);
  CHECK(caller.Mcp("good", CallBody("read_a_read_file"), in).status == 404);
  for (FakeUpstream* upstream : {&g.upstream, &g.other}) {
    while (upstream->seen("DELETE").empty()) std::this_thread::yield();
    CHECK(upstream->seen("DELETE")[0].session == own_session(*upstream));
  }
}

TEST_CASE("an upstream that forgets its part gets the client's handshake again, and the call is sent once more") {
  TwoUpstreams g;
  Caller& caller = g.Start();
  const http::HeaderList in = Streaming(caller);
  CHECK(caller.Mcp("good", CallBody("read_b_read_file"), in).code() == 0);
  g.other.ForgetSessions();
  CHECK(caller.Mcp("good", CallBody("read_b_read_file"), in).code() == 0);
  CHECK(g.gate->calls().size() == 2);
  CHECK(g.other.seen("tools/call").size() == 3);
  const std::string again = g.other.seen("tools/call").back().session;
  CHECK(again != g.other.seen("tools/call").front().session);
  CHECK(caller.Mcp("good", CallBody("read_a_read_file"), in).code() == 0);
  g.other.ForgetSessions();
  CHECK(Listed(caller, "tools", in).size() == 4);
}

TEST_CASE("a session begins without the upstream that is down") {
  TwoUpstreams g;
  g.Break(1);
  Caller& caller = g.Start();
  const http::HeaderList in = Streaming(caller);
  CHECK(caller.Mcp("good", CallBody("read_a_read_file"), in).code() == 0);
  CHECK(caller.Mcp("good", CallBody("read_b_read_file"), in).code() == -32603);
}

TEST_CASE("questions of two upstreams with one id find the way back") {
  TwoUpstreams g;
  Caller& caller = g.Start();
  const http::HeaderList in = Streaming(caller);
  const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", in));
  REQUIRE(stream->Starts());
  while (g.upstream.seen("GET").empty() || g.other.seen("GET").empty()) std::this_thread::yield();
  g.upstream.Push(OneEvent(kQuestion, "e1"));
  g.other.Push(OneEvent(kQuestion, "e1"));
  CHECK(stream->Has(R"("id":"0~\"q1\"")"));
  CHECK(stream->Has(R"("id":"1~\"q1\"")"));
  CHECK(stream->Has("id: 1~e1\n"));
  CHECK(caller.Mcp("good", R"({"jsonrpc":"2.0","id":"1~\"q1\"","result":{"role":"user"}})", in).status == 202);
  while (Count(g.other, R"({"jsonrpc":"2.0","id":"q1","result":{"role":"user"}})") == 0) std::this_thread::yield();
  CHECK(caller.Mcp("good", R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"1~5","progress":1}})", in).status == 202);
  while (Count(g.other, R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":5,"progress":1}})") == 0) std::this_thread::yield();
  CHECK(Count(g.upstream, "\"role\":\"user\"") + Count(g.upstream, "notifications/progress") == 0);
  for (const std::string bad : {R"("q1")", R"("2~\"q1\"")", R"("1~")", "1"}) {
    CHECK(caller.Mcp("good", R"({"jsonrpc":"2.0","id":)" + bad + R"(,"result":{}})", in).status == 400);
  }
  caller.Leave(*stream);
  while (g.upstream.left == 0 || g.other.left == 0) std::this_thread::yield();
}

TEST_CASE("a question on a call's stream carries the mark, its progress does not, and what is large passes") {
  TwoUpstreams g;
  g.other.set_mode("stream");
  Caller& caller = g.Start();
  const http::HeaderList in = Streaming(caller);
  const auto call = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", in), CallBody("read_b_read_file", "9"));
  REQUIRE(call->Starts());
  const std::string progress = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}})";
  g.other.Push(OneEvent(progress, "p1") + OneEvent(kQuestion));
  CHECK(call->Has("id: 1~p1\ndata: " + progress + "\n\n"));
  CHECK(call->Has(R"("id":"1~\"q1\"")"));
  g.other.Push(OneEvent(R"({"jsonrpc":"2.0","id":9,"result":{"content":[],"x":")" + std::string(2u << 20, 'x') + "\"}}", "p2"));
  CHECK(call->Has("id: 1~p2\n"));
  CHECK(call->Ends());
  CHECK(call->text.size() > (2u << 20));
}

TEST_CASE("a stream that broke off is resumed where it came from") {
  TwoUpstreams g;
  Caller& caller = g.Start();
  http::HeaderList in = Streaming(caller);
  in.Add("Last-Event-ID", "1~e7");
  const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", in));
  REQUIRE(stream->Starts());
  while (g.upstream.seen("GET").empty() || g.other.seen("GET").empty()) std::this_thread::yield();
  CHECK(g.other.seen("GET").back().headers.find("Last-Event-ID: e7\n") != std::string::npos);
  CHECK(g.upstream.seen("GET").back().headers.find("Last-Event-ID") == std::string::npos);
  // When one of them ends its stream, the client is to come again for all.
  g.other.Push(OneEvent("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}"));
  CHECK(stream->Has("notifications/x"));
  g.other.FinishStreams();
  CHECK(stream->Ends());
  while (g.upstream.left == 0) std::this_thread::yield();
}

TEST_CASE("the stream of a session ends with the token, however much an upstream says") {
  TwoUpstreams g;
  g.settings.keep_alive_ms = 400;
  Caller& caller = g.Start();
  const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", Streaming(caller)));
  REQUIRE(stream->Starts());
  CHECK(stream->Has(": alive\n"));
  g.gate->tokens_ended = true;
  PushUntilEnded(g.upstream, *stream);
}

TEST_CASE("a subscription is acknowledged once for all upstreams, each asked for its own resources") {
  TwoUpstreams g;
  g.upstream.resources_page = R"({"resources":[{"uri":"a:1"}]})";
  g.other.resources_page = R"({"resources":[{"uri":"b:1"}]})";
  g.upstream.templates_page = g.other.templates_page = R"({"resourceTemplates":[]})";
  Caller& caller = g.Start();
  CHECK(Listed(caller, "resources").size() == 2);
  g.upstream.modern = g.other.modern = true;
  const auto stream = caller.Open(
      "POST", "/v1/mcp", Caller::McpHeaders("good", ModernHeaders("subscriptions/listen")),
      ModernBody("subscriptions/listen", R"("notifications":{"toolsListChanged":true,"resourceSubscriptions":["a:1","b:1"]})"));
  while (g.upstream.seen("subscriptions/listen").empty() || g.other.seen("subscriptions/listen").empty()) std::this_thread::yield();
  CHECK(g.upstream.seen("subscriptions/listen")[0].body.find(R"("resourceSubscriptions":["a:1"])") != std::string::npos);
  CHECK(g.other.seen("subscriptions/listen")[0].body.find(R"("resourceSubscriptions":["b:1"])") != std::string::npos);
  const auto acknowledge = [](std::string_view uri) {
    return OneEvent(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"resourceSubscriptions":[")" +
                    std::string(uri) + R"("]}}})");
  };
  const std::string changed = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";
  g.upstream.Push(acknowledge("a:1") + OneEvent(changed));
  g.other.Push(acknowledge("b:1"));
  CHECK(stream->Has(changed));
  CHECK(stream->text.starts_with("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\""));
  CHECK(stream->text.find(R"("resourceSubscriptions":["a:1","b:1"])") != std::string::npos);
  CHECK(stream->text.find("acknowledged") == stream->text.rfind("acknowledged"));
  caller.Leave(*stream);
  while (g.upstream.left == 0 || g.other.left == 0) std::this_thread::yield();
}

TEST_CASE("an upstream that acknowledges without saying what is passed on as that") {
  TwoUpstreams g;
  Caller& caller = g.Start();
  g.upstream.modern = g.other.modern = true;
  const auto stream = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", ModernHeaders("subscriptions/listen")),
                                  ModernBody("subscriptions/listen", R"("notifications":{"toolsListChanged":true})"));
  while (g.upstream.seen("subscriptions/listen").empty() || g.other.seen("subscriptions/listen").empty()) std::this_thread::yield();
  g.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"})"));
  g.other.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":7})"));
  CHECK(stream->Has(R"("method":"notifications/subscriptions/acknowledged","params":{"notifications":{}})"));
  caller.Leave(*stream);
  while (g.upstream.left == 0 || g.other.left == 0) std::this_thread::yield();
}

}  // namespace intentgate::test
