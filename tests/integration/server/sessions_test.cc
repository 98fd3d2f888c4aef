// The handshake, sessions and lists, as MCP clients use them.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

std::string Open(Caller& caller, std::string_view token) {
  const Got got = caller.Mcp(token, InitializeBody());
  CHECK(got.status == 200);
  return got.header("Mcp-Session-Id");
}

std::string Request(std::string_view method, std::string_view params = "{}") {
  return R"({"jsonrpc":"2.0","id":2,"method":")" + std::string(method) + R"(","params":)" + std::string(params) + "}";
}

}  // namespace

TEST_CASE("without a good token the handshake is answered here and opens nothing") {
  Gateway g;
  Caller& caller = g.Start();
  for (const std::string token : {"", "bad"}) {
    const Got hello = caller.Mcp(token, InitializeBody("2025-06-18"));
    CHECK(hello.status == 200);
    CHECK(hello.header("Mcp-Session-Id").empty());
    CHECK(hello.json().AtPointer("/result/protocolVersion")->string_value() == "2025-06-18");
    CHECK(hello.json().AtPointer("/result/serverInfo/version")->string_value() == "1.2.3");
    CHECK(caller.Mcp(token, R"({"jsonrpc":"2.0","method":"notifications/initialized"})").status == 202);
    CHECK(caller.Mcp(token, Request("ping")).status == 200);
    CHECK(caller.Mcp(token, R"({"jsonrpc":"2.0","method":"notifications/cancelled"})").status == 401);
    const Got list = caller.Mcp(token, Request("tools/list"));
    CHECK(list.status == 401);
    CHECK((list.header("WWW-Authenticate").find("invalid_token") != std::string::npos) == !token.empty());
  }
  CHECK(caller.Mcp("", InitializeBody("1999-01-01")).json().AtPointer("/result/protocolVersion")->string_value() == "2025-11-25");
  for (const auto& seen : g.upstream.seen("initialize")) CHECK(seen.body.find("\"clientInfo\":{\"name\":\"intentgate\"") != std::string::npos);
}

TEST_CASE("an upstream that turns the gateway away is not taken for one without a handshake") {
  for (const int status : {401, 403, 429}) {
    CAPTURE(status);
    Gateway g;
    g.upstream.initialize_status = status;
    Caller& caller = g.Start();
    const Got refused = caller.Mcp("good", InitializeBody());
    CHECK(refused.status == 200);
    CHECK(refused.code() == -32603);
    CHECK(refused.header("Mcp-Session-Id").empty());
    g.upstream.initialize_status = 0;
    CHECK(caller.Mcp("good", InitializeBody()).code() == 0);
    g.upstream.initialize_status = 405;
    CHECK(caller.Mcp("good", InitializeBody()).json().AtPointer("/result/serverInfo/name")->string_value() == "intentgate");
  }
}

TEST_CASE("a client's session is the upstream's, and messages in it go on untouched") {
  Gateway g;
  Caller& caller = g.Start();
  const Got hello = caller.Mcp("good", InitializeBody());
  const std::string session = hello.header("Mcp-Session-Id");
  REQUIRE(!session.empty());
  CHECK(json::Write(*hello.json().AtPointer("/result/capabilities")) ==
        R"({"tools":{"listChanged":true},"resources":{},"logging":{}})");
  CHECK(hello.json().AtPointer("/result/serverInfo/name")->string_value() == "fake");
  const http::HeaderList in_session{{"Mcp-Session-Id", session}, {"Accept", "application/json, text/event-stream"}};
  CHECK(caller.Mcp("good", R"({"jsonrpc":"2.0","method":"notifications/initialized"})", in_session).status == 202);
  const std::string body = "  " + CallBody("read_file", "\"me\"", R"({"n":1.50,"s":"\u0041"})");
  const Got got = caller.Mcp("good", body, in_session);
  CHECK(got.json().Find("id")->string_value() == "me");
  CHECK(got.body.find("_intentgate") == std::string::npos);
  const auto calls = g.upstream.seen("tools/call");
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].body == body);
  CHECK(calls[0].session == session);
  CHECK(calls[0].protocol == "2025-06-18");
  CHECK(g.gate->calls()[0].find("|" + session + "|") != std::string::npos);
}

TEST_CASE("nobody else can use a session, even who knows its id") {
  Gateway g;
  Caller& caller = g.Start();
  const std::string session = Open(caller, "good");
  const http::HeaderList with{{"Mcp-Session-Id", session}};
  for (const std::string token : {"good2", "other"}) {
    CHECK(caller.Mcp(token, CallBody("read_file"), with).status == 404);
    CHECK(caller.Mcp(token, Request("tools/list"), with).status == 404);
    CHECK(caller.Mcp(token, R"({"jsonrpc":"2.0","id":1,"result":{}})", with).status == 404);
    CHECK(caller.Do("DELETE", "/v1/mcp", Caller::McpHeaders(token, with)).status == 404);
  }
  CHECK(caller.Do("DELETE", "/v1/mcp", Caller::McpHeaders("", with)).status == 401);
  CHECK(g.gate->calls().empty());
  CHECK(g.upstream.seen("tools/call").empty());
  // A token that is not good is refused by the gate, in the chain.
  CHECK(caller.Mcp("bad", CallBody("read_file"), with).code() == -32010);
  CHECK(caller.Mcp("good", CallBody("read_file"), with).code() == 0);
  CHECK(caller.Mcp("good", CallBody("read_file"), {{"Mcp-Session-Id", "guessed"}}).status == 404);
}

TEST_CASE("a session ends with DELETE, and when the upstream forgets it") {
  Gateway g;
  Caller& caller = g.Start();
  const http::HeaderList first{{"Mcp-Session-Id", Open(caller, "good")}};
  CHECK(caller.Do("DELETE", "/v1/mcp", Caller::McpHeaders("good", first)).status == 204);
  CHECK(caller.Mcp("good", CallBody("read_file"), first).status == 404);
  const http::HeaderList second{{"Mcp-Session-Id", Open(caller, "good")}};
  g.upstream.ForgetSessions();
  CHECK(caller.Mcp("good", CallBody("read_file"), second).status == 404);
  CHECK(caller.Mcp("good", CallBody("read_file"), second).status == 404);
  CHECK(g.upstream.seen("tools/call").size() == 1);
}

TEST_CASE("a stream in a client's own session is passed on byte for byte") {
  Gateway g;
  Caller& caller = g.Start();
  const std::string session = Open(caller, "good");
  g.upstream.sse = true;
  const Got got = caller.Mcp("good", CallBody("read_file", "4"), {{"Mcp-Session-Id", session}, {"Accept", "text/event-stream"}});
  CHECK(got.header("Content-Type") == "text/event-stream");
  CHECK(got.body.starts_with("event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\""));
  CHECK(got.body.find("\"id\":4") != std::string::npos);
  // And collected for a client that cannot read streams.
  const Got whole = caller.Mcp("good", CallBody("read_file", "4"), {{"Mcp-Session-Id", session}, {"Accept", "application/json"}});
  CHECK(whole.json().Find("id")->number_text() == "4");
}

TEST_CASE("lists hold what the token could call, and nothing else changes") {
  for (const bool sse : {false, true}) {
    Gateway g;
    g.upstream.sse = sse;
    g.upstream.set_tools_page(
        R"({"tools":[{"name":"read_file","x":1.10,"inputSchema":{"properties":{"path":{},"n":{}}}},{"name":"delete_all"},{"name":"read_note"}],"nextCursor":"more","_meta":{"a":1}})");
    Caller& caller = g.Start();
    for (const bool in_session : {false, true}) {
      http::HeaderList headers{{"Accept", "application/json, text/event-stream"}};
      if (in_session) headers.Add("Mcp-Session-Id", Open(caller, "good"));
      const Got got = caller.Mcp("good", Request("tools/list", R"({"cursor":"c1"})"), headers);
      CHECK(json::Write(*got.json().Find("result")) ==
            R"({"tools":[{"name":"read_file","x":1.10,"inputSchema":{"properties":{"path":{},"n":{}}}},{"name":"read_note"}],"nextCursor":"more","_meta":{"a":1}})");
      CHECK(got.json().Find("id")->number_text() == "2");
    }
    // The gateway's own listing goes on beside it.
    std::size_t with_cursor = 0;
    for (const auto& seen : g.upstream.seen("tools/list")) {
      if (seen.body.find(R"("cursor":"c1")") != std::string::npos) ++with_cursor;
    }
    CHECK(with_cursor == 2);
  }
}

TEST_CASE("a list page that loses all its tools keeps its cursor") {
  Gateway g;
  g.upstream.set_tools_page(R"({"tools":[{"name":"delete_all"}],"nextCursor":"2"})");
  Caller& caller = g.Start();
  CHECK(json::Write(*caller.Mcp("good", Request("tools/list")).json().Find("result")) == R"({"tools":[],"nextCursor":"2"})");
  g.upstream.set_tools_page(R"({"tools":[{"noname":"delete_all"}]})");
  CHECK(caller.Mcp("good", Request("tools/list")).code() == -32603);
}

TEST_CASE("the gate learns the upstream's tools without any client") {
  Gateway g;
  g.Start();
  while (g.gate->catalogue().empty()) std::this_thread::yield();
  const auto tools = g.gate->catalogue();
  REQUIRE(tools.size() == 2);
  CHECK(tools[0].name == "read_file");
  CHECK(tools[0].description == "reads");
  CHECK(tools[0].parameters == std::vector<std::string>{"path"});
}

}  // namespace intentgate::test
