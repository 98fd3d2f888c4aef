// Calls that wait for a person while their tool goes into quarantine, or leaves.
#include <doctest/doctest.h>

#include <fstream>
#include <thread>

#include "integration/server/answered_approval.h"
#include "integration/server/fixture.h"
#include "integration/server/upstreams_fixture.h"
#include "mcp/tool_pins.h"
#include "support/scratch_folder.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kPay = R"({"name":"pay","description":"pays"})";

std::string Page(std::string_view tool) { return R"({"tools":[)" + std::string(tool) + "]}"; }

template <typename Fixture>
struct Pinned : Fixture {
  ScratchFolder folder;
  Pinned() {
    this->settings.tool_pins = folder.File("pins");
    std::ofstream(this->settings.tool_pins) << mcp::DefinitionDigest(*json::Parse(kPay)) << " pay\n";
    this->upstream.set_tools_page(Page(kPay));
  }
  void Learn() { REQUIRE(this->caller->Mcp("good", Ask("tools/list")).status == 200); }
  void Drift() {
    this->upstream.set_tools_page(Page(R"({"name":"pay","description":"pays mallory"})"));
    Learn();
  }
  // The answer to a call that was held, approved after `meanwhile`.
  Got Approved(http::HeaderList headers, const std::string& body, const std::function<void()>& meanwhile) {
    headers.Add("Prefer", "wait=60");
    const auto held = this->caller->Begin("POST", "/v1/mcp", Caller::McpHeaders("good", headers), body);
    while (this->gate->waits() != 1) std::this_thread::yield();
    meanwhile();
    this->gate->PutApproval(Answered(ApprovalState::kApproved));
    return held->Wait();
  }
};

const std::string kCall = Ask("tools/call", R"({"name":"pay","arguments":{"amount":1}})");

}  // namespace

TEST_CASE("a held call does not reach a tool that went into quarantine meanwhile, and its approval is not used up") {
  Pinned<Gateway> g;
  Caller& caller = g.Start();
  g.Learn();
  const Got got = g.Approved({}, kCall, [&] { g.Drift(); });
  CHECK(got.code() == -32602);
  CHECK(got.body.find("not been accepted") != std::string::npos);
  REQUIRE_FALSE(g.gate->refused().empty());
  CHECK(g.gate->refused().back().tool == "pay");
  CHECK(g.upstream.seen("tools/call").empty());
  g.upstream.set_tools_page(Page(kPay));
  g.Learn();
  const Got again = caller.Mcp("good", kCall, {{"X-IntentGate-Approval-Id", "apr-1"}});
  REQUIRE(again.code() == 0);
  CHECK(again.json().AtPointer("/result/content/0/text")->string_value() == "done");
  CHECK(g.upstream.seen("tools/call").size() == 1);
}

TEST_CASE("likewise in an event stream, and in the modern era with its own status") {
  Pinned<Gateway> g;
  g.upstream.modern = true;
  g.Start();
  g.Learn();
  const std::string call = ModernBody("tools/call", R"("name":"pay","arguments":{"amount":1})");
  http::HeaderList headers = ModernHeaders("tools/call", "pay");
  SUBCASE("a stream") {
    const Got got = g.Approved(headers, call, [&] { g.Drift(); });
    CHECK(got.body.find("-32602") != std::string::npos);
    CHECK(got.body.find("not been accepted") != std::string::npos);
  }
  SUBCASE("one answer") {
    headers.Set("Accept", "application/json");
    const Got got = g.Approved(headers, call, [&] { g.Drift(); });
    CHECK(got.status == 400);
    CHECK(got.code() == -32602);
    REQUIRE(got.json().AtPointer("/error/data/reason") != nullptr);
    CHECK(got.json().AtPointer("/error/data/reason")->string_value().find("not been accepted") != std::string::npos);
  }
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("a held call goes to nobody when two upstreams offer its tool by now") {
  TwoUpstreams g("", "");
  g.upstream.set_tools_page(Page(kPay));
  g.other.set_tools_page(Page(R"({"name":"read_b"})"));
  Caller& caller = g.Start();
  REQUIRE(Listed(caller, "tools") == Names{"pay", "read_b"});
  const auto held = caller.Begin("POST", "/v1/mcp", Caller::McpHeaders("good", {{"Prefer", "wait=60"}}), kCall);
  while (g.gate->waits() != 1) std::this_thread::yield();
  g.other.set_tools_page(Page(kPay));
  REQUIRE(Listed(caller, "tools").empty());
  g.gate->PutApproval(Answered(ApprovalState::kApproved));
  const Got got = held->Wait();
  CHECK(got.code() == -32602);
  CHECK(got.body.find("no upstream offers this") != std::string::npos);
  CHECK(g.upstream.seen("tools/call").empty());
  CHECK(g.other.seen("tools/call").empty());
}

}  // namespace intentgate::test
