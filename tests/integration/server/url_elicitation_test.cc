// Calls that wait for a person, told as a URL in a session of 2025-11-25: error -32042, and an equal call that comes again.
#include <doctest/doctest.h>

#include <thread>

#include "integration/server/answered_approval.h"
#include "integration/server/fixture.h"
#include "integration/server/upstreams_fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kUrls = R"({"elicitation":{"form":{},"url":{}}})";
constexpr std::string_view kComplete = R"({"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"apr-1"}})";

std::string Initialize(std::string_view capabilities, std::string_view protocol) {
  return R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" + std::string(protocol) + R"(","capabilities":)" +
         std::string(capabilities) + R"(,"clientInfo":{"name":"t","version":"1"}}})";
}

struct Elicited : Gateway {
  http::HeaderList session;

  Elicited() {
    upstream.protocol = "2025-11-25";
    settings.approval_url = "https://approve.example.com/{id}";
  }
  void Open(std::string_view capabilities = kUrls, std::string_view protocol = "2025-11-25") {
    if (service == nullptr) Start();
    session = {{"Mcp-Session-Id", caller->Mcp("good", Initialize(capabilities, protocol)).header("Mcp-Session-Id")}, {"Accept", "application/json"}};
  }
  Got Pay(std::string_view amount = "1", http::HeaderList more = {}) { return caller->Mcp("good", Body(amount), Fields(std::move(more))); }
  std::shared_ptr<Event<Got>> BeginPay() { return caller->Begin("POST", "/v1/mcp", Caller::McpHeaders("good", session), Body("1")); }
  std::shared_ptr<Caller::Stream> Listen() {
    http::HeaderList fields = session;
    fields.Set("Accept", "text/event-stream");
    return caller->Open("GET", "/v1/mcp", Caller::McpHeaders("good", fields));
  }
  void Answer(ApprovalState state) { gate->PutApproval(Answered(state)); }
  void UntilWaits(std::size_t count) {
    while (gate->waits() != count) std::this_thread::yield();
  }
  std::size_t paid() const { return upstream.seen("tools/call").size(); }

 private:
  static std::string Body(std::string_view amount) { return CallBody("pay", "7", R"({"amount":)" + std::string(amount) + "}"); }
  http::HeaderList Fields(http::HeaderList more) const {
    http::HeaderList fields = session;
    for (std::size_t i = 0; i < more.size(); ++i) fields.Add(more.name(i), more.value(i));
    return fields;
  }
};

}  // namespace

TEST_CASE("a session whose client takes URLs is told one, hears of the answer on its stream, and its equal call goes once") {
  Elicited g;
  g.Open();
  const auto stream = g.Listen();
  REQUIRE(stream->Starts());
  const Got asked = g.Pay();
  CHECK(asked.status == 200);
  CHECK(asked.code() == -32042);
  CHECK(asked.header("X-IntentGate-Approval-Id") == "apr-1");
  const json::Value refusal = asked.json();
  const json::Value* elicitations = refusal.AtPointer("/error/data/elicitations");
  REQUIRE(elicitations != nullptr);
  REQUIRE(elicitations->array().size() == 1);
  const json::Value& told = elicitations->array()[0];
  CHECK(told.Find("mode")->string_value() == "url");
  CHECK(told.Find("elicitationId")->string_value() == "apr-1");
  CHECK(told.Find("url")->string_value() == "https://approve.example.com/apr-1");
  CHECK_FALSE(told.Find("message")->string_value().empty());
  CHECK(stream->text.find("complete") == std::string::npos);
  g.Answer(ApprovalState::kApproved);
  CHECK(stream->Has(kComplete));
  CHECK(g.paid() == 0);
  CHECK(g.Pay().code() == 0);
  CHECK(g.paid() == 1);
  // It has served: the same call is a new one.
  CHECK(g.Pay().code() == -32042);
  CHECK(g.paid() == 1);
}

TEST_CASE("an equal call before the answer is held, other arguments are another call, and a rejection is told once") {
  Elicited g;
  g.Open();
  CHECK(g.Pay().code() == -32042);
  g.UntilWaits(1);
  const auto again = g.BeginPay();
  g.UntilWaits(2);
  g.Answer(ApprovalState::kRejected);
  const Got rejected = again->Wait();
  CHECK(rejected.code() == -32012);
  CHECK(rejected.body.find("secret") == std::string::npos);
  CHECK(rejected.body.find("ann") == std::string::npos);
  CHECK(g.paid() == 0);
  CHECK(g.gate->waits() == 0);
  CHECK(g.Pay("2").code() == -32042);
}

TEST_CASE("a call that nobody answers in time is told the URL again") {
  Elicited g;
  g.settings.approval_wait_seconds = 0;
  g.Open();
  CHECK(g.Pay().code() == -32042);
  CHECK(g.Pay().code() == -32042);
  // One wait for the session's stream, however often it is told.
  CHECK(g.gate->waits() == 1);
}

TEST_CASE("an answer that comes while no stream is open is told when one opens, once") {
  Elicited g;
  g.Open();
  CHECK(g.Pay().code() == -32042);
  g.UntilWaits(1);
  g.Answer(ApprovalState::kApproved);
  const auto late = g.Listen();
  CHECK(late->Has(kComplete));
  const auto later = g.Listen();
  REQUIRE(later->Starts());
  g.upstream.Push(OneEvent(R"({"jsonrpc":"2.0","method":"notifications/x"})"));
  CHECK(later->Has("notifications/x"));
  CHECK(later->text.find("complete") == std::string::npos);
}

TEST_CASE("who declares no URLs, has an older revision, names the approval or asks for a task gets no -32042") {
  Elicited g;
  g.Open(R"({"elicitation":{}})");
  CHECK(g.Pay().code() == -32012);
  g.Open(R"({"elicitation":{"form":{}}})");
  CHECK(g.Pay().code() == -32012);
  g.Open();
  CHECK(g.Pay("1", {{"X-IntentGate-Approval-Id", "apr-1"}}).code() == -32012);
  const Got task = g.caller->Mcp("good", R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay","arguments":{},"task":{}}})", g.session);
  CHECK(task.json().AtPointer("/result/task/taskId") != nullptr);
  g.session = {};
  CHECK(g.Pay().code() == -32012);
  CHECK(g.paid() == 0);
  Elicited older;
  older.upstream.protocol = "2025-06-18";
  older.Open(kUrls, "2025-06-18");
  CHECK(older.Pay().code() == -32012);
}

TEST_CASE("without the setting no client is told a URL") {
  Elicited g;
  g.settings.approval_url.clear();
  g.Open();
  CHECK(g.Pay().code() == -32012);
}

TEST_CASE("with several upstreams the session is told in the same way") {
  TwoUpstreams g("", "");
  g.settings.approval_url = "https://approve.example.com/{id}";
  for (FakeUpstream* one : {&g.upstream, &g.other}) one->protocol = "2025-11-25";
  g.other.set_tools_page(R"({"tools":[{"name":"pay"}]})");
  SUBCASE("that have streams") {}
  SUBCASE("that have none") {
    for (FakeUpstream* one : {&g.upstream, &g.other}) one->without_streams = true;
  }
  Caller& caller = g.Start();
  http::HeaderList session{{"Mcp-Session-Id", caller.Mcp("good", Initialize(kUrls, "2025-11-25")).header("Mcp-Session-Id")}};
  REQUIRE(caller.Mcp("good", R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})", session).status == 200);
  session.Add("Accept", "text/event-stream");
  const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders("good", session));
  session.Set("Accept", "application/json");
  CHECK(caller.Mcp("good", CallBody("pay"), session).code() == -32042);
  g.gate->PutApproval(Answered(ApprovalState::kApproved));
  CHECK(stream->Has(kComplete));
  CHECK(caller.Mcp("good", CallBody("pay"), session).code() == 0);
  CHECK(g.other.seen("tools/call").size() == 1);
}

TEST_CASE("a session whose upstreams have no stream has the gateway's, and others have none") {
  Elicited g;
  g.upstream.without_streams = true;
  g.Open();
  const auto stream = g.Listen();
  REQUIRE(stream->Starts());
  CHECK(stream->status == 200);
  CHECK(g.Pay().code() == -32042);
  g.Answer(ApprovalState::kApproved);
  CHECK(stream->Has(kComplete));
  g.caller->Leave(*stream);
  const auto left_open = g.Listen();
  CHECK(left_open->Starts());
  g.Open("{}");
  const auto none = g.Listen();
  REQUIRE(none->Starts());
  CHECK(none->status == 405);
}

TEST_CASE("the gateway's own stream ends with the session's token") {
  Elicited g;
  g.settings.keep_alive_ms = 1;
  g.upstream.without_streams = true;
  g.Open();
  const auto stream = g.Listen();
  CHECK(stream->Has(": alive"));
  g.gate->tokens_ended = true;
  CHECK(stream->Ends());
}

TEST_CASE("a session that ends takes its waits with it") {
  Elicited g;
  g.Open();
  CHECK(g.Pay().code() == -32042);
  g.UntilWaits(1);
  g.caller->Do("DELETE", "/v1/mcp", Caller::McpHeaders("good", g.session));
  CHECK(g.gate->waits() == 0);
}

}  // namespace intentgate::test
