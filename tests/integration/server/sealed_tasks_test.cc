// Tasks of upstreams behind gateways that share a key and nothing else: each serves the owners of all of them, and nobody besides.
#include <doctest/doctest.h>

#include <thread>

#include "integration/server/answered_approval.h"
#include "integration/server/upstreams_fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kSecret = "first-0123456789abcdef0123456789abcdef";
constexpr std::string_view kOther = "other-0123456789abcdef0123456789abcdef";
constexpr std::string_view kRelated = "io.modelcontextprotocol/related-task";

std::string About(std::string_view method, std::string_view id) { return Ask(method, R"({"taskId":")" + std::string(id) + "\"}"); }

std::string TaskCall(std::string_view tool) {
  return Ask("tools/call", R"({"name":")" + std::string(tool) + R"(","arguments":{},"task":{"ttl":60000}})");
}

std::string Meta(std::string_view id) { return R"("_meta":{")" + std::string(kRelated) + R"(":{"taskId":")" + std::string(id) + "\"}}"; }

std::string Status(std::string_view id) {
  return OneEvent(R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":")" + std::string(id) + R"(","status":"completed"}})");
}

std::string TextAt(const Got& got, std::string_view pointer) {
  const json::Value body = got.json();
  const json::Value* at = body.AtPointer(pointer);
  return at == nullptr ? "" : at->is_string() ? at->string_value() : json::Write(*at);
}

std::string RelatedIn(const Got& got) {
  const json::Value body = got.json();
  const json::Value* meta = body.AtPointer("/result/_meta");
  return meta == nullptr ? "" : meta->Find(kRelated)->Find("taskId")->string_value();
}

void ShareKey(Gateway& g, std::string_view secret = kSecret) { g.settings.session_keys.emplace_back(base::AsBytes(secret)); }

// Gateways in front of the first one's upstream.
struct Replicas {
  Gateway a, b;

  Replicas() {
    a.upstream.set_mode("task");
    b.SetUpstream(a.upstream.url());
    for (Gateway* g : {&a, &b}) ShareKey(*g);
  }
  void Start() {
    a.Start();
    b.Start();
  }
  // The id that the client gets for the task of a call through `a`.
  std::string Begin(const http::HeaderList& session, std::string_view token = "good") {
    return TextAt(a.caller->Mcp(token, TaskCall("read_file"), session), "/result/task/taskId");
  }
  std::shared_ptr<Caller::Stream> Listen(Gateway& g, const http::HeaderList& session, std::string_view token = "good") {
    const std::size_t open = a.upstream.seen("GET").size();
    auto stream = g.caller->Open("GET", "/v1/mcp", Caller::McpHeaders(token, {{"Mcp-Session-Id", *session.Get("Mcp-Session-Id")}, {"Accept", "text/event-stream"}}));
    REQUIRE(stream->Starts());
    CHECK(a.upstream.seen("GET").size() == open + 1);
    return stream;
  }
};

bool Tells(Caller::Stream& stream, std::string_view text) {
  const std::lock_guard lock(stream.mutex);
  return stream.text.find(text) != std::string::npos;
}

constexpr std::string_view kModernMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})";

std::string ModernBody(std::string_view method, const std::string& params) { return Ask(method, "{" + params + "," + std::string(kModernMeta) + "}"); }

Got Modern(Gateway& g, std::string_view token, std::string_view method, const std::string& name, const std::string& params) {
  return g.caller->Mcp(token, ModernBody(method, params), ModernHeaders(method, name));
}

Got ModernAbout(Gateway& g, std::string_view token, std::string_view method, const std::string& id) {
  return Modern(g, token, method, id, R"("taskId":")" + id + R"(","inputResponses":{})");
}

}  // namespace

TEST_CASE("a task that one gateway began is its owner's at every other one, also after a restart") {
  Replicas r;
  r.Start();
  const http::HeaderList session = Streaming(*r.a.caller);
  const std::string id = r.Begin(session);
  CHECK(id.size() > 100);
  for (Gateway* g : {&r.a, &r.b}) {
    for (const std::string method : {"tasks/get", "tasks/cancel"}) {
      CHECK(TextAt(g->caller->Mcp("good", About(method, id), session), "/result/taskId") == id);
      CHECK(r.a.upstream.seen(method).back().body == About(method, "t1"));
    }
    const Got result = g->caller->Mcp("good", About("tasks/result", id), session);
    CHECK(TextAt(result, "/result/content/0/text") == "of the task");
    CHECK(RelatedIn(result) == id);
    CHECK(r.a.upstream.seen("tasks/result").back().body == About("tasks/result", "t1"));
  }
  // The gateway that made the call knows the outcome; the other one does not tell it once more.
  REQUIRE(r.a.gate->outcomes().size() == 1);
  CHECK(r.a.gate->outcomes()[0].second.outcome == "success");
  CHECK(r.b.gate->outcomes().empty());
  Gateway again;
  again.SetUpstream(r.a.upstream.url());
  ShareKey(again, kOther);
  ShareKey(again);
  CHECK(TextAt(again.Start().Mcp("good", About("tasks/get", id), session), "/result/taskId") == id);
}

TEST_CASE("whoever else comes with a task's id, or with the upstream's, is told that there is no such task") {
  Replicas r;
  Gateway wrong;
  wrong.SetUpstream(r.a.upstream.url());
  ShareKey(wrong, kOther);
  r.Start();
  wrong.Start();
  const http::HeaderList session = Streaming(*r.a.caller), foreign = Streaming(*r.a.caller, "good2"), elsewhere = Streaming(*wrong.caller);
  const std::string id = r.Begin(session);
  std::string changed = id;
  changed[id.size() / 2] = id[id.size() / 2] == 'A' ? 'B' : 'A';
  for (const std::string method : {"tasks/get", "tasks/result", "tasks/cancel"}) {
    const Got unknown = r.b.caller->Mcp("good2", About(method, "none"), foreign);
    CHECK(unknown.code() == -32602);
    CHECK(TextAt(unknown, "/error/data") == "there is no such task of this caller");
    CHECK(r.b.caller->Mcp("good2", About(method, id), foreign).body == unknown.body);
    CHECK(r.b.gate->refused().back().why == "there is no such task of this caller");
    // A narrower token of the owner's, which has lost the tool, and the owner with what is no id of his.
    CHECK(r.b.caller->Mcp("narrow", About(method, id), session).body == unknown.body);
    for (const std::string& text : {std::string("t1"), changed}) CHECK(r.b.caller->Mcp("good", About(method, text), session).body == unknown.body);
    CHECK(wrong.caller->Mcp("good", About(method, id), elsewhere).body == unknown.body);
    CHECK(r.a.upstream.seen(method).empty());
  }
  CHECK(r.b.caller->Mcp("good", About("tasks/get", id), session).code() == 0);
}

TEST_CASE("an id that an upstream gave to two callers is the first one's that a gateway knows of") {
  Gateway a, b;
  for (Gateway* g : {&a, &b}) {
    ShareKey(*g);
    g->upstream.set_mode("task");
    g->Start();
  }
  const auto begin = [](Gateway& g, std::string_view token) {
    return TextAt(g.caller->Mcp(token, TaskCall("read_file"), Streaming(*g.caller, token)), "/result/task/taskId");
  };
  const std::string id = begin(a, "good");
  begin(b, "good2");
  CHECK(b.caller->Mcp("good", About("tasks/get", id), Streaming(*b.caller)).code() == -32602);
  CHECK(a.caller->Mcp("good", About("tasks/get", id), Streaming(*a.caller)).code() == 0);
}

TEST_CASE("a list shows the tasks that a gateway gave out, or that their owner has come with") {
  Replicas r;
  r.Start();
  const http::HeaderList session = Streaming(*r.a.caller), foreign = Streaming(*r.a.caller, "good2");
  const std::string id = r.Begin(session);
  const auto listed = [&](Gateway& g, std::string_view token, const http::HeaderList& in) {
    return TextAt(g.caller->Mcp(token, Ask("tasks/list"), in), "/result/tasks");
  };
  const std::string own = R"([{"taskId":")" + id + R"(","status":"working"}])";
  CHECK(listed(r.a, "good", session) == own);
  CHECK(listed(r.b, "good", session) == "[]");
  r.b.caller->Mcp("good", About("tasks/get", id), session);
  CHECK(listed(r.b, "good", session) == own);
  CHECK(listed(r.b, "good2", foreign) == "[]");
}

TEST_CASE("a session's stream tells its owner's tasks under the owner's ids, and of no task that the gateway does not know for his") {
  Replicas r;
  r.Start();
  const http::HeaderList session = Streaming(*r.a.caller), foreign = Streaming(*r.a.caller, "good2");
  const std::string id = r.Begin(session);
  const std::string second = r.Begin(session);
  r.b.caller->Mcp("good", About("tasks/get", id), session);
  const auto at_a = r.Listen(r.a, session), at_b = r.Listen(r.b, session), other = r.Listen(r.b, foreign, "good2");
  const auto progress = [](std::string_view of) { return OneEvent(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,)" + Meta(of) + "}}"); };
  const auto question = [](std::string_view of) { return OneEvent(R"({"jsonrpc":"2.0","id":"q","method":"roots/list","params":{)" + Meta(of) + "}}"); };
  const auto answer = [](std::string_view of) { return OneEvent(R"({"jsonrpc":"2.0","id":7,"result":{)" + Meta(of) + "}}"); };
  const std::string last = OneEvent(R"({"jsonrpc":"2.0","method":"notifications/last"})");
  r.a.upstream.Push(Status("t1") + Status("t2") + Status("x") + progress("t1") + question("t1") + answer("t1") + progress("t2") + question("x") + last);
  for (const auto& stream : {at_a, at_b, other}) REQUIRE(stream->Has("notifications/last"));
  for (const auto& stream : {at_a, at_b}) {
    for (const std::string& told : {Status(id), progress(id), question(id), answer(id)}) CHECK(Tells(*stream, told));
    CHECK(Tells(*stream, OneEvent(R"({"jsonrpc":"2.0","id":"q","method":"roots/list","params":{"_meta":{}}})")));
  }
  CHECK(Tells(*at_a, Status(second)));
  CHECK_FALSE(Tells(*at_b, second));
  CHECK_FALSE(Tells(*other, "notifications/tasks"));
  for (const auto& stream : {at_a, at_b, other}) {
    for (const std::string_view raw : {R"("t1")", R"("t2")", R"("x")"}) CHECK_FALSE(Tells(*stream, raw));
  }
}

TEST_CASE("a call's own stream tells of tasks as the session's does, in a session and in none") {
  Replicas r;
  r.Start();
  const http::HeaderList session = Streaming(*r.a.caller);
  const std::string id = r.Begin(session);
  r.a.upstream.set_mode("stream");
  for (const http::HeaderList& in : {session, http::HeaderList{{"Accept", "application/json, text/event-stream"}}}) {
    const auto stream = r.a.caller->Open("POST", "/v1/mcp", Caller::McpHeaders("good", in), CallBody("read_file"));
    REQUIRE(stream->Starts());
    r.a.upstream.Push(Status("t1") + Status("t2") + OneEvent(R"({"jsonrpc":"2.0","method":"notifications/last"})"));
    REQUIRE(stream->Has("notifications/last"));
    CHECK(Tells(*stream, R"("method":"notifications/tasks/status","params":{"taskId":")" + id));
    for (const std::string_view raw : {R"("t1")", R"("t2")"}) CHECK_FALSE(Tells(*stream, raw));
  }
}

TEST_CASE("what a client says of its task reaches the upstream under the upstream's id, and what is no task of the client's as it came") {
  Replicas r;
  r.Start();
  const http::HeaderList session = Streaming(*r.a.caller), foreign = Streaming(*r.a.caller, "good2");
  const std::string id = r.Begin(session);
  r.a.upstream.set_mode("");
  const auto call = [](std::string_view of) { return Ask("tools/call", R"({"name":"read_file","arguments":{"big":12345678901234567890},)" + Meta(of) + "}"); };
  const auto answer = [](std::string_view of) { return R"({"jsonrpc":"2.0","id":"q","result":{)" + Meta(of) + "}}"; };
  for (const std::string& message : {call(id), answer(id)}) r.b.caller->Mcp("good", message, session);
  CHECK(r.a.UpstreamGot(call("t1")));
  CHECK(r.a.UpstreamGot(answer("t1")));
  for (const std::string& message : {call("own"), answer("own"), answer(id)}) {
    r.b.caller->Mcp("good2", message, foreign);
    CHECK(r.a.UpstreamGot(message));
  }
}

TEST_CASE("a batch asks after a task of any gateway") {
  Replicas r;
  r.a.upstream.protocol = "2025-03-26";
  r.Start();
  const http::HeaderList session = Streaming(*r.a.caller);
  const std::string id = r.Begin(session);
  const Got got = r.b.caller->Mcp("good", "[" + About("tasks/get", id) + "]", session);
  CHECK(TextAt(got, "/0/result/taskId") == id);
  CHECK(r.a.upstream.seen("tasks/get").back().body == About("tasks/get", "t1"));
}

TEST_CASE("an approved call that becomes a task of the upstream's keeps the gateway's own id") {
  Replicas r;
  r.Start();
  const http::HeaderList session{{"Mcp-Session-Id", *Streaming(*r.a.caller).Get("Mcp-Session-Id")}};
  const std::string id = TextAt(r.a.caller->Mcp("good", TaskCall("pay"), session), "/result/task/taskId");
  CHECK(id.starts_with("ig-"));
  r.a.gate->PutApproval(Answered(ApprovalState::kApproved));
  CHECK(RelatedIn(r.a.caller->Mcp("good", About("tasks/result", id), session)) == id);
  CHECK(r.a.upstream.seen("tasks/result").back().body == About("tasks/result", "t1"));
  CHECK(TextAt(r.a.caller->Mcp("good", About("tasks/get", id), session), "/result/taskId") == id);
}

TEST_CASE("the extension of 2026-07-28: the id and the field that repeats it are the upstream's behind every gateway") {
  Replicas r;
  r.a.upstream.modern = true;
  r.Start();
  const Got made = Modern(r.a, "good", "tools/call", "read_file", R"("name":"read_file","arguments":{})");
  const std::string id = TextAt(made, "/result/taskId");
  CHECK(id.size() > 100);
  for (const std::string method : {"tasks/get", "tasks/update", "tasks/cancel"}) {
    const Got foreign = ModernAbout(r.b, "good2", method, id);
    CHECK(foreign.status == 400);
    CHECK(foreign.code() == -32602);
    CHECK(ModernAbout(r.b, "good", method, "t1").code() == -32602);
    CHECK(r.a.upstream.seen(method).empty());
    CHECK(TextAt(ModernAbout(r.b, "good", method, id), "/result/taskId") == id);
    REQUIRE(r.a.upstream.seen(method).size() == 1);
    CHECK(r.a.upstream.seen(method)[0].body.find(R"("taskId":"t1")") != std::string::npos);
    CHECK(r.a.upstream.seen(method)[0].headers.find("Mcp-Name: t1\n") != std::string::npos);
  }
}

TEST_CASE("a modern stream of notifications is asked for, acknowledged and told by the ids of its caller's tasks") {
  Replicas r;
  r.a.upstream.modern = true;
  r.Start();
  const auto begin = [&](std::string_view token) {
    return TextAt(Modern(r.a, token, "tools/call", "read_file", R"("name":"read_file","arguments":{})"), "/result/taskId");
  };
  const std::string id = begin("good"), foreign = begin("good2");
  const std::string wanted = R"("notifications":{"taskIds":["t1",")" + foreign + "\",\"" + id + R"("]})";
  const auto stream = r.b.caller->Open("POST", "/v1/mcp", Caller::McpHeaders("good", ModernHeaders("subscriptions/listen")),
                                       ModernBody("subscriptions/listen", wanted));
  REQUIRE(stream->Starts());
  CHECK(r.a.upstream.seen("subscriptions/listen")[0].body.find(R"("notifications":{"taskIds":["t1"]})") != std::string::npos);
  const auto acknowledged = [](const std::string& ids) {
    return OneEvent(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"taskIds":[)" + ids + "]}}}");
  };
  const auto told = [](std::string_view of) { return OneEvent(R"({"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":")" + std::string(of) + R"("}})"); };
  r.a.upstream.Push(acknowledged(R"("t1","t2")") + told("t2") + told("t1"));
  REQUIRE(stream->Has(told(id)));
  CHECK(Tells(*stream, acknowledged("\"" + id + "\"")));
  CHECK_FALSE(Tells(*stream, R"("t2")"));
  CHECK_FALSE(Tells(*stream, foreign));
  const auto narrow = r.b.caller->Open("POST", "/v1/mcp", Caller::McpHeaders("narrow", ModernHeaders("subscriptions/listen")), ModernBody("subscriptions/listen", wanted));
  REQUIRE(narrow->Starts());
  CHECK(r.a.upstream.seen("subscriptions/listen")[1].body.find("taskIds") == std::string::npos);
  const std::string bad = R"("notifications":{"taskIds":"t1"})";
  CHECK(r.b.caller->Mcp("good", ModernBody("subscriptions/listen", bad), ModernHeaders("subscriptions/listen")).code() == -32602);
}

TEST_CASE("several upstreams may choose one id: each task is asked after where it runs, listed, and told under its own") {
  TwoUpstreams a, b;
  for (FakeUpstream* upstream : {&a.upstream, &a.other}) upstream->set_mode("task");
  for (std::size_t i = 0; i < 2; ++i) b.settings.upstreams[i].url = a.settings.upstreams[i].url;
  for (Gateway* g : {static_cast<Gateway*>(&a), static_cast<Gateway*>(&b)}) {
    ShareKey(*g);
    g->Start();
  }
  const http::HeaderList session = Streaming(*a.caller);
  const auto begin = [&](std::string_view tool) { return TextAt(a.caller->Mcp("good", TaskCall(tool), session), "/result/task/taskId"); };
  const std::string first = begin("read_a_read_file"), second = begin("read_b_read_file");
  CHECK(first != second);
  CHECK(TextAt(b.caller->Mcp("good", About("tasks/get", second), session), "/result/taskId") == second);
  CHECK(a.other.seen("tasks/get").size() == 1);
  CHECK(a.upstream.seen("tasks/get").empty());
  const auto listed = [&](Gateway& g) { return TextAt(g.caller->Mcp("good", Ask("tasks/list"), session), "/result/tasks"); };
  const std::string of_second = R"({"taskId":")" + second + R"(","status":"working"})";
  CHECK(listed(a) == R"([{"taskId":")" + first + R"(","status":"working"},)" + of_second + "]");
  CHECK(listed(b) == "[" + of_second + "]");
  const auto stream = b.caller->Open("GET", "/v1/mcp", Caller::McpHeaders("good", session));
  for (FakeUpstream* upstream : {&a.upstream, &a.other}) {
    while (upstream->seen("GET").empty()) std::this_thread::yield();
    upstream->Push(Status("t1"));
  }
  REQUIRE(stream->Has(Status(second)));
  a.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/last"})"));
  REQUIRE(stream->Has("notifications/last"));
  CHECK_FALSE(Tells(*stream, R"("t1")"));
  CHECK_FALSE(Tells(*stream, first));
}

TEST_CASE("a modern stream in front of several upstreams asks each for its own tasks, and tells them under their own ids") {
  TwoUpstreams g;
  ShareKey(g);
  for (FakeUpstream* upstream : {&g.upstream, &g.other}) {
    upstream->modern = true;
    upstream->set_mode("task");
  }
  g.Start();
  const auto begin = [&](const std::string& tool) {
    return TextAt(Modern(g, "good", "tools/call", tool, R"("name":")" + tool + R"(","arguments":{})"), "/result/taskId");
  };
  const std::string first = begin("read_a_read_file"), second = begin("read_b_read_file");
  const std::string wanted = R"("notifications":{"taskIds":[")" + first + R"(",")" + second + R"("]})";
  const auto stream = g.caller->Open("POST", "/v1/mcp", Caller::McpHeaders("good", ModernHeaders("subscriptions/listen")), ModernBody("subscriptions/listen", wanted));
  for (FakeUpstream* upstream : {&g.upstream, &g.other}) {
    while (upstream->seen("subscriptions/listen").empty()) std::this_thread::yield();
    const json::Value asked = *json::Parse(upstream->seen("subscriptions/listen")[0].body);
    CHECK(asked.AtPointer("/params/notifications/taskIds")->array().size() == 1);
    const std::string own = json::Write(*asked.AtPointer("/params/notifications/taskIds/0"));
    CHECK(own.size() < 8);
    upstream->Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"taskIds":[)" + own + R"(,"x"]}}})") +
                   OneEvent(R"({"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":)" + own + "}}"));
  }
  REQUIRE(stream->Has(R"("method":"notifications/subscriptions/acknowledged","params":{"notifications":{"taskIds":[")" + first + R"(",")" + second + R"("]}}})"));
  for (const std::string& id : {first, second}) CHECK(stream->Has(R"("method":"notifications/tasks","params":{"taskId":")" + id + "\"}}"));
}

}  // namespace intentgate::test
