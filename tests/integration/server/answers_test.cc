// What of an upstream's HTTP answers is an answer to the request, in a session, without one, in a batch and in the modern era.
#include <doctest/doctest.h>

#include "integration/server/upstreams_fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

std::string ModernCall() { return Ask("tools/call", R"({"name":"read_file","arguments":{},)" + std::string(kMeta) + "}"); }

Got CallIn(Gateway& g, std::string_view way) {
  if (way == "none") return g.caller->Mcp("good", CallBody("read_file", "2"));
  if (way == "modern") return g.caller->Mcp("good", ModernCall(), ModernHeaders("tools/call", "read_file"));
  http::HeaderList session{{"Mcp-Session-Id", *Streaming(*g.caller).Get("Mcp-Session-Id")}};
  if (way == "session") return g.caller->Mcp("good", CallBody("read_file", "2"), session);
  session.Add("MCP-Protocol-Version", "2025-03-26");
  Got got = g.caller->Mcp("good", "[" + CallBody("read_file", "2") + "]", session);
  got.body = json::Write(got.json().array().at(0));
  return got;
}

std::string OutcomeOf(Gateway& g) {
  while (g.gate->outcomes().empty()) std::this_thread::yield();
  REQUIRE(g.gate->outcomes().size() == 1);
  return g.gate->outcomes()[0].second.outcome;
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
      g.upstream.modern = way == "modern";
      g.upstream.set_reply({200, said});
      g.Start();
      const Got got = CallIn(g, way);
      CHECK(got.status == 200);
      CHECK(got.code() == -32603);
      CHECK(got.body.find("method") == std::string::npos);
      CHECK(OutcomeOf(g) == "upstream_http");
    }
  }
}

}  // namespace intentgate::test
