// Several upstreams behind one address: lists, calls, names that two of them offer, and one that is down.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "integration/server/upstreams_fixture.h"
#include "mcp/tool_pins.h"
#include "support/scratch_folder.h"

namespace intentgate::test {

TEST_CASE("the tools of all upstreams are one list, and each call goes to its own, under its own name") {
  TwoUpstreams g;
  Caller& caller = g.Start();
  CHECK(Listed(caller, "tools") == Names{"read_a_read_file", "read_a_delete_all", "read_b_read_file", "read_b_delete_all"});
  const Got got = caller.Mcp("good", CallBody("read_b_read_file", "7"));
  CHECK(got.code() == 0);
  CHECK(got.json().Find("id")->number_text() == "7");
  CHECK(g.upstream.seen("tools/call").empty());
  REQUIRE(g.other.seen("tools/call").size() == 1);
  CHECK(g.other.seen("tools/call")[0].body.find(R"("name":"read_file")") != std::string::npos);
  // The gate judged the name that the agent used, and knows whose tool it is.
  CHECK(g.gate->calls().back().starts_with("read_b_read_file|"));
  CHECK(g.gate->servers().back() == "b");
}

TEST_CASE("a name that no upstream offers is refused and recorded") {
  TwoUpstreams g;
  Caller& caller = g.Start();
  const Got got = caller.Mcp("good", CallBody("elsewhere"));
  CHECK(got.code() == -32602);
  CHECK(g.gate->refused().back().tool == "elsewhere");
  CHECK(caller.Mcp("bad", CallBody("elsewhere")).code() == -32010);
  CHECK(g.gate->calls().size() == 1);
  CHECK(g.upstream.seen("tools/call").size() + g.other.seen("tools/call").size() == 0);
}

TEST_CASE("an upstream that is down is left out of the list, and its calls fail while the others go on") {
  TwoUpstreams g;
  g.Break(1);
  Caller& caller = g.Start();
  CHECK(Listed(caller, "tools") == Names{"read_a_read_file", "read_a_delete_all"});
  CHECK(caller.Mcp("good", CallBody("read_b_read_file")).code() == -32603);
  CHECK(caller.Mcp("good", CallBody("read_a_read_file")).code() == 0);
}

TEST_CASE("a list does not wait for an upstream that is silent") {
  TwoUpstreams g;
  g.other.set_mode("silent_list");
  g.settings.merge_wait_ms = 100;
  Caller& caller = g.Start();
  CHECK(Listed(caller, "tools") == Names{"read_a_read_file", "read_a_delete_all"});
}

TEST_CASE("without prefixes names stay, and one that two upstreams offer is nobody's") {
  TwoUpstreams g("", "");
  g.other.set_tools_page(R"({"tools":[{"name":"read_file"},{"name":"read_note"}]})");
  Caller& caller = g.Start();
  CHECK(Listed(caller, "tools") == Names{"read_note"});
  const Got got = caller.Mcp("good", CallBody("read_file"));
  CHECK(got.code() == -32602);
  CHECK(got.body.find("prefix") != std::string::npos);
  CHECK(caller.Mcp("good", CallBody("read_note")).code() == 0);
  CHECK(g.upstream.seen("tools/call").empty());
  REQUIRE(g.other.seen("tools/call").size() == 1);
  CHECK(g.gate->servers().back() == "b");
}

TEST_CASE("an upstream without a prefix cannot take a name of one that has it") {
  TwoUpstreams g("read_a_", "");
  g.Break(0);
  g.other.set_tools_page(R"({"tools":[{"name":"read_a_read_file"},{"name":"read_note"}]})");
  Caller& caller = g.Start();
  CHECK(Listed(caller, "tools") == Names{"read_note"});
  CHECK(caller.Mcp("good", CallBody("read_a_read_file")).code() == -32603);
  CHECK(g.other.seen("tools/call").empty());
}

TEST_CASE("pages of several upstreams are merged page by page") {
  TwoUpstreams g;
  g.other.set_tools_page(R"({"tools":[{"name":"read_x"}],"nextCursor":"c2"})");
  Caller& caller = g.Start();
  const json::Value first = caller.Mcp("good", Ask("tools/list")).json();
  CHECK(first.AtPointer("/result/tools")->array().size() == 3);
  const std::string cursor = first.AtPointer("/result/nextCursor")->string_value();
  g.other.set_tools_page(R"({"tools":[{"name":"read_y"}]})");
  const json::Value second = caller.Mcp("good", Ask("tools/list", R"({"cursor":")" + cursor + "\"}")).json();
  CHECK(json::Write(*second.Find("result")) == R"({"tools":[{"name":"read_b_read_y"}]})");
  CHECK(g.other.seen("tools/list").back().body.find(R"("cursor":"c2")") != std::string::npos);
  for (const std::string bad : {"c2", "W1s5LCJ4Il1d"}) {
    CHECK(caller.Mcp("good", Ask("tools/list", R"({"cursor":")" + bad + "\"}")).code() == -32602);
  }
}

TEST_CASE("a cursor that names no upstream is none that was given out") {
  TwoUpstreams g;
  Caller& caller = g.Start();
  for (const std::string cursor : {"W10", "W1tdXQ", "x", ""}) CHECK(caller.Mcp("good", Ask("tools/list", R"({"cursor":")" + cursor + "\"}")).code() == -32602);
  g.upstream.modern = g.other.modern = true;
  const Got got = caller.Mcp("good", ModernBody("tools/list", R"("cursor":"W10")"), ModernHeaders("tools/list"));
  CHECK(got.status == 400);
  CHECK(got.code() == -32602);
}

TEST_CASE("prompts have the prefix, resources are found by their URI and by templates") {
  TwoUpstreams g;
  g.other.resources_page = R"({"resources":[{"uri":"b:1"},{"uri":"a:1"}]})";
  g.other.templates_page = R"({"resourceTemplates":[{"uriTemplate":"b:{x}"}]})";
  Caller& caller = g.Start();
  CHECK(Listed(caller, "prompts") == Names{"read_a_p", "read_b_p"});
  CHECK(Listed(caller, "resources/templates") == Names{"a:{x}", "b:{x}"});
  // Both offer a:1, which is nobody's; secret:2 is none of the caller's.
  CHECK(Listed(caller, "resources") == Names{"b:1"});
  CHECK(caller.Mcp("good", Ask("resources/read", R"({"uri":"b:77"})")).code() == 0);
  CHECK(g.other.seen("resources/read").size() == 1);
  CHECK(g.gate->servers().back() == "b");
  CHECK(caller.Mcp("good", Ask("resources/read", R"({"uri":"a:1"})")).code() == -32602);
  CHECK(caller.Mcp("good", Ask("resources/read", R"({"uri":"z:1"})")).code() == -32602);
  CHECK(caller.Mcp("good", Ask("prompts/get", R"({"name":"read_b_p","arguments":{}})")).code() == 0);
  CHECK(g.other.seen("prompts/get")[0].body.find(R"("name":"p")") != std::string::npos);
  CHECK(caller.Mcp("good", Ask("completion/complete",
                               R"({"ref":{"type":"ref/prompt","name":"read_a_p"},"argument":{"name":"x","value":"1"}})")).code() == 0);
  CHECK(g.upstream.seen("completion/complete")[0].body.find(R"("name":"p")") != std::string::npos);
}

TEST_CASE("a member that only another method has does not hide the name from the change") {
  TwoUpstreams g;
  Caller& caller = g.Start();
  CHECK(caller.Mcp("good", Ask("tools/call", R"({"name":"read_b_read_file","arguments":{},"ref":{"name":"x"}})")).code() == 0);
  REQUIRE(g.other.seen("tools/call").size() == 1);
  CHECK(g.other.seen("tools/call")[0].body.find("read_b_") == std::string::npos);
}

TEST_CASE("each upstream has pins of its own") {
  TwoUpstreams g;
  const ScratchFolder folder;
  const std::string tool = R"({"name":"read_file","description":"reads"})";
  g.upstream.set_tools_page(R"({"tools":[)" + tool + "]}");
  g.other.set_tools_page(R"({"tools":[)" + tool + "]}");
  g.settings.upstreams[1].tool_pins = folder.File("pins");
  std::ofstream(g.settings.upstreams[1].tool_pins) << "# nothing is accepted\n";
  Caller& caller = g.Start();
  CHECK(Listed(caller, "tools") == Names{"read_a_read_file"});
  CHECK(caller.Mcp("good", CallBody("read_a_read_file")).code() == 0);
  CHECK(caller.Mcp("good", CallBody("read_b_read_file")).code() == -32602);
  CHECK(g.other.seen("tools/call").empty());
}

TEST_CASE("modern calls go to their upstream with the header that repeats the name") {
  TwoUpstreams g;
  g.upstream.modern = g.other.modern = true;
  Caller& caller = g.Start();
  const Got hello = caller.Mcp("good", ModernBody("server/discover"), ModernHeaders("server/discover"));
  CHECK(hello.json().AtPointer("/result/capabilities/tools") != nullptr);
  CHECK(caller.Mcp("good", ModernBody("tools/list"), ModernHeaders("tools/list")).json().AtPointer("/result/tools")->array().size() == 4);
  const Got got = caller.Mcp("good", ModernBody("tools/call", R"("name":"read_b_read_file","arguments":{})"),
                             ModernHeaders("tools/call", "read_b_read_file"));
  CHECK(got.code() == 0);
  REQUIRE(g.other.seen("tools/call").size() == 1);
  CHECK(g.other.seen("tools/call")[0].headers.find("Mcp-Name: read_file\n") != std::string::npos);
  CHECK(g.other.seen("tools/call")[0].body.find(R"("name":"read_file")") != std::string::npos);
  // Rounds of one call keep their way.
  g.other.set_mode("input");
  const json::Value asks = caller.Mcp("good", ModernBody("tools/call", R"("name":"read_b_read_file","arguments":{})"),
                                      ModernHeaders("tools/call", "read_b_read_file")).json();
  const std::string state = json::Write(*asks.AtPointer("/result/requestState"));
  const Got second = caller.Mcp("good", ModernBody("tools/call", R"("name":"read_b_read_file","arguments":{},"requestState":)" + state),
                                ModernHeaders("tools/call", "read_b_read_file"));
  CHECK(second.json().AtPointer("/result/state")->string_value() == "of the upstream");
  CHECK(g.gate->calls().back().ends_with("|continues"));
}

TEST_CASE("one upstream that knows the legacy era alone sends modern clients there") {
  TwoUpstreams g;
  g.upstream.modern = true;
  Caller& caller = g.Start();
  const Got got = caller.Mcp("good", ModernBody("server/discover"), ModernHeaders("server/discover"));
  CHECK(got.status == 400);
  CHECK(got.code() == -32601);
}

TEST_CASE("calls to an upstream that keeps failing rest, and are told so at once, while the other goes on") {
  TwoUpstreams g;
  g.Break(1);
  g.settings.upstreams[1].breaker_failures = 1;
  g.settings.upstreams[1].breaker_open_ms = 3'600'000;
  Caller& caller = g.Start();
  std::string told;
  while (told.find("takes no calls now") == std::string::npos) told = caller.Mcp("good", CallBody("read_b_read_file")).body;
  CHECK(caller.Mcp("good", CallBody("read_b_read_file")).code() == -32603);
  CHECK(caller.Mcp("good", CallBody("read_a_read_file")).code() == 0);
  const std::string metrics = caller.Do("GET", "/metrics").body;
  CHECK(metrics.find(R"(upstream_resting{upstream="b"} 1)") != std::string::npos);
  CHECK(metrics.find(R"(upstream_resting{upstream="a"} 0)") != std::string::npos);
  CHECK(metrics.find(R"(upstream_refused_total{upstream="b",reason="resting"})") != std::string::npos);
}

TEST_CASE("no more calls than the limit are in progress, and one that is cancelled gives its place back") {
  TwoUpstreams g;
  g.settings.upstreams[0].max_concurrent = 1;
  g.settings.upstreams[0].breaker_failures = 0;
  Caller& caller = g.Start();
  const auto taken = [&] {
    const std::string metrics = caller.Do("GET", "/metrics").body;
    return metrics.find(R"(upstream_requests_in_progress{upstream="a"} 0)") == std::string::npos;
  };
  // The gateway's own questions at the start take the place for a moment.
  while (g.upstream.seen("tools/list").empty() || taken()) std::this_thread::yield();
  g.upstream.modern = true;
  g.upstream.set_mode("stream");
  const std::string body = ModernBody("tools/call", R"("name":"read_a_read_file","arguments":{})");
  const auto headers = ModernHeaders("tools/call", "read_a_read_file");
  const auto held = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", headers), body);
  while (g.upstream.seen("tools/call").empty()) std::this_thread::yield();
  CHECK(caller.Mcp("good", body, headers).body.find("takes no calls now") != std::string::npos);
  CHECK(g.upstream.seen("tools/call").size() == 1);
  g.upstream.set_mode("");
  REQUIRE(held->Starts());
  caller.Leave(*held);
  while (taken()) std::this_thread::yield();
  CHECK(caller.Mcp("good", body, headers).code() == 0);
}

TEST_CASE("a merged stream ends with its caller's token in either era, and so does each upstream's part of it") {
  for (const bool modern : {false, true}) {
    CAPTURE(modern);
    TwoUpstreams g;
    g.settings.keep_alive_ms = 100;
    g.upstream.modern = g.other.modern = modern;
    Caller& caller = g.Start();
    const auto stream =
        modern ? caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", ModernHeaders("subscriptions/listen")),
                             ModernBody("subscriptions/listen", R"("notifications":{"toolsListChanged":true})"))
               : caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", Streaming(caller)));
    REQUIRE(stream->Starts());
    CHECK(stream->Has(": alive\n"));
    g.gate->tokens_ended = true;
    CHECK(stream->Ends());
    while (g.upstream.left == 0 || g.other.left == 0) std::this_thread::yield();
  }
}

}  // namespace intentgate::test
