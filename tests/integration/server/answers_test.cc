// What of an upstream's HTTP answers is an answer to the request, in a session, without one, in a batch and in the modern era.
#include <doctest/doctest.h>

#include "integration/server/upstreams_fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

std::string ModernCall() { return Ask("tools/call", R"({"name":"read_file","arguments":{},)" + std::string(kMeta) + "}"); }

http::HeaderList InSession(Gateway& g) { return {{"Mcp-Session-Id", *Streaming(*g.caller).Get("Mcp-Session-Id")}}; }

Got CallIn(Gateway& g, std::string_view way) {
  if (way == "none") return g.caller->Mcp("good", CallBody("read_file", "2"));
  if (way == "modern") return g.caller->Mcp("good", ModernCall(), ModernHeaders("tools/call", "read_file"));
  const http::HeaderList session = InSession(g);
  if (way == "session") return g.caller->Mcp("good", CallBody("read_file", "2"), session);
  Got got = g.caller->Mcp("good", "[" + CallBody("read_file", "2") + "]", session);
  got.body = json::Write(got.json().array().at(0));
  return got;
}

std::string OutcomeOf(Gateway& g) {
  while (g.gate->outcomes().empty()) std::this_thread::yield();
  REQUIRE(g.gate->outcomes().size() == 1);
  return g.gate->outcomes()[0].second.outcome;
}

constexpr std::string_view kBatches = "2025-03-26";   // the one revision that has them
// With an upstream of the way's revision, which answers every call so.
void Start(Gateway& g, std::string_view way, FakeUpstream::Reply reply) {
  g.upstream.modern = way == "modern";
  if (way == "batch") g.upstream.protocol = kBatches;
  g.upstream.set_reply(std::move(reply));
  g.Start();
}

constexpr std::string_view kError = R"({"jsonrpc":"2.0","id":<id>,"error":{"code":-32602,"message":"Unknown tool"}})";

}  // namespace

TEST_CASE("a request or a notification in place of the answer is none") {
  for (const std::string way : {"session", "batch", "none", "modern"}) {
    for (const std::string said : {R"({"jsonrpc":"2.0","id":<id>,"method":"sampling/createMessage","params":{"messages":[]}})",
                                   R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}})",
                                   R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"zzz","status":"working"}})"}) {
      INFO(way);
      INFO(said);
      Gateway g;
      Start(g, way, {200, said});
      const Got got = CallIn(g, way);
      CHECK(got.status == 200);
      CHECK(got.code() == -32603);
      CHECK(got.body.find("method") == std::string::npos);
      CHECK(OutcomeOf(g) == "upstream_http");
    }
  }
}

TEST_CASE("an upstream's own error under a status of 400 comes back as it is, in every kind of session") {
  for (const std::string way : {"session", "batch", "none", "modern"}) {
    INFO(way);
    Gateway g;
    Start(g, way, {400, std::string(kError)});
    const Got got = CallIn(g, way);
    CHECK(got.status == (way == "modern" ? 400 : 200));
    CHECK(got.body == R"({"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"Unknown tool"}})");
    CHECK(OutcomeOf(g) == "tool_error");
  }
  for (const bool session : {true, false}) {
    Gateway g;
    g.upstream.set_reply({400, std::string(kError)});
    g.Start();
    const Got got = g.caller->Mcp("good", Ask("prompts/list"), session ? Streaming(*g.caller) : http::HeaderList{});
    CHECK(got.status == 200);
    CHECK(got.body == R"({"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"Unknown tool"}})");
  }
}

TEST_CASE("what is no error of this request, or comes under a status that speaks of the gateway, is the upstream's failure") {
  const FakeUpstream::Reply replies[] = {{400, R"({"jsonrpc":"2.0","id":"another","error":{"code":-32602,"message":"SECRET"}})"},
                                         {400, R"({"jsonrpc":"2.0","id":<id>,"result":{"x":"SECRET"}})"},
                                         {400, R"({"jsonrpc":"2.0","id":<id>,"error":"SECRET"})"},
                                         {400, "SECRET", "text/plain"},
                                         {401, std::string(kError)},
                                         {403, std::string(kError)},
                                         {500, std::string(kError)}};
  for (const std::string way : {"session", "none", "modern"}) {
    for (const FakeUpstream::Reply& reply : replies) {
      INFO(reply.status);
      INFO(reply.body);
      Gateway g;
      Start(g, way, reply);
      const Got got = CallIn(g, way);
      CHECK(got.status == 200);
      CHECK(got.code() == -32603);
      CHECK(got.body.find("SECRET") == std::string::npos);
      CHECK(OutcomeOf(g) == "upstream_http");
      if (way == "modern") continue;
      const Got list = g.caller->Mcp("good", Ask("prompts/list"), way == "none" ? http::HeaderList{} : Streaming(*g.caller));
      CHECK(list.status == 200);
      CHECK(list.code() == -32603);
    }
  }
}

TEST_CASE("404 says that a session is forgotten, also with an error in it") {
  Gateway g;
  g.upstream.set_reply({404, std::string(kError)});
  Caller& caller = g.Start();
  CHECK(CallIn(g, "session").status == 404);
  CHECK(caller.Mcp("good", Ask("prompts/list"), Streaming(caller)).status == 404);
  // The gateway opens its own session anew and asks once more.
  for (const std::string method : {"tools/call", "prompts/list"}) {
    const std::size_t asked = g.upstream.seen(method).size(), opened = g.upstream.seen("initialize").size();
    CHECK(caller.Mcp("good", method == "tools/call" ? CallBody("read_file", "2") : Ask(method)).code() == -32602);
    CHECK(g.upstream.seen(method).size() == asked + 2);
    CHECK(g.upstream.seen("initialize").size() > opened);
  }
}

TEST_CASE("a long answer that breaks off, or has something behind it, costs a batch this answer alone") {
  for (const bool cut : {true, false}) {
    Gateway g;
    g.upstream.protocol = kBatches;
    if (cut) g.upstream.set_mode("large_cut");
    else g.upstream.set_reply({200, R"({"jsonrpc":"2.0","id":<id>,"result":{"x":")" + std::string(200'000, 'x') + "\"}} SECRET"});
    Caller& caller = g.Start();
    const std::string first = cut ? CallBody("read_file", "1") : R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
    const Got got = caller.Mcp("good", "[" + first + "," + CallBody("read_file", "2") + "]", InSession(g));
    CHECK(got.status == 200);
    REQUIRE(got.whole);
    const json::Array answers = got.json().array();
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].Find("result") != nullptr);
    CHECK(json::Write(*answers[1].Find("id")) == "2");
    CHECK(answers[1].AtPointer("/error/code")->number_text() == "-32603");
  }
}

}  // namespace intentgate::test
