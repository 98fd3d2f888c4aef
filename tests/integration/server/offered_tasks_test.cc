// Tasks of the gateway's own that it offers (mcp.offer_tasks), in front of tool servers that have none.
#include <doctest/doctest.h>

#include <thread>

#include "integration/server/answered_approval.h"
#include "integration/server/upstreams_fixture.h"
#include "mcp/own_tasks.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kNewest = "2025-11-25";
constexpr std::string_view kOffered = R"({"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})";
constexpr std::string_view kTools =
    R"({"tools":[{"name":"read_file"},{"name":"read_never","execution":{"taskSupport":"forbidden"}},)"
    R"({"name":"read_long","execution":{"taskSupport":"required"}},{"name":"pay"}]})";
constexpr std::string_view kDiscover =
    R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";

std::string TaskCall(std::string_view tool) {
  return R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")" + std::string(tool) + R"(","arguments":{"amount":1},"task":{"ttl":60000}}})";
}

std::string About(std::string_view method, const std::string& id) { return Ask(method, R"({"taskId":")" + id + "\"}"); }

std::string TextAt(const Got& got, std::string_view pointer) {
  const json::Value body = got.json();
  const json::Value* at = body.AtPointer(pointer);
  return at == nullptr ? "" : at->is_string() ? at->string_value() : json::Write(*at);
}

struct Offering : Gateway {
  Offering() {
    settings.offer_tasks = true;
    upstream.protocol = kNewest;
    upstream.without_tasks = true;
    upstream.set_tools_page(std::string(kTools));
  }
  http::HeaderList Open(std::string_view protocol = kNewest) {
    const Got hello = caller->Mcp("good", InitializeBody(protocol));
    offered = TextAt(hello, "/result/capabilities/tasks");
    return {{"Mcp-Session-Id", hello.header("Mcp-Session-Id")}};
  }
  Got Until(const std::string& id, const http::HeaderList& session, std::string_view state) {
    for (;;) {
      Got got = caller->Mcp("good", About("tasks/get", id), session);
      if (TextAt(got, "/result/status") == state) return got;
      std::this_thread::yield();
    }
  }
  std::string CalledWith(std::size_t at) const { return upstream.seen("tools/call").at(at).body; }

  std::string offered;
};

http::HeaderList ModernHeaders() { return {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "server/discover"}}; }

}  // namespace

TEST_CASE("a gateway that offers tasks says so in sessions whose revision has them, and in the modern era, and else nowhere") {
  for (const bool offers : {true, false}) {
    INFO(offers);
    Offering g;
    g.settings.offer_tasks = offers;
    g.Start();
    g.Open();
    CHECK(g.offered == (offers ? kOffered : ""));
    CHECK(g.caller->Mcp("bad", InitializeBody(kNewest)).body.find("tasks") == std::string::npos);
    Offering older;
    older.settings.offer_tasks = offers;
    older.upstream.protocol = "2025-06-18";
    older.Start();
    older.Open("2025-06-18");
    CHECK(older.offered.empty());
    Offering modern;
    modern.settings.offer_tasks = offers;
    modern.upstream.modern = true;
    modern.Start();
    const Got got = modern.caller->Mcp("good", std::string(kDiscover), ModernHeaders());
    CHECK(TextAt(got, "/result/capabilities/extensions") == (offers ? R"({"io.modelcontextprotocol/tasks":{}})" : ""));
  }
}

TEST_CASE("each tool of a session may be called as a task; what a server says of its own tasks stays") {
  Offering g;
  Caller& caller = g.Start();
  const http::HeaderList session = g.Open();
  const Got list = caller.Mcp("good", Ask("tools/list"), session);
  CHECK(TextAt(list, "/result/tools/0") == R"({"name":"read_file","execution":{"taskSupport":"optional"}})");
  CHECK(TextAt(list, "/result/tools/1") == R"({"name":"read_never","execution":{"taskSupport":"optional"}})");
  CHECK(TextAt(list, "/result/tools/2") == R"({"name":"read_long","execution":{"taskSupport":"required"}})");
  CHECK(TextAt(caller.Mcp("good", Ask("tools/list")), "/result/tools/0") == R"({"name":"read_file"})");
}

TEST_CASE("an allowed call that asks for a task of a server without tasks is one of the gateway's, made and charged once") {
  Offering g;
  Caller& caller = g.Start();
  const http::HeaderList session = g.Open();
  CHECK(TextAt(caller.Mcp("good", Ask("tasks/list"), session), "/result") == R"({"tasks":[]})");
  const Got made = caller.Mcp("good", TaskCall("read_file"), session);
  CHECK(TextAt(made, "/result/task/status") == "working");
  CHECK(TextAt(made, "/result/task/statusMessage") == "the call is being made");
  const std::string id = TextAt(made, "/result/task/taskId");
  CHECK(id.starts_with("ig-"));
  const Got result = caller.Mcp("good", About("tasks/result", id), session);
  CHECK(TextAt(result, "/result/content/0/text") == "done");
  CHECK(TextAt(result, "/result/_meta") == R"({"io.modelcontextprotocol/related-task":{"taskId":")" + id + R"("}})");
  CHECK(TextAt(caller.Mcp("good", About("tasks/get", id), session), "/result/status") == "completed");
  CHECK(TextAt(caller.Mcp("good", Ask("tasks/list"), session), "/result/tasks/0/taskId") == id);
  REQUIRE(g.upstream.seen("tools/call").size() == 1);
  CHECK(g.CalledWith(0) == R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"read_file","arguments":{"amount":1}}})");
  REQUIRE(g.gate->outcomes().size() == 1);
  CHECK(g.gate->outcomes()[0].second.outcome == "success");
  // Nobody else's.
  const http::HeaderList other{{"Mcp-Session-Id", caller.Mcp("good2", InitializeBody(kNewest)).header("Mcp-Session-Id")}};
  CHECK(caller.Mcp("good2", About("tasks/get", id), other).code() == -32602);
}

TEST_CASE("a call that is refused is no task, and one that fails is a failed task") {
  Offering g;
  Caller& caller = g.Start();
  const http::HeaderList session = g.Open();
  CHECK(caller.Mcp("good", TaskCall("delete_all"), session).code() == -32010);
  CHECK(TextAt(caller.Mcp("good", Ask("tasks/list"), session), "/result") == R"({"tasks":[]})");
  g.upstream.set_mode("error");
  const std::string id = TextAt(caller.Mcp("good", TaskCall("read_file"), session), "/result/task/taskId");
  CHECK(caller.Mcp("good", About("tasks/result", id), session).code() == -32603);
  CHECK(TextAt(caller.Mcp("good", About("tasks/get", id), session), "/result/status") == "failed");
}

TEST_CASE("an escalated call of a server without tasks is made once when it is approved, without the wish for a task") {
  Offering g;
  Caller& caller = g.Start();
  const http::HeaderList session = g.Open();
  const Got made = caller.Mcp("good", TaskCall("pay"), session);
  CHECK(TextAt(made, "/result/task/statusMessage") == "waits for a person's approval");
  const std::string id = TextAt(made, "/result/task/taskId");
  g.gate->PutApproval(Answered(ApprovalState::kApproved));
  CHECK(TextAt(caller.Mcp("good", About("tasks/result", id), session), "/result/content/0/text") == "done");
  REQUIRE(g.upstream.seen("tools/call").size() == 1);
  CHECK(g.CalledWith(0).find("task") == std::string::npos);
  const json::Value list = caller.Mcp("good", Ask("tasks/list"), session).json();
  CHECK(list.AtPointer("/result/tasks")->array().size() == 1);
}

TEST_CASE("a server that makes tasks of a tool itself makes them still") {
  Offering g;
  g.upstream.without_tasks = false;
  g.upstream.set_mode("task");
  Caller& caller = g.Start();
  const http::HeaderList session = g.Open();
  caller.Mcp("good", Ask("tools/list"), session);
  CHECK(TextAt(caller.Mcp("good", TaskCall("read_long"), session), "/result/task/taskId") == "t1");
  CHECK(g.CalledWith(0) == TaskCall("read_long"));
}

TEST_CASE("a task that is cancelled while its call runs tells the server, and has no result") {
  Offering g;
  g.upstream.set_mode("silent");
  Event<bool> called;
  g.upstream.on_call = [&called] { called.Set(true); };
  Caller& caller = g.Start();
  const http::HeaderList session = g.Open();
  const std::string id = TextAt(caller.Mcp("good", TaskCall("read_file"), session), "/result/task/taskId");
  called.Wait();
  CHECK(TextAt(caller.Mcp("good", About("tasks/cancel", id), session), "/result/status") == "cancelled");
  while (g.upstream.seen("notifications/cancelled").empty()) std::this_thread::yield();
  CHECK(caller.Mcp("good", About("tasks/result", id), session).code() == -32603);
}

TEST_CASE("the session's stream tells what became of its tasks, in the form of tasks/get, to whoever may know the tool") {
  for (const bool streams : {true, false}) {
    INFO(streams);
    Offering g;
    g.upstream.without_streams = !streams;
    Caller& caller = g.Start();
    const http::HeaderList session = g.Open();
    const auto listen = [&](std::string_view token, const http::HeaderList& in) {
      const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders(token, {{"Mcp-Session-Id", *in.Get("Mcp-Session-Id")}, {"Accept", "text/event-stream"}}));
      REQUIRE(stream->Starts());
      return stream;
    };
    const auto stream = listen("good", session);
    const http::HeaderList elsewhere = g.Open();
    const auto other = listen("good", elsewhere);
    const std::string id = TextAt(caller.Mcp("good", TaskCall("pay"), session), "/result/task/taskId");
    g.gate->PutApproval(Answered(ApprovalState::kRejected));
    CHECK(stream->Has(R"("status":"failed")"));
    const Got state = caller.Mcp("good", About("tasks/get", id), session);
    CHECK(stream->Has(R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":)" + TextAt(state, "/result") + "}"));
    CHECK(stream->text.find("secret") == std::string::npos);
    // A narrower token of the same caller, on the newest stream: it hears of no task, and each is told to one stream.
    const auto narrow = listen("narrow", session);
    g.gate->PutApproval(Answered(ApprovalState::kPending));
    const std::string second = TextAt(caller.Mcp("good", TaskCall("pay"), session), "/result/task/taskId");
    caller.Mcp("good", About("tasks/cancel", second), session);
    const std::string third = TextAt(caller.Mcp("good", TaskCall("read_file"), elsewhere), "/result/task/taskId");
    CHECK(other->Has(third));
    CHECK(other->text.find(id) == std::string::npos);
    for (const auto& quiet : {stream, narrow}) {
      const std::lock_guard lock(quiet->mutex);
      CHECK(quiet->text.find(second) == std::string::npos);
    }
  }
}

TEST_CASE("a caller with too many tasks gets no other one, and the call is not made") {
  Offering g;
  g.upstream.set_mode("silent");
  Caller& caller = g.Start();
  const http::HeaderList session = g.Open();
  for (std::size_t i = 0; i < mcp::OwnTasks::kMaxTasksOfOne; ++i) {
    CHECK(TextAt(caller.Mcp("good", TaskCall("read_file"), session), "/result/task/taskId").starts_with("ig-"));
  }
  while (g.upstream.seen("tools/call").size() < mcp::OwnTasks::kMaxTasksOfOne) std::this_thread::yield();
  const Got full = caller.Mcp("good", TaskCall("read_file"), session);
  CHECK(full.code() == -32603);
  CHECK(full.body.find("too many tasks") != std::string::npos);
  CHECK(g.upstream.seen("tools/call").size() == mcp::OwnTasks::kMaxTasksOfOne);
  REQUIRE(g.gate->outcomes().size() == 1);
  CHECK(g.gate->outcomes()[0].second.outcome == "cancelled");
}

TEST_CASE("several upstreams without tasks: the gateway has them for all, under the names that agents see") {
  TwoUpstreams g;
  g.settings.offer_tasks = true;
  for (FakeUpstream* one : {&g.upstream, &g.other}) {
    one->protocol = kNewest;
    one->without_tasks = true;
  }
  Caller& caller = g.Start();
  const Got hello = caller.Mcp("good", InitializeBody(kNewest));
  CHECK(TextAt(hello, "/result/capabilities/tasks") == kOffered);
  const http::HeaderList session{{"Mcp-Session-Id", hello.header("Mcp-Session-Id")}};
  CHECK(TextAt(caller.Mcp("good", Ask("tools/list"), session), "/result/tools/0/execution/taskSupport") == "optional");
  CHECK(TextAt(caller.Mcp("good", Ask("tasks/list"), session), "/result") == R"({"tasks":[]})");
  const std::string id = TextAt(caller.Mcp("good", TaskCall("read_b_read_file"), session), "/result/task/taskId");
  CHECK(TextAt(caller.Mcp("good", About("tasks/result", id), session), "/result/content/0/text") == "done");
  const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", {{"Mcp-Session-Id", *session.Get("Mcp-Session-Id")}, {"Accept", "text/event-stream"}}));
  for (FakeUpstream* one : {&g.upstream, &g.other}) {
    while (one->seen("GET").empty()) std::this_thread::yield();
  }
  g.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/a"})"));
  g.other.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/b"})"));
  CHECK(stream->Has("notifications/a"));
  CHECK(stream->Has("notifications/b"));
  const std::string told = TextAt(caller.Mcp("good", TaskCall("read_a_read_file"), session), "/result/task/taskId");
  CHECK(stream->Has(told));
  REQUIRE(g.other.seen("tools/call").size() == 1);
  CHECK(g.other.seen("tools/call")[0].body == R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"read_file","arguments":{"amount":1}}})");
  for (const bool offers : {true, false}) {
    TwoUpstreams modern;
    modern.settings.offer_tasks = offers;
    modern.upstream.modern = modern.other.modern = true;
    const Got got = modern.Start().Mcp("good", std::string(kDiscover), ModernHeaders());
    CHECK(TextAt(got, "/result/capabilities/extensions") == (offers ? R"({"io.modelcontextprotocol/tasks":{}})" : ""));
  }
}

}  // namespace intentgate::test
