// Lines of the protocol's checklists (docs/design/mcp.md, "Line by line") that the tests of a subject do not assert by the way.
#include <doctest/doctest.h>

#include <thread>

#include "integration/server/upstreams_fixture.h"

namespace intentgate::test {

TEST_CASE("legacy: initialize is answered whatever revision its header names, and ping with an empty result") {
  Gateway g;
  Caller& caller = g.Start();
  CHECK(caller.Mcp("good", InitializeBody(), {{"MCP-Protocol-Version", "2099-01-01"}}).status == 200);
  CHECK(caller.Mcp("good", R"({"jsonrpc":"2.0","id":3,"method":"ping"})").body == R"({"jsonrpc":"2.0","id":3,"result":{}})");
}

TEST_CASE("legacy: a ping that names a session needs it and a good token, also in a batch, and keeps it alive") {
  Gateway g;
  g.upstream.protocol = "2025-03-26";
  g.settings.limits.max_sessions = 2;
  Caller& caller = g.Start();
  const std::string ping = R"({"jsonrpc":"2.0","id":3,"method":"ping"})";
  const auto open = [&] { return http::HeaderList{{"Mcp-Session-Id", caller.Mcp("good", InitializeBody()).header("Mcp-Session-Id")}}; };
  const http::HeaderList pinged = open();
  const http::HeaderList silent = open();
  CHECK(caller.Mcp("good", ping, pinged).body == R"({"jsonrpc":"2.0","id":3,"result":{}})");
  open();
  CHECK(caller.Mcp("good", Ask("tools/list"), pinged).status == 200);
  CHECK(caller.Mcp("good", Ask("tools/list"), silent).status == 404);
  CHECK(caller.Mcp("good", "[" + ping + "]", pinged).body == R"([{"jsonrpc":"2.0","id":3,"result":{}}])");
  CHECK(caller.Mcp("good2", "[" + ping + "]", pinged).status == 404);
  const Got unknown = caller.Mcp("good", ping, {{"Mcp-Session-Id", "nope"}});
  CHECK(unknown.status == 404);
  CHECK(json::Write(*unknown.json().Find("id")) == "3");
  CHECK(caller.Mcp("good2", ping, pinged).status == 404);
  CHECK(caller.Mcp("bad", ping, pinged).status == 401);
  CHECK(caller.Mcp("", ping, pinged).status == 401);
  CHECK(caller.Do("DELETE", "/v1/mcp", Caller::McpHeaders("good", pinged)).status == 204);
  CHECK(caller.Mcp("good", ping, pinged).status == 404);
}

TEST_CASE("legacy: a session without the header has the revision that was negotiated, and notifications go into it untouched") {
  Gateway g;
  Caller& caller = g.Start();
  const http::HeaderList session = Streaming(caller);
  for (const std::string body : {R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x","reason":"\u0041"}})",
                                 R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":0.50}})",
                                 R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})"}) {
    const Got got = caller.Mcp("good", body, session);
    CHECK(got.status == 202);
    CHECK(got.body.empty());
    CHECK(g.UpstreamGot(body));
  }
  CHECK(g.upstream.seen("notifications/cancelled")[0].protocol == "2025-06-18");
}

TEST_CASE("legacy: an empty cursor is a cursor, of one upstream and of several") {
  TwoUpstreams g;
  g.other.set_tools_page(R"({"tools":[{"name":"read_file"}],"nextCursor":""})");
  Caller& caller = g.Start();
  const json::Value first = caller.Mcp("good", Ask("tools/list")).json();
  const json::Value* cursor = first.AtPointer("/result/nextCursor");
  REQUIRE(cursor != nullptr);
  CHECK(caller.Mcp("good", Ask("tools/list", R"({"cursor":)" + json::Write(*cursor) + "}")).json().AtPointer("/result/tools")->array().size() == 1);
  const auto lists = g.other.seen("tools/list");
  CHECK(std::any_of(lists.begin(), lists.end(), [](const FakeUpstream::Seen& one) { return one.body.find(R"("cursor":"")") != std::string::npos; }));
  Gateway one;
  one.upstream.set_tools_page(R"({"tools":[{"name":"read_file"}],"nextCursor":""})");
  CHECK(one.Start().Mcp("good", Ask("tools/list")).json().AtPointer("/result/nextCursor")->string_value().empty());
}

TEST_CASE("modern: sessions and event ids mean nothing, and go no further") {
  Gateway g;
  g.upstream.modern = true;
  Caller& caller = g.Start();
  http::HeaderList fields = ModernHeaders("tools/call", "read_file");
  fields.Add("Mcp-Session-Id", "somebody-elses");
  fields.Add("Last-Event-ID", "e1");
  CHECK(caller.Mcp("good", ModernBody("tools/call", R"("name":"read_file","arguments":{})"), fields).code() == 0);
  const auto seen = g.upstream.seen("tools/call");
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].session.empty());
  CHECK(seen[0].headers.find("Last-Event-ID") == std::string::npos);
}

TEST_CASE("modern: a stream tells proxies not to gather it") {
  Gateway g;
  g.upstream.modern = true;
  g.upstream.sse = true;
  Caller& caller = g.Start();
  const Got got = caller.Mcp("good", ModernBody("tools/call", R"("name":"read_file","arguments":{})"), ModernHeaders("tools/call", "read_file"));
  CHECK(got.header("Content-Type") == "text/event-stream");
  CHECK(got.header("X-Accel-Buffering") == "no");
}

TEST_CASE("modern: initialize is told which revisions there are") {
  Gateway g;
  g.upstream.modern = true;
  const Got got = g.Start().Mcp("good", ModernBody("initialize"), ModernHeaders("initialize"));
  CHECK(got.status == 404);
  CHECK(json::Write(*got.json().AtPointer("/error/data/supported")) == R"(["2026-07-28"])");
}

TEST_CASE("modern: a question of an upstream has no cache fields, and annotations for headers stay in a list as they are") {
  Gateway g;
  g.upstream.modern = true;
  const std::string schema = R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}})";
  g.upstream.set_tools_page(R"({"resultType":"complete","tools":[{"name":"read_file","inputSchema":)" + schema + "}]}");
  Caller& caller = g.Start();
  CHECK(json::Write(*caller.Mcp("good", ModernBody("tools/list"), ModernHeaders("tools/list")).json().AtPointer("/result/tools/0/inputSchema")) == schema);
  g.upstream.set_mode("input");
  http::HeaderList fields = ModernHeaders("tools/call", "read_file");
  fields.Add("Mcp-Param-Region", "eu");
  fields.Add("Mcp-Param-Other", "kept");
  const json::Value asked = caller.Mcp("good", ModernBody("tools/call", R"("name":"read_file","arguments":{"region":"eu"})"), fields).json();
  CHECK(asked.AtPointer("/result/resultType")->string_value() == "input_required");
  CHECK(asked.AtPointer("/result/ttlMs") == nullptr);
  CHECK(asked.AtPointer("/result/cacheScope") == nullptr);
  const std::string headers = g.upstream.seen("tools/call")[0].headers;
  CHECK(headers.find("Mcp-Param-Region: eu\n") != std::string::npos);
  CHECK(headers.find("Mcp-Param-Other: kept\n") != std::string::npos);
}

TEST_CASE("modern: results that the gateway makes itself say whose they are") {
  TwoUpstreams g;
  g.upstream.modern = g.other.modern = true;
  Caller& caller = g.Start();
  for (const std::string method : {"server/discover", "tools/list"}) {
    const json::Value made = caller.Mcp("good", ModernBody(method), ModernHeaders(method)).json();
    const json::Value* result = made.Find("result");
    REQUIRE(result != nullptr);
    CHECK(result->Find("resultType")->string_value() == "complete");
    CHECK(result->Find("cacheScope")->string_value() == "private");
    CHECK(result->Find("serverInfo") == nullptr);
    const json::Value* meta = result->Find("_meta");
    REQUIRE(meta != nullptr);
    CHECK(json::Write(*meta->Find("io.modelcontextprotocol/serverInfo")) == R"({"name":"intentgate","version":"1.2.3"})");
  }
}

TEST_CASE("modern: a subscription that the gateway ends is ended with its result") {
  const std::string ended = R"({"jsonrpc":"2.0","id":"m1","result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":"m1"}}})";
  const std::string wanted = ModernBody("subscriptions/listen", R"("notifications":{"toolsListChanged":true})");
  const auto listen = [&](Gateway& g, const std::vector<FakeUpstream*>& upstreams) {
    g.settings.keep_alive_ms = 1;
    Caller& caller = g.Start();
    const auto stream = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", ModernHeaders("subscriptions/listen")), wanted);
    for (FakeUpstream* upstream : upstreams) {
      while (upstream->seen("subscriptions/listen").empty()) std::this_thread::yield();
      upstream->Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{}}})"));
    }
    CHECK(stream->Has("acknowledged"));
    g.gate->tokens_ended = true;
    CHECK(stream->Ends());
    CHECK(stream->text.ends_with("data: " + ended + "\n\n"));
  };
  SUBCASE("at one upstream") {
    Gateway g;
    g.upstream.modern = true;
    listen(g, {&g.upstream});
  }
  SUBCASE("at several") {
    TwoUpstreams g;
    g.upstream.modern = g.other.modern = true;
    listen(g, {&g.upstream, &g.other});
  }
}

}  // namespace intentgate::test
