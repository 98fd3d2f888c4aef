// Calls that wait for a person as tasks of the gateway's own.
#include <doctest/doctest.h>

#include <thread>

#include "integration/server/answered_approval.h"
#include "integration/server/fixture.h"
#include "mcp/own_tasks.h"

namespace intentgate::test {
namespace {

std::string Request(std::string_view method, std::string_view params) {
  return R"({"jsonrpc":"2.0","id":9,"method":")" + std::string(method) + R"(","params":{)" + std::string(params) + "}}";
}

std::string About(std::string_view method, std::string_view id) { return Request(method, R"("taskId":")" + std::string(id) + "\""); }

std::string PayCall(std::string_view more = R"(,"task":{"ttl":60000})") {
  return R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay","arguments":{"amount":1})" + std::string(more) + "}}";
}

constexpr std::string_view kTasksMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})";
constexpr std::string_view kBareMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

struct WithPay : Gateway {
  void Answer(ApprovalState state) { gate->PutApproval(Answered(state)); }
  // The id of a task that waits for the approval "apr-1".
  std::string Begin(std::string_view token, const http::HeaderList& session) {
    return caller->Mcp(token, PayCall(), session).json().AtPointer("/result/task/taskId")->string_value();
  }
  std::size_t paid() const { return upstream.seen("tools/call").size(); }

  Got Modern(std::string_view method, std::string_view name, std::string_view params, std::string_view meta = kTasksMeta,
             std::string_view token = "good") {
    const http::HeaderList headers{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}, {"Mcp-Name", name},
                                   {"Accept", "application/json, text/event-stream"}};
    return caller->Mcp(token, Request(method, std::string(params) + "," + std::string(meta)), headers);
  }
  Got ModernPay(std::string_view meta = kTasksMeta) { return Modern("tools/call", "pay", R"("name":"pay","arguments":{"amount":1})", meta); }
  Got ModernTask(std::string_view method, const std::string& id, std::string_view more = "", std::string_view token = "good") {
    return Modern(method, id, R"("taskId":")" + id + "\"" + std::string(more), kTasksMeta, token);
  }
  // Asks until the task is in the state.
  Got ModernUntil(const std::string& id, std::string_view state) {
    for (;;) {
      Got got = ModernTask("tasks/get", id);
      if (got.json().AtPointer("/result/status")->string_value() == state) return got;
      std::this_thread::yield();
    }
  }
};

}  // namespace

TEST_CASE("an escalated call that asks for a task gets one, and its result when a person has approved") {
  WithPay g;
  Caller& caller = g.Start();
  const http::HeaderList session = Streaming(caller);
  const Got made = caller.Mcp("good", PayCall(), session);
  CHECK(made.status == 200);
  CHECK(made.header("X-IntentGate-Approval-Id") == "apr-1");
  CHECK(made.json().AtPointer("/result/task/status")->string_value() == "working");
  CHECK(made.json().AtPointer("/result/task/statusMessage")->string_value() == "waits for a person's approval");
  CHECK(made.json().AtPointer("/result/task/ttl")->number_text() == "3600000");
  const std::string id = made.json().AtPointer("/result/task/taskId")->string_value();
  CHECK(caller.Mcp("good", About("tasks/get", id), session).json().AtPointer("/result/status")->string_value() == "working");
  const auto result = caller.Begin("POST", "/v1/mcp", Caller::McpHeaders("good", {{"Mcp-Session-Id", *session.Get("Mcp-Session-Id")}}), About("tasks/result", id));
  CHECK(g.paid() == 0);
  g.Answer(ApprovalState::kApproved);
  const Got got = result->Wait();
  CHECK(got.json().Find("id")->number_text() == "9");
  CHECK(got.json().AtPointer("/result/content/0/text")->string_value() == "done");
  CHECK(json::Write(*got.json().AtPointer("/result/_meta")) == R"({"io.modelcontextprotocol/related-task":{"taskId":")" + id + R"("}})");
  CHECK(g.paid() == 1);
  // Asked twice, and charged once: the first decision was no allow.
  const auto calls = g.gate->calls();
  CHECK(std::count_if(calls.begin(), calls.end(), [](const std::string& call) { return call.starts_with("pay|"); }) == 2);
  REQUIRE(g.gate->outcomes().size() == 1);
  CHECK(g.gate->outcomes()[0].first == "event-pay");
  CHECK(g.gate->outcomes()[0].second.outcome == "success");
  CHECK(caller.Mcp("good", About("tasks/get", id), session).json().AtPointer("/result/status")->string_value() == "completed");
  // Another connection of the same caller; a result can be fetched again.
  const Got again = caller.Mcp("good", About("tasks/result", id), Streaming(caller));
  CHECK(again.json().AtPointer("/result/content/0/text")->string_value() == "done");
  CHECK(g.paid() == 1);
  CHECK(g.upstream.seen("tasks/get").empty());
  CHECK(g.upstream.seen("tasks/result").empty());
}

TEST_CASE("a rejected call is a failed task, whose error is the refusal and names nobody") {
  WithPay g;
  Caller& caller = g.Start();
  const http::HeaderList session = Streaming(caller);
  const std::string id = g.Begin("good", session);
  g.Answer(ApprovalState::kRejected);
  const Got got = caller.Mcp("good", About("tasks/result", id), {{"Mcp-Session-Id", *session.Get("Mcp-Session-Id")}});
  CHECK(got.code() == -32012);
  CHECK(got.json().AtPointer("/error/data")->string_value() == "rejected by a person");
  const Got state = caller.Mcp("good", About("tasks/get", id), session);
  CHECK(state.json().AtPointer("/result/status")->string_value() == "failed");
  for (const std::string_view hidden : {"ann", "secret"}) {
    CHECK(got.body.find(hidden) == std::string::npos);
    CHECK(state.body.find(hidden) == std::string::npos);
  }
  CHECK(g.paid() == 0);
}

TEST_CASE("a task of the gateway's is its owner's alone: in lists, and for whoever knows its id") {
  WithPay g;
  Caller& caller = g.Start();
  const http::HeaderList session = Streaming(caller);
  const http::HeaderList other = Streaming(caller, "good2");
  const std::string id = g.Begin("good", session);
  for (const std::string method : {"tasks/get", "tasks/result", "tasks/cancel"}) {
    const Got foreign = caller.Mcp("good2", About(method, id), other);
    CHECK(foreign.code() == -32602);
    CHECK(foreign.body == caller.Mcp("good2", About(method, "ig-unknown"), other).body);
    CHECK(caller.Mcp("narrow", About(method, id), session).code() == -32602);
    CHECK(g.gate->refused().back().method == method);
  }
  const auto listed = [&](std::string_view token, const http::HeaderList& in) {
    return caller.Mcp(token, Request("tasks/list", ""), in).body.find(id) != std::string::npos;
  };
  CHECK(listed("good", session));
  CHECK_FALSE(listed("good2", other));
  CHECK_FALSE(listed("narrow", session));
  CHECK(g.gate->waits() == 1);
}

TEST_CASE("a cancelled task is over: its approval is waited for no more, and the call is never made") {
  WithPay g;
  Caller& caller = g.Start();
  const http::HeaderList session = Streaming(caller);
  const std::string id = g.Begin("good", session);
  CHECK(caller.Mcp("good", About("tasks/cancel", id), session).json().AtPointer("/result/status")->string_value() == "cancelled");
  CHECK(g.gate->waits() == 0);
  g.Answer(ApprovalState::kApproved);
  CHECK(caller.Mcp("good", About("tasks/cancel", id), session).code() == -32602);
  CHECK(caller.Mcp("good", About("tasks/result", id), session).code() == -32603);
  CHECK(g.paid() == 0);
}

TEST_CASE("a task that is cancelled while its call runs tells the upstream, in the way of its era") {
  for (const bool modern : {false, true}) {
    INFO(modern);
    WithPay g;
    g.upstream.modern = modern;
    g.upstream.set_mode(modern ? "stream" : "silent");
    Event<bool> called;
    g.upstream.on_call = [&called] { called.Set(true); };
    Caller& caller = g.Start();
    const http::HeaderList session = modern ? http::HeaderList{} : Streaming(caller);
    const std::string id = modern ? g.ModernPay().json().AtPointer("/result/taskId")->string_value() : g.Begin("good", session);
    g.Answer(ApprovalState::kApproved);
    called.Wait();
    if (modern) {
      CHECK(json::Write(*g.ModernTask("tasks/cancel", id).json().Find("result")) == R"({"resultType":"complete"})");
      while (g.upstream.left == 0) std::this_thread::yield();
      CHECK(g.ModernTask("tasks/get", id).json().AtPointer("/result/status")->string_value() == "cancelled");
      continue;
    }
    CHECK(caller.Mcp("good", About("tasks/cancel", id), session).json().AtPointer("/result/status")->string_value() == "cancelled");
    while (g.upstream.seen("notifications/cancelled").empty()) std::this_thread::yield();
    CHECK(g.upstream.seen("notifications/cancelled")[0].body == R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})");
  }
}

TEST_CASE("whoever waits for a result sees signs of life, until the token ends or the result is there") {
  WithPay g;
  g.settings.keep_alive_ms = 10;
  Caller& caller = g.Start();
  const http::HeaderList session = Streaming(caller);
  const std::string id = g.Begin("good", session);
  const auto stream = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", session), About("tasks/result", id));
  CHECK(stream->Has(": waiting for the task\n\n: waiting for the task\n\n"));
  g.gate->tokens_ended = true;
  CHECK(stream->Has("the token is not valid"));
  CHECK(stream->Ends());
  g.gate->tokens_ended = false;
  const auto second = caller.Open("POST", "/v1/mcp", Caller::McpHeaders("good", session), About("tasks/result", id));
  CHECK(second->Has(": waiting"));
  g.Answer(ApprovalState::kApproved);
  CHECK(second->Has(R"("text":"done")"));
  CHECK(second->Ends());
}

TEST_CASE("an upstream that makes a task of the approved call is asked under the gateway's id") {
  WithPay g;
  g.upstream.set_mode("task");
  Caller& caller = g.Start();
  const http::HeaderList session = Streaming(caller);
  const std::string id = g.Begin("good", session);
  g.Answer(ApprovalState::kApproved);
  const Got got = caller.Mcp("good", About("tasks/result", id), {{"Mcp-Session-Id", *session.Get("Mcp-Session-Id")}});
  CHECK(got.json().AtPointer("/result/content/0/text")->string_value() == "of the task");
  CHECK(g.upstream.seen("tasks/result")[0].body == About("tasks/result", "t1"));
  CHECK(caller.Mcp("good", About("tasks/get", id), session).json().AtPointer("/result/taskId")->string_value() == id);
  REQUIRE(g.gate->outcomes().size() == 1);
  CHECK(g.gate->outcomes()[0].second.outcome == "success");
}

TEST_CASE("who says how it waits, or may not have another task, is answered as before") {
  WithPay g;
  Caller& caller = g.Start();
  http::HeaderList session = Streaming(caller);
  http::HeaderList named = session;
  CHECK(caller.Mcp("good", PayCall(""), session).code() == -32012);
  g.gate->waits_full = true;
  CHECK(caller.Mcp("good", PayCall(), session).code() == -32012);
  g.gate->waits_full = false;
  CHECK(caller.Mcp("good", Request("tasks/list", ""), session).body.find("ig-") == std::string::npos);
  named.Add("X-IntentGate-Approval-Id", "apr-1");
  CHECK(caller.Mcp("good", PayCall(), named).code() == -32012);
  named = session;
  named.Add("Prefer", "wait=60");
  const auto held = caller.Begin("POST", "/v1/mcp", Caller::McpHeaders("good", named), PayCall());
  while (g.gate->waits() != 1) std::this_thread::yield();
  g.Answer(ApprovalState::kApproved);
  CHECK(held->Wait().body.find("done") != std::string::npos);
  g.Answer(ApprovalState::kPending);
  for (std::size_t i = 0; i < mcp::OwnTasks::kMaxTasksOfOne; ++i) CHECK(g.Begin("good", session).starts_with("ig-"));
  const Got full = caller.Mcp("good", PayCall(), session);
  CHECK(full.code() == -32012);
  CHECK(full.header("X-IntentGate-Approval-Id") == "apr-1");
  CHECK(g.Begin("good2", Streaming(caller, "good2")).starts_with("ig-"));
}

TEST_CASE("the extension of 2026-07-28: a client that declares it gets a task, and the call's result in it") {
  WithPay g;
  g.upstream.modern = true;
  g.Start();
  CHECK(g.ModernPay(kBareMeta).code() == -31012);
  const Got made = g.ModernPay();
  CHECK(made.json().AtPointer("/result/resultType")->string_value() == "task");
  CHECK(made.json().AtPointer("/result/status")->string_value() == "working");
  const std::string id = made.json().AtPointer("/result/taskId")->string_value();
  CHECK(g.ModernTask("tasks/get", id).json().AtPointer("/result/resultType")->string_value() == "complete");
  const Got foreign = g.ModernTask("tasks/get", id, "", "good2");
  CHECK(foreign.status == 400);
  CHECK(foreign.code() == -32602);
  g.Answer(ApprovalState::kApproved);
  const Got done = g.ModernUntil(id, "completed");
  CHECK(done.json().AtPointer("/result/result/resultType")->string_value() == "complete");
  CHECK(g.paid() == 1);
  g.Answer(ApprovalState::kPending);
  const std::string second = g.ModernPay().json().AtPointer("/result/taskId")->string_value();
  g.Answer(ApprovalState::kRejected);
  CHECK(g.ModernUntil(second, "failed").json().AtPointer("/result/error/code")->number_text() == "-31012");
  CHECK(g.ModernTask("tasks/get", second).body.find("secret") == std::string::npos);
  CHECK(g.paid() == 1);
}

TEST_CASE("a tool that asks for input after the approval is answered by tasks/update, and the approval is used once") {
  WithPay g;
  g.upstream.modern = true;
  g.upstream.set_mode("input");
  g.Start();
  const std::string id = g.ModernPay().json().AtPointer("/result/taskId")->string_value();
  g.Answer(ApprovalState::kApproved);
  const Got asks = g.ModernUntil(id, "input_required");
  CHECK(asks.json().AtPointer("/result/inputRequests/a/method")->string_value() == "roots/list");
  CHECK(asks.body.find("of the upstream") == std::string::npos);
  // The gate of the tests knows no rounds: it would take the second one for a new use.
  g.Answer(ApprovalState::kApproved);
  CHECK(g.ModernTask("tasks/update", id, R"(,"inputResponses":{"a":{"roots":[]}})").code() == 0);
  const Got done = g.ModernUntil(id, "completed");
  CHECK(done.json().AtPointer("/result/result/state")->string_value() == "of the upstream");
  REQUIRE(g.paid() == 2);
  CHECK(g.upstream.seen("tools/call")[1].body.find(R"("inputResponses":{"a":{"roots":[]}})") != std::string::npos);
  CHECK(g.gate->calls().back().ends_with("|continues"));
  // Nothing is asked any more.
  CHECK(g.ModernTask("tasks/update", id, R"(,"inputResponses":{})").code() == 0);
  CHECK(g.ModernTask("tasks/update", id).code() == -32602);
  CHECK(g.paid() == 2);
}

TEST_CASE("a modern stream of notifications tells what becomes of its caller's tasks, whether or not the upstream has one") {
  const auto listen = [](WithPay& g, const std::string& ids, std::string_view token = "good", std::string_view meta = kTasksMeta) {
    const http::HeaderList headers{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "subscriptions/listen"}, {"Accept", "application/json, text/event-stream"}};
    return g.caller->Open("POST", "/v1/mcp", Caller::McpHeaders(token, headers),
                          Request("subscriptions/listen", R"("notifications":{"taskIds":[)" + ids + "]}," + std::string(meta)));
  };
  const std::string acknowledged = R"("method":"notifications/subscriptions/acknowledged","params":{)";
  const std::string of_request = R"("_meta":{"io.modelcontextprotocol/subscriptionId":9})";
  for (const bool streams : {true, false}) {
    INFO(streams);
    WithPay g;
    g.upstream.modern = streams;
    g.Start();
    const std::string id = g.ModernPay().json().AtPointer("/result/taskId")->string_value();
    const auto stream = listen(g, "\"ig-none\",\"" + id + "\"");
    if (streams) {
      REQUIRE(stream->Starts());
      CHECK(g.upstream.seen("subscriptions/listen")[0].body.find("taskIds") == std::string::npos);
      g.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{)" + of_request + R"(,"notifications":{"toolsListChanged":true}}})"));
    }
    CHECK(stream->Has(acknowledged + of_request + R"(,"notifications":{"taskIds":[")" + id + "\"]" + (streams ? R"(,"toolsListChanged":true}}})" : "}}}")));
    g.Answer(ApprovalState::kRejected);
    REQUIRE(stream->Has(R"("status":"failed")"));
    // As tasks/get says it, but for what makes that a result.
    json::Value state = *g.ModernTask("tasks/get", id).json().Find("result");
    std::erase_if(state.object(), [](const json::Member& member) { return member.name == "resultType"; });
    std::string told = json::Write(state);
    told.pop_back();
    CHECK(stream->Has(R"({"jsonrpc":"2.0","method":"notifications/tasks","params":)" + told + "," + of_request + "}}"));
    // Who comes too late for the change is told at once.
    const auto late = listen(g, "\"" + id + "\"");
    if (streams) {
      REQUIRE(late->Starts());
      g.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{}}})"));
    }
    CHECK(late->Has(R"("status":"failed")"));
    // Not his, and of a tool that the token lost: as if nobody had named it.
    for (const std::string_view token : {"good2", "narrow"}) {
      const auto foreign = listen(g, "\"" + id + "\"", token);
      REQUIRE(foreign->Starts());
      if (!streams) REQUIRE(foreign->Ends());
      const std::lock_guard lock(foreign->mutex);
      CHECK(foreign->text.find(id) == std::string::npos);
      CHECK(g.upstream.seen("subscriptions/listen").back().body.find("taskIds") == std::string::npos);
    }
    const auto bare = listen(g, "\"" + id + "\"", "good", kBareMeta);
    CHECK(bare->Has("-32021"));
    CHECK(bare->status == 400);
  }
}

}  // namespace intentgate::test
