#include <thread>

#include "unit/gate/world.h"

namespace intentgate::gate {
namespace {

constexpr const char* kAllowed = "allow  allowed";

MintRequest Legacy(TokenFormat format) { return {.format = format, .ttl_seconds = 3600}; }

}  // namespace

TEST_CASE("max_calls, rate_limit and max_cost are counted for every format") {
  for (const TokenFormat format : {TokenFormat::kV4, TokenFormat::kV5}) {
    World w;
    w.settings.tools = {{.pattern = "pay", .cost_argument = "/cents"}};
    w.Open();
    const std::string calls = w.Token({Caveat::MaxCalls(2)}, Legacy(format));
    CHECK(Said(w.Ask(calls)) == kAllowed);
    CHECK(Said(w.Ask(calls)) == kAllowed);
    const Decision refused = w.Ask(calls);
    CHECK(Said(refused) == "block budget budget.exhausted");
    CHECK(refused.reason.find("max_calls") != std::string::npos);
    CHECK(refused.reason.find("made 2 of 2 calls; no more are possible") != std::string::npos);

    const std::string rate = w.Token({Caveat::RateLimit(1)}, Legacy(format));
    CHECK(Said(w.Ask(rate)) == kAllowed);
    CHECK(Said(w.Ask(rate)) == "block budget budget.rate");
    w.Seconds(61);
    CHECK(Said(w.Ask(rate)) == kAllowed);

    const std::string cost = w.Token({Caveat::MaxCost(100)}, Legacy(format));
    CHECK(Said(w.Ask(cost, "pay", R"({"cents":60})")) == kAllowed);
    CHECK(Said(w.Ask(cost, "pay", R"({"cents":40.5})")) == "block budget budget.cost");
    CHECK(Said(w.Ask(cost, "pay", R"({"cents":40})")) == kAllowed);
    CHECK(Said(w.Ask(cost, "pay", R"({"cents":1})")) == "block budget budget.cost");
    CHECK(Said(w.Ask(cost, "pay", R"({})")) == "block budget budget.cost_unknown");
    CHECK(Said(w.Ask(cost, "read_file")) == kAllowed);
  }
  World w;
  w.Open();
  const std::string v3 = w.Token({Caveat::MaxCalls(1)}, Legacy(TokenFormat::kV3));
  CHECK(Said(w.Ask(v3)) == kAllowed);
  CHECK(Said(w.Ask(v3)) == "block budget budget.exhausted");
}

TEST_CASE("a child counts against its root and can have a smaller budget of its own") {
  for (const TokenFormat format : {TokenFormat::kV3, TokenFormat::kV4, TokenFormat::kV5}) {
    CAPTURE(static_cast<int>(format));
    World w;
    w.Open();
    const std::string root = w.Token({Caveat::MaxCalls(5)}, Legacy(format));
    const std::string small = w.Child(root, {Caveat::MaxCalls(1)});
    const std::string other = w.Child(root, {Caveat::MaxCalls(2)});
    CHECK(Said(w.Ask(root)) == kAllowed);
    CHECK(Said(w.Ask(root)) == kAllowed);
    CHECK(Said(w.Ask(small)) == kAllowed);
    for (int i = 0; i < 10; ++i) CHECK(Said(w.Ask(small)) == "block budget budget.exhausted");
    CHECK(Said(w.Ask(other)) == kAllowed);
    CHECK(Said(w.Ask(other)) == kAllowed);
    CHECK(Said(w.Ask(other)) == "block budget budget.exhausted");
    CHECK(Said(w.Ask(root)) == "block budget budget.exhausted");
  }
}

TEST_CASE("nothing that is appended to a token gives it a fresh budget") {
  for (const TokenFormat format : {TokenFormat::kV3, TokenFormat::kV4, TokenFormat::kV5}) {
    CAPTURE(static_cast<int>(format));
    World w;
    w.Open();
    const std::string root = w.Token({}, Legacy(format));
    const std::string capped = w.Child(root, {Caveat::MaxCalls(2)});
    CHECK(Said(w.Ask(capped)) == kAllowed);
    CHECK(Said(w.Ask(w.Child(capped, {Caveat::MaxCalls(1'000)}))) == kAllowed);
    CHECK(Said(w.Ask(w.Child(capped, {Caveat::ToolAllow({"read_file"})}))) == "block budget budget.exhausted");
    CHECK(Said(w.Ask(capped)) == "block budget budget.exhausted");
  }
}

TEST_CASE("ceilings of agents and tenants hold over all their tokens") {
  World w;
  w.settings.agent_budget.window_calls = 2;
  w.settings.agent_budgets["vip"] = {.window_calls = 3};
  w.settings.tenant_budget.lifetime_calls = 6;
  w.Open();
  CHECK(Said(w.Ask(w.Token())) == kAllowed);
  CHECK(Said(w.Ask(w.Token())) == kAllowed);
  const Decision d = w.Ask(w.Token());
  CHECK(Said(d) == "block budget budget.rate");
  CHECK(d.reason == "agent bot made 2 of 2 calls in 60 s; the next is possible in 61 s");
  MintRequest vip{.subject = "vip"};
  for (int i = 0; i < 3; ++i) CHECK(Said(w.Ask(w.Token({}, vip))) == kAllowed);
  CHECK(Said(w.Ask(w.Token({}, vip))) == "block budget budget.rate");
  CHECK(Said(w.Ask(w.Token({}, {.subject = "third"}))) == kAllowed);
  CHECK(w.Ask(w.Token({}, {.subject = "fourth"})).reason == "tenant default made 6 of 6 calls; no more are possible");
  CHECK(Said(w.Ask(w.Token({}, {.subject = "bot", .tenant = "acme"}))) == kAllowed);
}

TEST_CASE("a call that any check refuses, or that is escalated, takes nothing") {
  World w;
  w.settings.agent_budget.lifetime_calls = 1;
  w.extractor->answer = [](const IntentQuery&) -> Result<Intent> { return Intent{.forbidden_tools = {"read_file"}}; };
  w.Open();
  const std::string token = w.Token({Caveat::ToolDeny({"secret"}), Caveat::MaxCalls(1)});
  CHECK(w.Ask(token, "secret").check == Check::kCapability);
  CHECK(w.Ask(token, "read_file", "{}", "write something").check == Check::kIntent);
  CHECK(w.Ask(token, "blocked_tool").check == Check::kPolicy);
  CHECK(w.Ask(token, "human_tool").verdict == Verdict::kEscalate);
  CHECK(w.gate->Explain({.token = token, .tool = "read_file"}).allowed());
  CHECK(Said(w.Ask(token)) == kAllowed);
  CHECK_FALSE(w.gate->Explain({.token = token, .tool = "read_file"}).allowed());
}

TEST_CASE("budgets survive a restart") {
  World w;
  w.settings.agent_budget.window_calls = 3;
  w.Open();
  const std::string token = w.Token({Caveat::MaxCalls(2)});
  CHECK(Said(w.Ask(token)) == kAllowed);
  w.Open();
  CHECK(Said(w.Ask(token)) == kAllowed);
  w.Open();
  CHECK(Said(w.Ask(token)) == "block budget budget.exhausted");
  CHECK(Said(w.Ask(w.Token())) == kAllowed);
  w.Open();
  CHECK(Said(w.Ask(w.Token())) == "block budget budget.rate");
}

TEST_CASE("many threads together get exactly what the token has, and the chain tells the same") {
  World w;
  w.Open();
  const std::string root = w.Token({Caveat::MaxCalls(100)});
  std::atomic<int> allowed{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      const std::string token = t % 2 == 0 ? root : w.Child(root, {Caveat::MaxCalls(20)});
      threads.emplace_back([&, token] {
        for (int i = 0; i < 25; ++i) allowed += w.gate->Authorize({.token = token, .tool = "read_file"}).allowed();
      });
    }
  }
  CHECK(allowed == 100);
  int recorded = 0;
  for (const json::Value& event : w.Events()) recorded += Text(event, "decision") == "allow" && Text(event, "kind") == "decision";
  CHECK(recorded == 100);
}

}  // namespace intentgate::gate
