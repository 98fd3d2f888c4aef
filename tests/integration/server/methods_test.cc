// Resources, prompts, completions: judged like tools, listed as far as a token reaches.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

std::string Request(std::string_view method, std::string_view params, std::string_view id = "7") {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" + std::string(method) + R"(","params":)" +
         std::string(params) + "}";
}

http::HeaderList InSession(Caller& caller, std::string_view token = "good", std::string_view protocol = "2025-06-18") {
  return {{"Mcp-Session-Id", caller.Mcp(token, InitializeBody(protocol)).header("Mcp-Session-Id")}};
}

}  // namespace

TEST_CASE("a method that moves data is asked of the gate under its own name, and its bytes go on as they came") {
  Gateway g;
  Caller& caller = g.Start();
  const http::HeaderList session = InSession(caller);
  const std::pair<std::string, std::string> cases[] = {
      {Request("resources/read", R"({"uri": "a:1"})"), R"(resources/read||SESSION|{"uri":"a:1"})"},
      {Request("resources/subscribe", R"({"uri":"a:1"})"), R"(resources/subscribe||SESSION|{"uri":"a:1"})"},
      {Request("prompts/get", R"({"name":"p","arguments":{"n":1.10}})"), R"(prompts/get||SESSION|{"name":"p","arguments":{"n":1.10}})"},
      {Request("completion/complete", R"({"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"n","value":""}})"),
       R"(completion/complete||SESSION|{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"n","value":""}})"},
  };
  for (const auto& [body, text] : cases) {
    std::string asked = text;
    asked.replace(asked.find("SESSION"), 7, *session.Get("Mcp-Session-Id"));
    const Got got = caller.Mcp("good", body, session);
    CHECK(got.status == 200);
    CHECK(got.code() == 0);
    CHECK(g.gate->calls().back() == asked);
    CHECK(g.UpstreamGot(body));
  }
  g.gate->Join();
  CHECK(g.gate->outcomes().size() == 4);
}

TEST_CASE("a resource that the token does not cover is refused and never asked for, in every kind of session") {
  Gateway g;
  Caller& caller = g.Start();
  for (const http::HeaderList& headers : {InSession(caller), http::HeaderList()}) {
    const Got got = caller.Mcp("good", Request("resources/read", R"({"uri":"secret:1"})"), headers);
    CHECK(got.code() == -32010);
    CHECK(got.body.find("does not cover") != std::string::npos);
  }
  CHECK(caller.Mcp("", Request("resources/read", R"({"uri":"a:1"})")).status == 401);
  CHECK(g.upstream.seen("resources/read").empty());
}

TEST_CASE("lists show the resources that the token reaches, page by page") {
  Gateway g;
  Caller& caller = g.Start();
  for (const http::HeaderList& headers : {InSession(caller), http::HeaderList()}) {
    const Got list = caller.Mcp("good", Request("resources/list", "{}"), headers);
    CHECK(json::Write(*list.json().AtPointer("/result")) == R"({"resources":[{"uri":"a:1","name":"a"}],"nextCursor":"more"})");
    CHECK(list.json().AtPointer("/id")->number_text() == "7");
    CHECK(caller.Mcp("good", Request("resources/templates/list", "{}"), headers).json().AtPointer("/result/resourceTemplates")->array().size() == 1);
    CHECK(caller.Mcp("good", Request("prompts/list", "{}"), headers).json().AtPointer("/result/prompts")->array().size() == 1);
  }
  CHECK(caller.Mcp("bad", Request("resources/list", "{}")).status == 401);
}

TEST_CASE("what belongs to a session is not served without one") {
  Gateway g;
  Caller& caller = g.Start();
  for (const std::string method : {"logging/setLevel", "resources/unsubscribe", "resources/subscribe"}) {
    CHECK(caller.Mcp("good", Request(method, R"({"uri":"a:1","level":"info"})")).status == 400);
    CHECK(g.upstream.seen(method).empty());
  }
  const http::HeaderList session = InSession(caller);
  const std::string body = Request("logging/setLevel", R"({"level":"info"})");
  CHECK(caller.Mcp("good", body, session).status == 200);
  CHECK(g.upstream.seen("logging/setLevel")[0].body == body);
  CHECK(caller.Mcp("good2", body, session).status == 404);
}

TEST_CASE("a batch is refused in a session of a later revision, whatever its header says; without a session the header decides") {
  Gateway g;
  Caller& caller = g.Start();
  const std::string batch = "[" + CallBody("read_file", "1") + "]";
  http::HeaderList session = InSession(caller);
  CHECK(caller.Mcp("good", batch, session).status == 400);
  session.Add("MCP-Protocol-Version", "2025-03-26");
  const Got got = caller.Mcp("good", batch, session);
  CHECK(got.status == 400);
  CHECK(got.code() == -32600);
  CHECK(caller.Mcp("good", batch).status == 400);
  CHECK(g.upstream.seen("tools/call").empty());
  CHECK(caller.Mcp("good", batch, {{"MCP-Protocol-Version", "2025-03-26"}}).json().array().size() == 1);
}

TEST_CASE("a batch is served in a session of 2025-03-26 alone, and each of its messages is judged") {
  Gateway g;
  g.upstream.protocol = "2025-03-26";
  Caller& caller = g.Start();
  const std::string batch = "[" + CallBody("read_file", "1") + "," + CallBody("delete_all", "2") + "," +
                            R"({"jsonrpc":"2.0","method":"notifications/cancelled"})" + "," + CallBody("read_file", "\"three\"") + "]";
  const http::HeaderList session = InSession(caller);
  const Got got = caller.Mcp("good", batch, session);
  CHECK(got.status == 200);
  const json::Array answers = got.json().array();
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].AtPointer("/result/isError") != nullptr);
  CHECK(answers[1].AtPointer("/error/code")->number_text() == "-32010");
  CHECK(answers[2].Find("id")->string_value() == "three");
  CHECK(g.upstream.seen("tools/call").size() == 2);
  CHECK(caller.Mcp("", batch, session).status == 401);
  CHECK(caller.Mcp("good", R"([{"jsonrpc":"2.0","method":"notifications/x"}])", session).status == 202);
  for (const std::string& bad : std::vector<std::string>{"[]", "[1]", "[" + InitializeBody() + "]", "[{}"}) {
    CHECK(caller.Mcp("good", bad, session).status == 400);
  }
}

}  // namespace intentgate::test
