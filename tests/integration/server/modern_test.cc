// The revision 2026-07-28: admission, one answer for each rule, rounds of one call, streams.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

std::string Body(std::string_view method, std::string_view params = {}, std::string_view meta = kMeta) {
  std::string members(meta);
  if (!params.empty()) members += (members.empty() ? "" : ",") + std::string(params);
  return R"({"jsonrpc":"2.0","id":"m1","method":")" + std::string(method) + R"(","params":{)" + members + "}}";
}

http::HeaderList Headers(std::string_view method, std::string_view name = {}) {
  http::HeaderList headers{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}, {"Accept", "application/json, text/event-stream"}};
  if (!name.empty()) headers.Add("Mcp-Name", name);
  return headers;
}

Got Call(Caller& caller, std::string_view tool, std::string_view more = {}, std::string_view token = "good") {
  const std::string params = R"("name":")" + std::string(tool) + R"(","arguments":{"path":"/a"})" + std::string(more);
  return caller.Mcp(token, Body("tools/call", params), Headers("tools/call", tool));
}

// No tool is visible to a token that is not good.
class StrictGate : public FakeGate {
 public:
  std::vector<bool> VisibleTools(std::string_view token, std::string_view server, std::span<const std::string> tools, std::string_view holder) override {
    return token == "good" ? FakeGate::VisibleTools(token, server, tools, holder) : std::vector<bool>(tools.size(), false);
  }
};

struct Modern : Gateway {
  Modern() { upstream.modern = true; }
};

}  // namespace

TEST_CASE("admission refuses with the revision's statuses and codes, and nothing goes on") {
  Modern g;
  Caller& caller = g.Start();
  const auto refused = [&](std::string body, http::HeaderList headers) {
    const Got got = caller.Mcp("good", std::move(body), std::move(headers));
    CHECK(json::Write(*got.json().Find("id")) == "\"m1\"");
    return std::pair<int, std::int64_t>(got.status, got.code());
  };
  const auto pair = [](int status, std::int64_t code) { return std::pair<int, std::int64_t>(status, code); };
  constexpr std::string_view kNoVersion = R"("_meta":{"io.modelcontextprotocol/clientCapabilities":{}})";
  constexpr std::string_view kNoCapabilities = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})";
  constexpr std::string_view kOther =
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01","io.modelcontextprotocol/clientCapabilities":{}})";
  CHECK(refused(Body("tools/list", {}, ""), Headers("tools/list")) == pair(400, -32602));
  CHECK(refused(Body("tools/list", {}, kNoVersion), Headers("tools/list")) == pair(400, -32602));
  CHECK(refused(Body("tools/list", {}, kNoCapabilities), Headers("tools/list")) == pair(400, -32602));
  CHECK(refused(Body("tools/list"), {{"Mcp-Method", "tools/list"}}) == pair(400, -32020));
  CHECK(refused(Body("tools/list"), {{"Mcp-Method", "tools/list"}, {"MCP-Protocol-Version", "2025-11-25"}}) == pair(400, -32020));
  CHECK(refused(Body("tools/list", {}, kOther), {{"Mcp-Method", "tools/list"}, {"MCP-Protocol-Version", "2099-01-01"}}) == pair(400, -32022));
  CHECK(refused(Body("tools/list"), {{"MCP-Protocol-Version", "2026-07-28"}}) == pair(400, -32020));
  CHECK(refused(Body("tools/list"), Headers("prompts/list")) == pair(400, -32020));
  CHECK(refused(Body("tools/list"), Headers("TOOLS/LIST")) == pair(400, -32020));
  CHECK(refused(Body("tools/call", R"("name":"read_file")"), Headers("tools/call")) == pair(400, -32020));
  CHECK(refused(Body("tools/call", R"("name":"read_file")"), Headers("tools/call", "read_other")) == pair(400, -32020));
  CHECK(refused(Body("resources/read", R"("uri":"a:1")"), Headers("resources/read", "a:2")) == pair(400, -32020));
  CHECK(refused(Body("resources/read", R"("uri":1)"), Headers("resources/read", "a:2")) == pair(400, -32602));
  for (const std::string method : {"initialize", "ping", "logging/setLevel", "resources/subscribe", "tasks/result", "tasks/list", "x"}) {
    CHECK(refused(Body(method), Headers(method)) == pair(404, -32601));
    CHECK(g.gate->refused().back().method == method);
  }
  const Got unsupported = caller.Mcp("good", Body("tools/list", {}, kOther), {{"Mcp-Method", "tools/list"}, {"MCP-Protocol-Version", "2099-01-01"}});
  CHECK(json::Write(*unsupported.json().AtPointer("/error/data")) == R"({"supported":["2026-07-28"],"requested":"2099-01-01"})");
  CHECK(caller.Mcp("good", R"({"jsonrpc":"2.0","id":"m1","result":{}})", Headers("x")).status == 400);
  CHECK(caller.Mcp("good", "[" + Body("tools/list") + "]", Headers("tools/list")).status == 400);
  for (const std::string method : {"tools/list", "server/discover", "subscriptions/listen"}) {
    CHECK(caller.Mcp("", Body(method), Headers(method)).status == 401);
  }
  CHECK(Call(caller, "read_file", {}, "").status == 401);
  for (const std::string method : {"tools/call", "resources/read", "prompts/list"}) CHECK(g.upstream.seen(method).empty());
}

TEST_CASE("what cannot be read is refused in the revision's form when the header names it") {
  Modern g;
  Caller& caller = g.Start();
  const auto call = [](std::string_view params) { return R"({"jsonrpc":"2.0","id":"m1","method":"tools/call","params":)" + std::string(params) + "}"; };
  const std::pair<std::string, std::int64_t> cases[] = {{call("[]"), -32602},
                                                        {call(R"({"name":"read_file","name":"delete_all"})"), -32602},
                                                        {call(R"({"name":"read_file","Name":"delete_all"})"), -32602},
                                                        {"{", -32700},
                                                        {"[" + call("{}") + "]", -32600}};
  for (const auto& [body, code] : cases) {
    const Got got = caller.Mcp("good", body, Headers("tools/call", "read_file"));
    INFO(got.body);
    CHECK(got.status == 400);
    CHECK(got.code() == code);
    const json::Value answer = got.json();
    const json::Value* reason = answer.AtPointer("/error/data/reason");
    REQUIRE(reason != nullptr);
    if (body.starts_with("[")) CHECK(reason->string_value() == "the revision 2026-07-28 has no batches: send one message a request");
  }
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("neither Mcp-Method nor another reserved key makes a request modern") {
  Gateway g;
  Caller& caller = g.Start();
  CHECK(caller.Mcp("good", InitializeBody(), {{"Mcp-Method", "initialize"}}).status == 200);
  const std::string body = R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/logLevel":"info"}}})";
  CHECK(caller.Mcp("good", body, {{"Mcp-Method", "tools/list"}}).json().AtPointer("/result/tools") != nullptr);
}

TEST_CASE("discover tells what is carried, and lists are filtered and private") {
  Modern g;
  Caller& caller = g.Start();
  const Got discover = caller.Mcp("good", Body("server/discover"), Headers("server/discover"));
  CHECK(json::Write(*discover.json().Find("result")) ==
        R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"})");
  g.upstream.set_tools_page(R"({"resultType":"complete","tools":[{"name":"read_file"},{"name":"delete_all"}],"ttlMs":60000,"cacheScope":"public"})");
  const Got list = caller.Mcp("good", Body("tools/list"), Headers("tools/list"));
  CHECK(json::Write(*list.json().Find("result")) == R"({"resultType":"complete","tools":[{"name":"read_file"}],"ttlMs":0,"cacheScope":"private"})");
  // The gateway's own list may come at any time.
  const auto lists = g.upstream.seen("tools/list");
  const auto asked = std::find_if(lists.begin(), lists.end(), [](const FakeUpstream::Seen& one) { return one.body == Body("tools/list"); });
  REQUIRE(asked != lists.end());
  CHECK(asked->headers.find("Mcp-Method: tools/list") != std::string::npos);
}

TEST_CASE("a client that asks an upstream of the other era is told so with that era's code, so that it falls back") {
  Gateway g;
  Caller& caller = g.Start();
  const Got got = caller.Mcp("good", Body("server/discover"), Headers("server/discover"));
  CHECK(got.status == 400);
  CHECK(got.code() == -32601);
  CHECK(json::Write(*got.json().AtPointer("/error/data/supported")) == R"(["2025-11-25","2025-06-18","2025-03-26"])");
}

TEST_CASE("that a tool wants a parameter repeated learns only who may see the tool") {
  Modern g;
  g.gate = std::make_shared<StrictGate>();
  g.upstream.set_tools_page(R"({"resultType":"complete","tools":[{"name":"read_file","inputSchema":{"properties":{"path":{"x-mcp-header":"Path"}}}},)"
                            R"({"name":"delete_all","inputSchema":{"properties":{"path":{"x-mcp-header":"Path"}}}}],"ttlMs":0,"cacheScope":"private"})");
  Caller& caller = g.Start();
  REQUIRE(caller.Mcp("good", Body("tools/list"), Headers("tools/list")).status == 200);
  CHECK(Call(caller, "read_file").code() == -32020);
  CHECK(g.upstream.seen("tools/call").empty());
  CHECK(Call(caller, "delete_all").code() == -31010);
  CHECK(Call(caller, "read_file", {}, "").status == 401);
  CHECK(Call(caller, "read_file", {}, "bad").body == Call(caller, "read_other", {}, "bad").body);
}

TEST_CASE("refusals of the gate have codes outside the reserved range") {
  Modern g;
  Caller& caller = g.Start();
  const std::pair<std::string, std::int64_t> cases[] = {
      {"delete_all", -31010}, {"unfitting", -31011}, {"blocked", -31012}, {"exhausted", -31013}};
  for (const auto& [tool, code] : cases) {
    const Got got = Call(caller, tool);
    CHECK(got.status == 200);
    CHECK(got.code() == code);
    CHECK(got.json().AtPointer("/error/data/decision")->string_value() == "event-no");
    CHECK_FALSE(got.json().AtPointer("/error/data/reason")->string_value().empty());
  }
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("an allowed call goes on as it came, and the upstream's own refusal comes back as it is") {
  Modern g;
  Caller& caller = g.Start();
  const Got got = Call(caller, "read_file");
  CHECK(got.json().AtPointer("/result/cacheScope")->string_value() == "private");
  const auto seen = g.upstream.seen("tools/call");
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].body == Body("tools/call", R"("name":"read_file","arguments":{"path":"/a"})"));
  CHECK(seen[0].headers.find("Mcp-Name: read_file") != std::string::npos);
  CHECK(seen[0].session.empty());
  g.upstream.set_mode("refuse");
  const Got refused = Call(caller, "read_file");
  CHECK(refused.status == 400);
  CHECK(refused.code() == -32021);
}

TEST_CASE("each round of a call is judged, and only the first is charged") {
  Modern g;
  g.upstream.set_mode("input");
  Caller& caller = g.Start();
  const Got first = Call(caller, "read_file");
  const std::string state = first.json().AtPointer("/result/requestState")->string_value();
  CHECK(state.find("of the upstream") == std::string::npos);
  const std::string again = R"(,"inputResponses":{"a":{}},"requestState":")" + state + "\"";
  const Got second = Call(caller, "read_file", again);
  CHECK(second.json().AtPointer("/result/state")->string_value() == "of the upstream");
  Call(caller, "read_file", again);
  const auto calls = g.gate->calls();
  REQUIRE(calls.size() == 3);
  CHECK(calls[0] == R"(read_file|||{"path":"/a"})");
  CHECK(calls[1] == R"(read_file|||{"path":"/a"}|continues)");
  CHECK(calls[2] == R"(read_file|||{"path":"/a"})");  // who comes twice with one state is charged
  // The answers alone do not make a call free.
  Call(caller, "read_file", R"(,"inputResponses":{"a":{}})");
  CHECK(g.gate->calls().back() == R"(read_file|||{"path":"/a"})");
}

TEST_CASE("a state of another call, of another caller, or none of ours is refused") {
  Modern g;
  g.upstream.set_mode("input");
  Caller& caller = g.Start();
  const std::string state = Call(caller, "read_file").json().AtPointer("/result/requestState")->string_value();
  const std::string with = R"(,"requestState":")" + state + "\"";
  const std::size_t before = g.upstream.seen("tools/call").size();
  for (const Got& got : {Call(caller, "read_other", with), Call(caller, "read_file", with, "good2"),
                         Call(caller, "read_file", R"(,"requestState":"of the upstream")"), Call(caller, "read_file", R"(,"requestState":1)")}) {
    CHECK(got.status == 400);
    CHECK(got.code() == -32602);
  }
  CHECK(g.upstream.seen("tools/call").size() == before);
}

TEST_CASE("a client that leaves cancels its call at once") {
  Modern g;
  g.upstream.set_mode("stream");
  Caller& caller = g.Start();
  const auto call = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", Headers("tools/call", "read_file")),
                                Body("tools/call", R"("name":"read_file")"));
  REQUIRE(call->Starts());
  caller.Leave(*call);
  // The upstream may learn of it before the outcome is recorded.
  while (g.upstream.left == 0 || g.gate->outcomes().empty()) std::this_thread::yield();
  REQUIRE(g.gate->outcomes().size() == 1);
  CHECK(g.gate->outcomes()[0].second.outcome == "cancelled");
}

TEST_CASE("a request on an answer's stream does not go on") {
  Modern g;
  g.upstream.set_mode("stream");
  Caller& caller = g.Start();
  const auto call = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", Headers("tools/call", "read_file")),
                                Body("tools/call", R"("name":"read_file")"));
  REQUIRE(call->Starts());
  std::string event;
  http::AppendSseEvent({}, {}, R"({"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"})", event);
  g.upstream.Push(event);
  CHECK(call->Ends());
  CHECK(call->text.find("sampling") == std::string::npos);
}

TEST_CASE("a client listens to what its token covers") {
  Modern g;
  Caller& caller = g.Start();
  const std::string covered = R"("notifications":{"toolsListChanged":true,"resourceSubscriptions":["a:1","a:2"]})";
  const auto stream = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", Headers("subscriptions/listen")), Body("subscriptions/listen", covered));
  REQUIRE(stream->Starts());
  CHECK(stream->status == 200);
  CHECK(g.gate->calls() == std::vector<std::string>{R"(resources/subscribe|||{"uri":"a:1"})", R"(resources/subscribe|||{"uri":"a:2"})"});
  g.upstream.Push("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\"}\n\n");
  CHECK(stream->Has("acknowledged"));
  const std::string secret = R"("notifications":{"resourceSubscriptions":["a:1","secret:1"]})";
  const Got refused = caller.Mcp("good", Body("subscriptions/listen", secret), Headers("subscriptions/listen"));
  CHECK(refused.code() == -31010);
  for (const std::string bad : {R"("x":1)", R"("notifications":[])", R"("notifications":{"resourceSubscriptions":"a:1"})",
                                R"("notifications":{"resourceSubscriptions":[1]})"}) {
    const Got got = caller.Mcp("good", Body("subscriptions/listen", bad), Headers("subscriptions/listen"));
    CHECK(got.status == 400);
    CHECK(got.code() == -32602);
  }
  CHECK(g.upstream.seen("subscriptions/listen").size() == 1);
}

TEST_CASE("a subscription names what it wants in the protocol's spelling, and nothing that has no rule here") {
  Modern g;
  Caller& caller = g.Start();
  for (const std::string spelled : {R"("ResourceSubscriptions":["secret:1"])", R"("resourceSubscriptions":["a:1"],"resourcesubscriptions":["secret:1"])",
                                    R"("TaskIds":["t1"])", R"("ToolsListChanged":true)"}) {
    const Got got = caller.Mcp("good", Body("subscriptions/listen", R"("notifications":{)" + spelled + "}"), Headers("subscriptions/listen"));
    CHECK(got.status == 400);
    CHECK(got.code() == -32602);
    CHECK(g.gate->refused().back().method == "subscriptions/listen");
  }
  CHECK(g.upstream.seen("subscriptions/listen").empty());
  CHECK(g.gate->calls().empty());
  const auto stream = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", Headers("subscriptions/listen")),
                                  Body("subscriptions/listen", R"("notifications":{"everything":true,"toolsListChanged":true,"more":["secret:1"]})"));
  REQUIRE(stream->Starts());
  CHECK(g.upstream.seen("subscriptions/listen")[0].body == Body("subscriptions/listen", R"("notifications":{"toolsListChanged":true})"));
}

TEST_CASE("an answer that asks for input gets the mark also when it is large") {
  for (const bool sse : {false, true}) {
    Modern g;
    g.upstream.set_mode("large_input");
    g.upstream.sse = sse;
    Caller& caller = g.Start();
    http::HeaderList headers = Headers("tools/call", "read_file");
    headers.Set("Accept", "application/json");
    const Got first = caller.Mcp("good", Body("tools/call", R"("name":"read_file","arguments":{"path":"/a"})"), headers);
    const std::string state = first.json().AtPointer("/result/requestState")->string_value();
    CHECK(state != "of the upstream");
    const Got second = Call(caller, "read_file", R"(,"requestState":")" + state + "\"");
    CHECK(second.status == 200);
    CHECK(second.body.find(R"("state":"of the upstream")") != std::string::npos);
  }
}

}  // namespace intentgate::test
