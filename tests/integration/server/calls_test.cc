// tools/call without a handshake, as the public SDKs do it.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {

TEST_CASE("an allowed call reaches the upstream and its answer carries the gate's note") {
  Gateway g;
  Caller& caller = g.Start();
  const Got got = caller.Mcp("good", CallBody("read_file"), {{"X-Intent-Prompt", "read it"}, {"Accept", "*/*"}});
  CHECK(got.status == 200);
  CHECK(got.header("Content-Type") == "application/json");
  const json::Value body = got.json();
  CHECK(body.Find("id")->number_text() == "1");
  CHECK(body.AtPointer("/result/_intentgate/decision")->string_value() == "allow");
  CHECK(body.AtPointer("/result/_intentgate/latency_ms")->number_text() == "1");
  CHECK(body.AtPointer("/result/content/0/text")->string_value() == "done");
  CHECK(g.gate->calls() == std::vector<std::string>{R"(read_file|read it||{"path":"/a"})"});
  CHECK(g.service->Stop().ok());
  REQUIRE(g.gate->outcomes().size() == 1);
  CHECK(g.gate->outcomes()[0].first == "event-read_file");
  CHECK(g.gate->outcomes()[0].second.outcome == "success");
  CHECK(g.gate->outcomes()[0].second.result_sha256.size() == 64);
}

TEST_CASE("ids and numbers come through exactly") {
  Gateway g;
  g.upstream.with_sessions = false;
  Caller& caller = g.Start();
  for (const std::string id : {"\"a\\u00e9\"", "0", "1234567890123456789012345678901234567890", "\"\""}) {
    const std::string body = CallBody("read_file", id, R"({"n":1.10,"big":12345678901234567890123,"e":1E+2})");
    const Got got = caller.Mcp("good", body);
    CHECK(*got.json().Find("id") == *json::Parse(id));
    CHECK(json::Write(*got.json().AtPointer("/result/seen")) == R"({"n":1.10,"big":12345678901234567890123,"e":1E+2})");
    CHECK(g.upstream.seen("tools/call").back().body == body);
  }
}

TEST_CASE("every check refuses with its code, a string as data, and the upstream sees nothing") {
  Gateway g;
  Caller& caller = g.Start();
  struct Row {
    std::string tool;
    std::int64_t code;
    std::string message, words;
  };
  for (const Row& row : {Row{"delete_all", -32010, "capability check failed", "tool_allow refuses delete_all"},
                         Row{"unfitting", -32011, "intent check failed", "not asked for"},
                         Row{"blocked", -32012, "policy check failed", "the policy says no"},
                         Row{"move_file", -32012, "policy check failed", "a human decides; the call needs a person, and nobody can be asked here"},
                         Row{"exhausted", -32013, "budget check failed", "10 of 10 calls"},
                         Row{"unrecorded", -32603, "Internal error", "the gateway could not decide; nothing was done"}}) {
    for (const bool inline_answer : {false, true}) {
      g.gate->inline_answers = inline_answer;
      const Got got = caller.Mcp("good", CallBody(row.tool, "\"x\""));
      INFO(row.tool);
      CHECK(got.status == 200);
      CHECK(got.code() == row.code);
      CHECK(got.json().AtPointer("/error/message")->string_value() == row.message);
      CHECK(got.json().AtPointer("/error/data")->string_value() == row.words);
      CHECK(got.json().Find("id")->string_value() == "x");
    }
  }
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("a field Authorization with more than a scheme and a token is a bad request, and recorded") {
  Gateway g;
  Caller& caller = g.Start();
  for (const char* field : {"bearer good again", "Bearer good\tagain", "DPoP good again", "Bearer good, Bearer other", "Bearer good,", "Bearer good,other"}) {
    CAPTURE(field);
    const Got got = caller.Mcp("", CallBody("read_file"), {{"Authorization", field}});
    CHECK(got.status == 400);
    CHECK(got.header("WWW-Authenticate").find("error=\"invalid_request\"") != std::string::npos);
    CHECK(got.code() == -32010);
    CHECK(got.json().AtPointer("/error/data")->string_value().find("Authorization: Bearer TOKEN") != std::string::npos);
  }
  CHECK(g.gate->calls().empty());
  REQUIRE(g.gate->refused().size() == 6);
  CHECK(g.gate->refused()[0].why == ReasonName(Reason::kTokenMalformed));
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("without a token a call gets 401 with a challenge, and is judged all the same") {
  Gateway g;
  Caller& caller = g.Start();
  const Got got = caller.Mcp("", CallBody("read_file"));
  CHECK(got.status == 401);
  CHECK(got.header("WWW-Authenticate").starts_with("Bearer"));
  CHECK(got.code() == -32010);
  CHECK(g.gate->calls().size() == 1);
  // Another scheme is no token either.
  CHECK(caller.Mcp("", CallBody("read_file"), {{"Authorization", "Basic Zm9v"}}).status == 401);
  // The public SDKs read no code from other statuses, so a bad token is told in a 200.
  CHECK(caller.Mcp("bad", CallBody("read_file")).status == 200);
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("the caller's token, cookies and origin stay here") {
  Gateway g;
  g.settings.upstream.headers.push_back({"X-Upstream-Key", crypto::SecretBytes(base::AsBytes("upstream-secret"))});
  Caller& caller = g.Start();
  CHECK(caller.Mcp("good", CallBody("read_file"), {{"Cookie", "a=b"}, {"X-Intent-Prompt", "p"}, {"X-Forwarded-For", "1.2.3.4"}}).code() == 0);
  const auto calls = g.upstream.seen("tools/call");
  REQUIRE(calls.size() == 1);
  for (const std::string word : {"good", "Authorization", "Cookie", "X-Intent", "Origin", "X-Forwarded-For"}) {
    INFO(calls[0].headers);
    CHECK(calls[0].headers.find(word) == std::string::npos);
  }
  CHECK(calls[0].headers.find("X-Upstream-Key: upstream-secret") != std::string::npos);
  CHECK(calls[0].accept == "application/json, text/event-stream");
}

TEST_CASE("the gateway opens one upstream session for each principal and keeps it") {
  Gateway g;
  g.settings.threads = 1;
  Caller& caller = g.Start();
  for (const std::string token : {"good", "good", "good2", "other", "good"}) {
    CHECK(caller.Mcp(token, CallBody("read_file")).code() == 0);
  }
  const auto calls = g.upstream.seen("tools/call");
  REQUIRE(calls.size() == 5);
  CHECK(calls[0].session == calls[1].session);
  CHECK(calls[0].session == calls[4].session);
  CHECK(calls[0].session != calls[2].session);
  CHECK(calls[0].session != calls[3].session);
  CHECK(calls[2].session != calls[3].session);
  CHECK(calls[0].protocol == "2025-06-18");
  // In a shared session no two messages have one id, whatever the clients chose.
  CHECK(json::Parse(calls[0].body)->Find("id")->string_value() != json::Parse(calls[1].body)->Find("id")->string_value());
}

TEST_CASE("a session that the upstream forgot is opened anew, once") {
  Gateway g;
  g.settings.threads = 1;
  Caller& caller = g.Start();
  CHECK(caller.Mcp("good", CallBody("read_file")).code() == 0);
  g.upstream.ForgetSessions();
  CHECK(caller.Mcp("good", CallBody("read_file")).code() == 0);
  CHECK(g.upstream.seen("tools/call").size() == 3);
}

TEST_CASE("a tool server without any handshake is served too") {
  Gateway g;
  g.upstream.with_sessions = false;
  g.upstream.set_mode("plain");
  Caller& caller = g.Start();
  CHECK(caller.Mcp("good", CallBody("read_file")).code() == 0);
  CHECK(g.upstream.seen("tools/call").back().session.empty());
  CHECK(g.upstream.seen("tools/call").back().protocol.empty());
}

TEST_CASE("an SSE answer becomes JSON for clients that do not ask for a stream") {
  Gateway g;
  g.upstream.sse = true;
  Caller& caller = g.Start();
  for (const std::string accept : {"*/*", "application/json", ""}) {
    http::HeaderList headers;
    if (!accept.empty()) headers.Add("Accept", accept);
    const Got got = caller.Mcp("good", CallBody("read_file", "7"), headers);
    CHECK(got.header("Content-Type") == "application/json");
    CHECK(got.json().Find("id")->number_text() == "7");
    CHECK(got.json().AtPointer("/result/_intentgate/decision")->string_value() == "allow");
  }
}

TEST_CASE("an SSE answer streams to clients that ask for it, under their own id") {
  Gateway g;
  g.upstream.sse = true;
  Caller& caller = g.Start();
  const Got got = caller.Mcp("good", CallBody("read_file", "\"mine\""), {{"Accept", "application/json, text/event-stream"}});
  CHECK(got.header("Content-Type") == "text/event-stream");
  CHECK(got.whole);
  CHECK(got.body.find("notifications/progress") < got.body.find("\"id\":\"mine\""));
  CHECK(got.body.find("_intentgate") == std::string::npos);
}

TEST_CASE("trouble at the upstream is told without a machine's name, and recorded") {
  struct Row {
    std::string mode, message, outcome;
  };
  for (const Row& row : {Row{"rubbish", "upstream sent no valid answer", "upstream_http"},
                         Row{"error", "upstream sent no valid answer", "upstream_http"},
                         Row{"wrong_id", "upstream sent no valid answer", "upstream_http"},
                         Row{"cut", "upstream unavailable", "transport"},
                         Row{"silent", "upstream timeout", "timeout"}}) {
    INFO(row.mode);
    Gateway g;
    g.settings.upstream.timeout_ms = row.mode == "silent" ? 50 : 20'000;
    Caller& caller = g.Start();
    g.upstream.set_mode(row.mode);
    const Got got = caller.Mcp("good", CallBody("read_file"));
    CHECK(got.status == 200);
    CHECK(got.code() == -32603);
    CHECK(got.json().AtPointer("/error/message")->string_value() == row.message);
    CHECK(got.body.find("127.0.0.1") == std::string::npos);
    CHECK(got.body.find("10.1.2.3") == std::string::npos);
    CHECK(g.service->Stop().ok());
    REQUIRE(g.gate->outcomes().size() == 1);
    CHECK(g.gate->outcomes()[0].second.outcome == row.outcome);
  }
}

TEST_CASE("an upstream that is not there is an error and the gate lives") {
  Gateway g;
  g.SetUpstream("http://127.0.0.1:1/mcp");
  Caller& caller = g.Start();
  for (int i = 0; i < 3; ++i) {
    const Got got = caller.Mcp("good", CallBody("read_file"));
    CHECK(got.code() == -32603);
    CHECK(got.json().AtPointer("/error/message")->string_value() == "upstream unavailable");
    CHECK(got.body.find("127.0.0.1") == std::string::npos);
  }
}

TEST_CASE("a stream that the upstream breaks ends with an error the client can read") {
  Gateway g;
  Caller& caller = g.Start();
  g.upstream.set_mode("cut");
  const Got got = caller.Mcp("good", CallBody("read_file", "9"), {{"Accept", "text/event-stream"}});
  CHECK(got.whole);
  CHECK(got.body.find("\"id\":9") != std::string::npos);
  CHECK(got.body.find("-32603") != std::string::npos);
}

TEST_CASE("a tool's own error is an answer, recorded as such") {
  Gateway g;
  Caller& caller = g.Start();
  g.upstream.set_mode("tool_error");
  CHECK(caller.Mcp("good", CallBody("read_file")).json().AtPointer("/result/isError")->bool_value());
  CHECK(g.service->Stop().ok());
  CHECK(g.gate->outcomes().at(0).second.outcome == "tool_error");
}

TEST_CASE("a graceful stop answers what is in flight and flushes the chain") {
  Gateway g;
  Event<bool> arrived;
  g.upstream.on_call = [&arrived] { arrived.Set(true); };
  g.settings.upstream.timeout_ms = 300;
  Caller& caller = g.Start();
  g.upstream.set_mode("silent");
  const auto answer = caller.Begin("POST", "/v1/mcp", Caller::McpHeaders("good"), CallBody("read_file"));
  arrived.Wait();
  CHECK(g.service->Stop().ok());
  CHECK(answer->Wait().code() == -32603);
  CHECK(g.gate->flushed);
}

TEST_CASE("a client that goes away does not stop its call") {
  Gateway g;
  Event<bool> arrived;
  g.upstream.on_call = [&arrived] { arrived.Set(true); };
  Caller& caller = g.Start();
  CHECK(caller.Mcp("good", CallBody("read_file")).code() == 0);
  g.settings = {};
  {
    Caller leaving(g.service->address());
    g.upstream.set_mode("");
    leaving.Begin("POST", "/v1/mcp", Caller::McpHeaders("good"), CallBody("read_file"));
    while (g.upstream.seen("tools/call").size() < 2) std::this_thread::yield();
  }
  CHECK(g.service->Stop().ok());
  CHECK(g.gate->outcomes().size() == 2);
}

}  // namespace intentgate::test
