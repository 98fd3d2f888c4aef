// Tasks of the upstream: each is for the caller that its handle was given to, and nobody is charged for asking after one.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

std::string Request(std::string_view method, std::string_view params) {
  return R"({"jsonrpc":"2.0","id":7,"method":")" + std::string(method) + R"(","params":{)" + std::string(params) + "}}";
}

std::string About(std::string_view method, std::string_view id) {
  return Request(method, R"("taskId":")" + std::string(id) + "\"");
}

std::string TaskCall(std::string_view tool) {
  return Request("tools/call", R"("name":")" + std::string(tool) + R"(","arguments":{},"task":{"ttl":60000})");
}

// A client of 2025-11-25 with a session and, after Begin, a task.
struct WithTask : Gateway {
  WithTask() { upstream.set_mode("task"); }
  http::HeaderList Begin(std::string_view token, std::string_view id) {
    const http::HeaderList session = Streaming(*caller, token);
    const Got got = caller->Mcp(token, TaskCall("read_file"), session);
    CHECK(got.json().AtPointer("/result/task/taskId")->string_value() == id);
    return session;
  }
};

constexpr std::string_view kModernMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})";
constexpr std::string_view kBareMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

Got Modern(Caller& caller, std::string_view token, std::string_view method, std::string_view name, std::string_view params,
           std::string_view meta = kModernMeta) {
  const http::HeaderList headers{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}, {"Mcp-Name", name},
                                 {"Accept", "application/json, text/event-stream"}};
  return caller.Mcp(token, Request(method, std::string(params) + "," + std::string(meta)), headers);
}

}  // namespace

TEST_CASE("a task is asked after by its owner, untouched and uncharged, and its outcome is the call's") {
  WithTask g;
  Caller& caller = g.Start();
  const http::HeaderList session = g.Begin("good", "t1");
  CHECK(g.upstream.seen("tools/call")[0].body == TaskCall("read_file"));
  CHECK(g.gate->outcomes().empty());
  const std::size_t charged = g.gate->calls().size();
  const Got state = caller.Mcp("good", About("tasks/get", "t1"), session);
  CHECK(state.json().AtPointer("/result/status")->string_value() == "working");
  CHECK(g.upstream.seen("tasks/get")[0].body == About("tasks/get", "t1"));
  CHECK(g.gate->outcomes().empty());
  const Got result = caller.Mcp("good", About("tasks/result", "t1"), session);
  CHECK(result.json().AtPointer("/result/content/0/text")->string_value() == "of the task");
  CHECK(caller.Mcp("good", About("tasks/result", "t1"), session).code() == 0);
  CHECK(g.gate->calls().size() == charged);
  REQUIRE(g.gate->outcomes().size() == 1);
  CHECK(g.gate->outcomes()[0].first == "event-read_file");
  CHECK(g.gate->outcomes()[0].second.outcome == "success");
}

TEST_CASE("knowing a task's id is not enough: another caller's, an unknown one, and none are refused alike, and in the chain") {
  WithTask g;
  Caller& caller = g.Start();
  g.Begin("good", "t1");
  const http::HeaderList other = g.Begin("good2", "t2");
  for (const std::string method : {"tasks/get", "tasks/result", "tasks/cancel"}) {
    const Got foreign = caller.Mcp("good2", About(method, "t1"), other);
    const Got unknown = caller.Mcp("good2", About(method, "t9"), other);
    CHECK(foreign.code() == -32602);
    CHECK(foreign.body == unknown.body);
    CHECK(caller.Mcp("good2", Request(method, ""), other).code() == -32602);
    CHECK(g.gate->refused().back().method == method);
    CHECK(g.upstream.seen(method).empty());
    CHECK(caller.Mcp("bad", About(method, "t2"), other).status == 401);
  }
}

TEST_CASE("a task is not named twice, in two spellings of its member") {
  WithTask g;
  Caller& caller = g.Start();
  g.Begin("good", "t1");
  const http::HeaderList other = g.Begin("good2", "t2");
  for (const std::string method : {"tasks/get", "tasks/result", "tasks/cancel"}) {
    for (const std::string both : {R"("taskId":"t2","TaskId":"t1")", R"("taskid":"t1","taskId":"t2")"}) {
      CHECK(caller.Mcp("good2", Request(method, both), other).code() == -32602);
      CHECK(g.upstream.seen(method).empty());
      CHECK(g.gate->refused().back().method == method);
    }
  }
  g.upstream.modern = true;
  const Got call = Modern(caller, "good2", "tools/call", "read_file", R"("name":"read_file","arguments":{})");
  const std::string own = call.json().AtPointer("/result/taskId")->string_value();
  for (const std::string method : {"tasks/get", "tasks/update", "tasks/cancel"}) {
    const Got got = Modern(caller, "good2", method, own, R"("TaskId":"t1","inputResponses":{},"taskId":")" + own + "\"");
    CHECK(got.status == 400);
    CHECK(got.code() == -32602);
    CHECK(g.upstream.seen(method).empty());
  }
}

TEST_CASE("a narrower token of the same caller does not reach a task of a tool that it lost") {
  WithTask g;
  Caller& caller = g.Start();
  const http::HeaderList session = g.Begin("good", "t1");
  for (const std::string method : {"tasks/get", "tasks/result", "tasks/cancel"}) {
    CHECK(caller.Mcp("narrow", About(method, "t1"), session).code() == -32602);
    CHECK(g.upstream.seen(method).empty());
  }
  const Got list = caller.Mcp("narrow", Request("tasks/list", ""), session);
  CHECK(json::Write(*list.json().AtPointer("/result/tasks")) == "[]");
  CHECK(caller.Mcp("good", About("tasks/get", "t1"), session).code() == 0);
}

TEST_CASE("a list of tasks shows the caller's own") {
  WithTask g;
  Caller& caller = g.Start();
  const http::HeaderList session = g.Begin("good", "t1");
  g.Begin("good2", "t2");
  const Got list = caller.Mcp("good", Request("tasks/list", ""), session);
  CHECK(json::Write(*list.json().AtPointer("/result/tasks")) == R"([{"taskId":"t1","status":"working"}])");
}

TEST_CASE("a task that is cancelled is the call's outcome, and one that is never fetched has one when the gateway stops") {
  WithTask g;
  Caller& caller = g.Start();
  const http::HeaderList session = g.Begin("good", "t1");
  g.upstream.task_status = "cancelled";
  CHECK(caller.Mcp("good", About("tasks/cancel", "t1"), session).code() == 0);
  REQUIRE(g.gate->outcomes().size() == 1);
  CHECK(g.gate->outcomes()[0].second.outcome == "cancelled");
  g.Begin("good", "t2");
  g.caller.reset();
  g.service.reset();
  REQUIRE(g.gate->outcomes().size() == 2);
  CHECK(g.gate->outcomes()[1].second.outcome == "timeout");
}

TEST_CASE("a call as a task needs a session of the caller's own") {
  WithTask g;
  Caller& caller = g.Start();
  CHECK(caller.Mcp("good", TaskCall("read_file")).status == 400);
  CHECK(g.upstream.seen("tools/call").empty());
  CHECK(caller.Mcp("good", About("tasks/get", "t1")).status == 400);
}

TEST_CASE("a session's stream tells nothing of other callers' tasks") {
  WithTask g;
  Caller& caller = g.Start();
  const http::HeaderList session = g.Begin("good", "t1");
  g.Begin("good2", "t2");
  const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", session));
  const auto status = [](std::string_view id) {
    return OneEvent(R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":")" + std::string(id) + R"(","status":"completed"}})");
  };
  REQUIRE(stream->Starts());
  g.upstream.Push(status("t2") + status("t1"));
  REQUIRE(stream->Has("t1"));
  const std::lock_guard lock(stream->mutex);
  CHECK(stream->text.find("t2") == std::string::npos);
}

TEST_CASE("the extension of 2026-07-28: a handle that the upstream gives by itself is its caller's") {
  WithTask g;
  g.upstream.modern = true;
  Caller& caller = g.Start();
  const Got call = Modern(caller, "good", "tools/call", "read_file", R"("name":"read_file","arguments":{})");
  const std::string id = call.json().AtPointer("/result/taskId")->string_value();
  const std::string named = R"("taskId":")" + id + "\"";
  CHECK(g.gate->outcomes().empty());
  CHECK(Modern(caller, "good", "tasks/get", id, named).code() == 0);
  CHECK(Modern(caller, "good", "tasks/update", id, named + R"(,"inputResponses":{})").code() == 0);
  const Got foreign = Modern(caller, "good2", "tasks/get", id, named);
  CHECK(foreign.status == 400);
  CHECK(foreign.code() == -32602);
  CHECK(Modern(caller, "good", "tasks/get", "another", named).code() == -32020);
  g.upstream.task_status = "completed";
  CHECK(Modern(caller, "good", "tasks/get", id, named).code() == 0);
  REQUIRE(g.gate->outcomes().size() == 1);
  CHECK(g.gate->outcomes()[0].second.outcome == "tool_error");
}

TEST_CASE("a client that has not declared the extension is told what is missing") {
  WithTask g;
  g.upstream.modern = true;
  Caller& caller = g.Start();
  const Got got = Modern(caller, "good", "tasks/get", "t1", R"("taskId":"t1")", kBareMeta);
  CHECK(got.status == 400);
  CHECK(got.code() == -32021);
  CHECK(json::Write(*got.json().AtPointer("/error/data/requiredCapabilities")) == R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})");
}

}  // namespace intentgate::test
