// Calls that wait for a person, told as a URL for the client's user (2026-07-28).
#include <doctest/doctest.h>

#include <thread>

#include "integration/server/answered_approval.h"
#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kUrls = R"({"elicitation":{"form":{},"url":{}}})";

struct WithUrl : Gateway {
  WithUrl() {
    upstream.modern = true;
    settings.approval_url = "https://approve.example.com/a/{id}?by=mcp";
  }
  void Answer(ApprovalState state) { gate->PutApproval(Answered(state)); }
  static std::string Body(std::string_view more, std::string_view capabilities, std::string_view amount) {
    return R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay","arguments":{"amount":)" + std::string(amount) + "}" + std::string(more) +
           R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":)" + std::string(capabilities) + "}}}";
  }
  static http::HeaderList Fields() {
    return {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "pay"}, {"Accept", "application/json"}};
  }
  Got Pay(std::string_view more = "", std::string_view capabilities = kUrls, std::string_view token = "good", std::string_view amount = "1") {
    return caller->Mcp(token, Body(more, capabilities, amount), Fields());
  }
  // The round that follows a question of the gateway's.
  static std::string Next(const Got& asked, std::string_view action = "accept", std::string_view more = "") {
    return R"(,"requestState":)" + json::Write(*asked.json().AtPointer("/result/requestState")) + R"(,"inputResponses":{"approval":{"action":")" +
           std::string(action) + "\"}" + std::string(more) + "}";
  }
  std::shared_ptr<Event<Got>> BeginPay(const std::string& more) {
    return caller->Begin("POST", "/v1/mcp", Caller::McpHeaders("good", Fields()), Body(more, kUrls, "1"));
  }
  void UntilHeld() {
    while (gate->waits() != 1) std::this_thread::yield();
  }
  std::size_t paid() const { return upstream.seen("tools/call").size(); }
};

}  // namespace

TEST_CASE("a client that takes URLs gets the approver's page, and its next round waits there and goes once") {
  WithUrl g;
  g.Start();
  const Got asked = g.Pay();
  CHECK(asked.status == 200);
  CHECK(asked.header("X-IntentGate-Approval-Id") == "apr-1");
  CHECK(asked.json().AtPointer("/result/resultType")->string_value() == "input_required");
  CHECK(asked.json().AtPointer("/result/inputRequests/approval/method")->string_value() == "elicitation/create");
  CHECK(asked.json().AtPointer("/result/inputRequests/approval/params/mode")->string_value() == "url");
  CHECK(asked.json().AtPointer("/result/inputRequests/approval/params/url")->string_value() == "https://approve.example.com/a/apr-1?by=mcp");
  const auto next = g.BeginPay(WithUrl::Next(asked));
  g.UntilHeld();
  CHECK(g.paid() == 0);
  g.Answer(ApprovalState::kApproved);
  CHECK(next->Wait().json().AtPointer("/result/resultType")->string_value() == "complete");
  REQUIRE(g.paid() == 1);
  // What was said to the gateway does not reach the upstream.
  CHECK(g.upstream.seen("tools/call")[0].body.find("inputResponses") == std::string::npos);
  CHECK(g.upstream.seen("tools/call")[0].body.find("requestState") == std::string::npos);
  // The call is charged when it is made: it is no later round of anything.
  for (const std::string& call : g.gate->calls()) CHECK_FALSE(call.ends_with("|continues"));
  CHECK(g.Pay(WithUrl::Next(asked)).code() == -31012);
  CHECK(g.paid() == 1);
}

TEST_CASE("a rejection is the refusal, and a state is good for its own call and caller alone") {
  WithUrl g;
  g.Start();
  const Got asked = g.Pay();
  const Got other_amount = g.Pay(WithUrl::Next(asked), kUrls, "good", "2");
  CHECK(other_amount.status == 400);
  CHECK(other_amount.code() == -32602);
  CHECK(g.Pay(WithUrl::Next(asked), kUrls, "good2").code() == -32602);
  const auto next = g.BeginPay(WithUrl::Next(asked));
  g.UntilHeld();
  g.Answer(ApprovalState::kRejected);
  const Got refused = next->Wait();
  CHECK(refused.code() == -31012);
  CHECK(refused.body.find("secret") == std::string::npos);
  CHECK(g.paid() == 0);
}

TEST_CASE("who declines the page, names the approval, or takes no URLs is refused in the usual way") {
  WithUrl g;
  g.Start();
  const Got asked = g.Pay();
  for (const std::string action : {"decline", "cancel"}) {
    const Got declined = g.Pay(WithUrl::Next(asked, action));
    CHECK(declined.code() == -31012);
    CHECK(declined.header("X-IntentGate-Approval-Id") == "apr-1");
  }
  CHECK(g.Pay("", R"({"elicitation":{"form":{}}})").code() == -31012);
  CHECK(g.Pay("", "{}").code() == -31012);
  http::HeaderList named = WithUrl::Fields();
  named.Add("X-IntentGate-Approval-Id", "apr-1");
  CHECK(g.caller->Mcp("good", WithUrl::Body("", kUrls, "1"), named).code() == -31012);
  CHECK(g.gate->waits() == 0);
  CHECK(g.paid() == 0);
}

TEST_CASE("a page that nobody answers on is asked for again, and without a setting there is none") {
  {
    WithUrl g;
    g.settings.approval_wait_seconds = 0;
    g.Start();
    const Got again = g.Pay(WithUrl::Next(g.Pay()));
    CHECK(again.json().AtPointer("/result/inputRequests/approval/params/mode")->string_value() == "url");
  }
  WithUrl g;
  g.settings.approval_url.clear();
  g.Start();
  CHECK(g.Pay().code() == -31012);
}

TEST_CASE("a tool that asks for input after the approval: its rounds name the approval, and are not charged") {
  WithUrl g;
  g.upstream.set_mode("input");
  g.Start();
  const Got asked = g.Pay();
  g.Answer(ApprovalState::kApproved);
  const Got input = g.Pay(WithUrl::Next(asked));
  CHECK(input.json().AtPointer("/result/inputRequests/a/method")->string_value() == "roots/list");
  CHECK(input.body.find("of the upstream") == std::string::npos);
  // The gate of the tests knows no rounds: it would take the second one for a new use.
  g.Answer(ApprovalState::kApproved);
  const std::string round = R"(,"requestState":)" + json::Write(*input.json().AtPointer("/result/requestState")) + R"(,"inputResponses":{"a":{"roots":[]}})";
  const Got done = g.Pay(round);
  CHECK(done.json().AtPointer("/result/state")->string_value() == "of the upstream");
  REQUIRE(g.paid() == 2);
  CHECK(g.upstream.seen("tools/call")[1].body.find(R"("inputResponses":{"a":{"roots":[]}})") != std::string::npos);
  CHECK(g.gate->calls().back().ends_with("|continues"));
  // The same state a second time is charged.
  g.Answer(ApprovalState::kApproved);
  CHECK(g.Pay(round).code() == 0);
  CHECK_FALSE(g.gate->calls().back().ends_with("|continues"));
}

}  // namespace intentgate::test
