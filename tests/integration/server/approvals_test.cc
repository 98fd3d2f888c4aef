// Calls that wait for a person, over HTTP.
#include <doctest/doctest.h>

#include <thread>

#include "http/sse.h"
#include "integration/server/answered_approval.h"
#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

constexpr const char* kSse = "application/json, text/event-stream";

http::HeaderList With(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) { return fields; }

std::string PayBody(std::string_view meta = "") {
  return R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay","arguments":{"amount":1})" + std::string(meta) + "}}";
}

// Until the request is held.
void WaitForHold(Gateway& g, std::size_t waits = 1) {
  while (g.gate->waits() != waits) std::this_thread::yield();
}

std::vector<json::Value> Events(const std::string& body) {
  http::SseParser parser;
  std::vector<http::SseEvent> events;
  REQUIRE(parser.Feed(body, events).ok());
  std::vector<json::Value> values;
  for (const http::SseEvent& event : events) values.push_back(*json::Parse(event.data));
  return values;
}

}  // namespace

TEST_CASE("an escalated call is told how to come again, and goes when a person has approved it") {
  Gateway g;
  Caller& caller = g.Start();
  const Got first = caller.Mcp("good", PayBody());
  CHECK(first.status == 200);
  CHECK(first.code() == -32012);
  CHECK(first.header("X-IntentGate-Approval-Id") == "apr-1");
  CHECK(first.header("Retry-After") == "5");
  CHECK(first.json().AtPointer("/error/data")->string_value() ==
        "a human decides; the call awaits a person: repeat it with the header X-IntentGate-Approval-Id: apr-1");
  const Got again = caller.Mcp("good", PayBody(), With({{"X-IntentGate-Approval-Id", "apr-1"}}));
  CHECK(again.code() == -32012);
  CHECK(again.header("X-IntentGate-Approval-Id") == "apr-1");
  g.gate->PutApproval(Answered(ApprovalState::kApproved));
  const Got resumed = caller.Mcp("good", PayBody(), With({{"X-IntentGate-Approval-Id", "apr-1"}}));
  CHECK(resumed.json().AtPointer("/result/content/0/text")->string_value() == "done");
  CHECK(resumed.header("X-IntentGate-Approval-Id").empty());
  const Got replay = caller.Mcp("good", PayBody(), With({{"X-IntentGate-Approval-Id", "apr-1"}}));
  CHECK(replay.code() == -32012);
  CHECK(replay.header("X-IntentGate-Approval-Id").empty());
  CHECK(replay.header("Retry-After").empty());
  CHECK(g.upstream.seen("tools/call").size() == 1);
}

TEST_CASE("Prefer: wait holds the request until the answer") {
  Gateway g;
  Caller& caller = g.Start();
  for (const bool approved : {true, false}) {
    INFO(approved);
    const auto held = caller.Begin("POST", "/v1/mcp", Caller::McpHeaders("good", With({{"Prefer", "respond-async, wait=60"}})), PayBody());
    WaitForHold(g);
    g.gate->PutApproval(Answered(approved ? ApprovalState::kApproved : ApprovalState::kRejected));
    const Got got = held->Wait();
    CHECK(got.status == 200);
    CHECK(got.header("Content-Type") == "application/json");
    CHECK(got.header("X-IntentGate-Approval-Id").empty());
    CHECK(got.body.find("ann") == std::string::npos);
    CHECK(got.body.find("secret") == std::string::npos);
    if (approved) CHECK(got.json().AtPointer("/result/content/0/text")->string_value() == "done");
    else CHECK(got.json().AtPointer("/error/data")->string_value() == "rejected by a person");
    g.gate->PutApproval(Answered(ApprovalState::kPending));
  }
  CHECK(g.upstream.seen("tools/call").size() == 1);
}

TEST_CASE("a client that reads streams sees signs of life, progress for its token, and the answer as the last event") {
  Gateway g;
  g.settings.keep_alive_ms = 10;
  Caller& caller = g.Start();
  const auto held = caller.Begin("POST", "/v1/mcp", Caller::McpHeaders("good", With({{"Prefer", "wait=60"}, {"Accept", kSse}})),
                                 PayBody(R"(,"_meta":{"progressToken":"p1"})"));
  WaitForHold(g);
  g.gate->PutApproval(Answered(ApprovalState::kApproved));
  const Got got = held->Wait();
  CHECK(got.whole);
  CHECK(got.header("Content-Type") == "text/event-stream");
  CHECK(got.header("X-IntentGate-Approval-Id") == "apr-1");   // the client may have to come again
  const std::vector<json::Value> events = Events(got.body);
  REQUIRE(events.size() >= 2);
  CHECK(events[0].Find("method")->string_value() == "notifications/progress");
  CHECK(events[0].AtPointer("/params/progressToken")->string_value() == "p1");
  CHECK(events.back().Find("id")->number_text() == "7");
  CHECK(events.back().AtPointer("/result/content/0/text")->string_value() == "done");
  double last = 0;
  for (std::size_t i = 0; i + 1 < events.size(); ++i) {
    CHECK(*events[i].AtPointer("/params/progress")->AsDouble() > last);
    last = *events[i].AtPointer("/params/progress")->AsDouble();
  }
  g.gate->PutApproval(Answered(ApprovalState::kPending));
  const auto plain = caller.Begin("POST", "/v1/mcp", Caller::McpHeaders("good", With({{"Prefer", "wait=60"}, {"Accept", kSse}})), PayBody());
  WaitForHold(g);
  g.gate->PutApproval(Answered(ApprovalState::kRejected));
  const Got rejected = plain->Wait();
  CHECK(rejected.body.starts_with(": waiting for approval\n\n"));
  REQUIRE(Events(rejected.body).size() == 1);
  CHECK(Events(rejected.body)[0].AtPointer("/error/code")->number_text() == "-32012");
}

TEST_CASE("a wait that ends without an answer is the refusal that names the approval") {
  Gateway g;
  g.settings.approval_wait_seconds = 1;   // whatever the client asks for
  Caller& caller = g.Start();
  const Got got = caller.Mcp("good", PayBody(), With({{"Prefer", "wait=3600"}}));
  CHECK(got.code() == -32012);
  CHECK(got.header("X-IntentGate-Approval-Id") == "apr-1");
  CHECK(g.gate->waits() == 0);
  const Got stream = caller.Mcp("good", PayBody(), With({{"Prefer", "wait=1"}, {"Accept", kSse}}));
  CHECK(stream.whole);
  CHECK(stream.header("X-IntentGate-Approval-Id") == "apr-1");
  CHECK(Events(stream.body).back().AtPointer("/error/data")->string_value().find("apr-1") != std::string::npos);
}

TEST_CASE("only a wait that is asked for well, and that the settings allow, holds a request") {
  Gateway g;
  Caller& caller = g.Start();
  for (const std::string prefer : {"wait=0", "wait", "wait=", "wait=-1", "wait=x", "wait=1e3", "handling=strict; wait=60", "waiting=60"}) {
    INFO(prefer);
    CHECK(caller.Mcp("good", PayBody(), With({{"Prefer", prefer}})).code() == -32012);
  }
  CHECK(caller.Mcp("good", CallBody("blocked"), With({{"Prefer", "wait=60"}})).code() == -32012);
  Gateway off;
  off.settings.approval_wait_seconds = 0;
  CHECK(off.Start().Mcp("good", PayBody(), With({{"Prefer", "wait=60"}})).code() == -32012);
  for (const std::string prefer : {"Wait = 60", "wait=\"60\"", "respond-async,wait=60;x=y", "wait=99999999999"}) {
    INFO(prefer);
    const auto held = caller.Begin("POST", "/v1/mcp", Caller::McpHeaders("good", With({{"Prefer", prefer}})), PayBody());
    WaitForHold(g);
    g.gate->PutApproval(Answered(ApprovalState::kRejected));
    CHECK(held->Wait().code() == -32012);
    g.gate->PutApproval(Answered(ApprovalState::kPending));
  }
}

TEST_CASE("a client that leaves while it waits leaves nothing behind") {
  Gateway g;
  g.Start();
  {
    RawClient raw(static_cast<std::uint16_t>(std::stoi(g.service->address().substr(10))), 4096);
    const std::string body = PayBody();
    raw.Send("POST /v1/mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\nContent-Type: application/json\r\nPrefer: wait=60\r\n"
             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    WaitForHold(g);
  }
  WaitForHold(g, 0);
  CHECK(g.upstream.seen("tools/call").empty());
}

}  // namespace intentgate::test
