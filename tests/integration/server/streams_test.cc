// Streams: the session's own, questions to the client, resumption, large answers, leaving.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

// Until the outcome of a call is recorded.
std::string OutcomeOf(Gateway& g) {
  for (int i = 0; i < 2000; ++i) {
    g.gate->Join();
    if (const auto outcomes = g.gate->outcomes(); !outcomes.empty()) return outcomes.back().second.outcome;
    std::this_thread::yield();
  }
  return "none";
}

}  // namespace

TEST_CASE("a session's stream brings notifications and questions, and its answers go back into the session") {
  Gateway g;
  Caller& caller = g.Start();
  const http::HeaderList headers = Streaming(caller);
  const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", headers));
  REQUIRE(stream->Starts());
  CHECK(stream->status == 200);
  const std::string question = R"({"jsonrpc":"2.0","id":"q1","method":"sampling/createMessage","params":{"n":1.10}})";
  g.upstream.Push(": comment\n\n" + OneEvent(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})", "e1") + OneEvent(question));
  CHECK(stream->Has(": comment\n\nid: e1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\ndata: " + question + "\n\n"));
  const std::string answer = R"({"jsonrpc":"2.0","id":"q1","result":{"role":"user"}})";
  CHECK(caller.Mcp("good", answer, headers).status == 202);
  CHECK(g.UpstreamGot(answer));
  CHECK(caller.Mcp("good2", answer, headers).status == 404);
  caller.Leave(*stream);
  while (g.upstream.left == 0) std::this_thread::yield();
}

TEST_CASE("a stream is for its owner, and there is none without a session or in the modern era") {
  Gateway g;
  Caller& caller = g.Start();
  const http::HeaderList headers = Streaming(caller);
  CHECK(caller.Do("GET", "/v1/mcp", Caller::McpHeaders("", headers)).status == 401);
  CHECK(caller.Do("GET", "/v1/mcp", Caller::McpHeaders("good2", headers)).status == 404);
  CHECK(caller.Do("GET", "/v1/mcp", Caller::McpHeaders("good")).status == 405);
  CHECK(caller.Do("GET", "/v1/mcp", Caller::McpHeaders("good", {{"MCP-Protocol-Version", "2026-07-28"}})).status == 405);
  CHECK(caller.Do("DELETE", "/v1/mcp", Caller::McpHeaders("good", {{"MCP-Protocol-Version", "2026-07-28"}})).status == 405);
  CHECK(caller.Do("HEAD", "/v1/mcp", Caller::McpHeaders("good", headers)).status == 405);
  g.upstream.ForgetSessions();
  CHECK(caller.Do("GET", "/v1/mcp", Caller::McpHeaders("good", headers)).status == 404);
  CHECK(g.upstream.seen("GET").size() == 1);
}

TEST_CASE("a call whose stream broke off is answered by a GET, and its outcome is known then") {
  Gateway g;
  g.upstream.set_mode("stream");
  Caller& caller = g.Start();
  const http::HeaderList headers = Streaming(caller);
  const auto call = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", headers), CallBody("read_file", "5"));
  REQUIRE(call->Starts());
  g.upstream.Push("id: e1\nretry: 10\ndata:\n\n");
  CHECK(call->Has("id: e1\nretry: 10\ndata:\n\n"));
  g.upstream.FinishStreams();
  CHECK(call->Ends());
  CHECK(call->text.find("error") == std::string::npos);
  g.gate->Join();
  CHECK(g.gate->outcomes().empty());
  http::HeaderList again = headers;
  again.Add("Last-Event-ID", "e1");
  const auto rest = caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", again));
  REQUIRE(rest->Starts());
  CHECK(g.upstream.seen("GET").back().headers.find("Last-Event-ID: e1") != std::string::npos);
  g.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","id":5,"result":{"isError":true}})", "e2"));
  CHECK(rest->Has("\"id\":5"));
  CHECK(OutcomeOf(g) == "tool_error");
}

TEST_CASE("in the modern era a stream that breaks off is a failure, also after an event with an id: nobody can come back for the rest") {
  Gateway g;
  g.upstream.modern = true;
  g.upstream.set_mode("stream");
  Caller& caller = g.Start();
  const http::HeaderList headers{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "read_file"}, {"Accept", "application/json, text/event-stream"}};
  const auto call = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", headers),
                                R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})");
  REQUIRE(call->Starts());
  g.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}})", "7"));
  REQUIRE(call->Has("notifications/progress"));
  g.upstream.FinishStreams();
  REQUIRE(call->Ends());
  CHECK(call->text.find("-32603") != std::string::npos);
  CHECK(OutcomeOf(g) == "upstream_http");
}

TEST_CASE("a call without a session ends with its answer, however long the upstream keeps its stream open") {
  Gateway g;
  g.upstream.set_mode("stream");
  Caller& caller = g.Start();
  const auto call = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", {{"Accept", "application/json, text/event-stream"}}), CallBody("read_file", "5"));
  REQUIRE(call->Starts());
  const json::Value id = *json::Parse(g.upstream.seen("tools/call").back().body)->Find("id");
  const std::string progress = OneEvent(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}})");
  g.upstream.Push(progress + OneEvent(R"({"jsonrpc":"2.0","id":)" + json::Write(id) + R"(,"result":{"content":[]}})"));
  REQUIRE(call->Ends());
  CHECK(call->text == progress + OneEvent(R"({"jsonrpc":"2.0","id":5,"result":{"content":[]}})"));
  CHECK(OutcomeOf(g) == "success");
  CHECK(g.upstream.left == 0);
}

TEST_CASE("a large answer passes by before it is complete") {
  for (const bool sse : {false, true}) {
    Gateway g;
    g.upstream.set_mode("large");
    g.upstream.sse = sse;
    g.settings.limits.max_answer_bytes = 1 << 20;
    Caller& caller = g.Start();
    const Got got = caller.Mcp("good", CallBody("read_file"), Streaming(caller));
    CHECK(got.status == 200);
    CHECK(got.whole);
    CHECK(got.body.size() > (8u << 20));
    CHECK(OutcomeOf(g) == "tool_error");
  }
}

TEST_CASE("in the legacy era a client that leaves does not cancel its call") {
  Gateway g;
  g.upstream.set_mode("stream");
  Caller& caller = g.Start();
  const auto call = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", Streaming(caller)), CallBody("read_file", "5"));
  REQUIRE(call->Starts());
  caller.Leave(*call);
  g.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","id":5,"result":{"content":[]}})"));
  CHECK(OutcomeOf(g) == "success");
  CHECK(g.upstream.left == 0);
}

TEST_CASE("an answer on a call's stream that is for another request does not go on") {
  Gateway g;
  g.upstream.set_mode("stream");
  Caller& caller = g.Start();
  const auto call = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", Streaming(caller)), CallBody("read_file", "5"));
  REQUIRE(call->Starts());
  g.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","id":6,"result":{"secret":1}})"));
  CHECK(call->Ends());
  CHECK(call->text.find("secret") == std::string::npos);
  CHECK(call->text.find("upstream sent no valid answer") != std::string::npos);
}

TEST_CASE("traceparent goes on, the caller's token and cookies do not") {
  Gateway g;
  Caller& caller = g.Start();
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  http::HeaderList headers = Streaming(caller);
  headers.Add("traceparent", trace);
  headers.Add("Cookie", "a=b");
  headers.Add("Mcp-Method", "tools/call");
  caller.Mcp("good", CallBody("read_file"), headers);
  const std::string seen = g.upstream.seen("tools/call")[0].headers;
  CHECK(seen.find("traceparent: " + trace) != std::string::npos);
  CHECK(seen.find("Cookie") == std::string::npos);
  CHECK(seen.find("Authorization") == std::string::npos);
}

TEST_CASE("a silent stream shows signs of life, and ends with the token however much the upstream says") {
  for (const bool modern : {false, true}) {
    Gateway g;
    g.settings.keep_alive_ms = 400;
    g.upstream.modern = modern;
    Caller& caller = g.Start();
    const http::HeaderList listen{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "subscriptions/listen"}, {"Accept", "text/event-stream"}};
    const auto stream =
        modern ? caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", listen),
                             R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}},"notifications":{}}})")
               : caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", Streaming(caller)));
    REQUIRE(stream->Starts());
    CHECK(stream->Has(": alive\n"));
    g.gate->tokens_ended = true;
    PushUntilEnded(g.upstream, *stream);
    while (g.upstream.left == 0) std::this_thread::yield();
  }
}

}  // namespace intentgate::test
