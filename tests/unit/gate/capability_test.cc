#include "unit/gate/world.h"

namespace intentgate::gate {

constexpr const char* kAllowed = "allow  allowed";

TEST_CASE("a good token that covers the call is allowed") {
  World w;
  w.Open();
  const Decision d = w.Ask(w.Token({Caveat::ToolAllow({"read_*"})}));
  CHECK(Said(d) == kAllowed);
  CHECK(d.agent_id == "bot");
  CHECK(d.tenant == "default");
  CHECK_FALSE(d.event_id.empty());
  REQUIRE(d.receipt.has_value());
  CHECK(d.receipt->event_id == d.event_id);
}

TEST_CASE("without a token nothing is allowed unless the settings say so, and then the other checks still run") {
  World w;
  w.Open();
  CHECK(Said(w.Ask("")) == "block capability capability.no_token");
  w.settings.require_capability = false;
  w.settings.agent_budget.window_calls = 1;
  w.Open();
  CHECK(Said(w.Ask("", "blocked_tool")) == "block policy policy.blocked");
  CHECK(Said(w.Ask("")) == kAllowed);
  CHECK(Said(w.Ask("")) == "block budget budget.rate");
  CHECK(Said(w.Ask("rubbish")) == "block capability capability.token_malformed");
}

TEST_CASE("a token that is not ours or was changed is refused") {
  World w;
  w.Open();
  std::string token = w.Token();
  World stranger;
  stranger.settings.keys = KeyRing::FromMasterKey("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").value();
  CHECK(Said(w.Ask(stranger.Token())) == "block capability capability.token_bad_mac");
  token.back() = token.back() == 'A' ? 'E' : 'A';
  CHECK_FALSE(w.Ask(token).allowed());
}

TEST_CASE("time is asked on every call, also of a token that is known") {
  World w;
  w.Open();
  MintRequest later;
  later.not_before = kNow + 100;
  later.ttl_seconds = 200;
  const std::string token = w.Token({}, later);
  CHECK(Said(w.Ask(token)) == "block capability capability.token_not_yet_valid");
  w.Seconds(100);
  CHECK(Said(w.Ask(token)) == kAllowed);
  w.Seconds(100);
  CHECK(Said(w.Ask(token)) == "block capability capability.token_expired");
}

TEST_CASE("a revoked token is refused from the moment Revoke returns, however well it is known") {
  World w;
  Gate& gate = w.Open();
  const std::string root = w.Token();
  const std::string child = w.Child(root, {Caveat::ToolAllow({"read_file"})});
  const std::string grandchild = w.Child(child, {Caveat::ToolAllow({"read_file"})});
  const Decision known = w.Ask(child);
  CHECK(Said(known) == kAllowed);
  CHECK(Said(w.Ask(grandchild)) == kAllowed);
  REQUIRE(gate.Revoke({.tenant = "default", .id = known.jti, .reason = "lost"}, {.actor = "superadmin"}).ok());
  CHECK(Said(w.Ask(child)) == "block capability capability.token_revoked");
  CHECK(Said(w.Ask(grandchild)) == "block capability capability.token_revoked");
  CHECK(Said(w.Ask(root)) == kAllowed);
  REQUIRE(gate.Revoke({.tenant = "", .id = known.root_jti}, {}).ok());
  CHECK(Said(w.Ask(root)) == "block capability capability.token_revoked");
}

TEST_CASE("a revocation of one tenant does not touch another's tokens") {
  World w;
  Gate& gate = w.Open();
  MintRequest acme;
  acme.tenant = "acme";
  const std::string token = w.Token({}, acme);
  const Decision d = w.Ask(token);
  REQUIRE(gate.Revoke({.tenant = "globex", .id = d.root_jti}, {}).ok());
  CHECK(Said(w.Ask(token)) == kAllowed);
  REQUIRE(gate.Revoke({.tenant = "acme", .id = d.root_jti}, {}).ok());
  CHECK(Said(w.Ask(token)) == "block capability capability.token_revoked");
}

TEST_CASE("revocations survive a restart, and one that another process made arrives") {
  World w;
  w.Open();
  const std::string token = w.Token();
  const std::string other = w.Token();
  const Decision d = w.Ask(token);
  REQUIRE(w.gate->Revoke({.tenant = "default", .id = d.jti}, {}).ok());
  w.Open();
  CHECK(Said(w.Ask(token)) == "block capability capability.token_revoked");
  REQUIRE(w.store->Add({"", w.Ask(other).jti, "", "someone", 1}).ok());
  w.Seconds(10);
  CHECK(Said(w.Ask(other)) == "block capability capability.token_revoked");
}

TEST_CASE("when revocations cannot be read for too long every token is refused") {
  World w;
  w.settings.revocation_refresh_ms = 1;
  w.Open();
  const std::string token = w.Token();
  w.store->revocations_fail = true;
  CHECK(Said(w.Ask(token)) == kAllowed);
  w.Seconds(6);
  // The first question may still read the store itself, and fails at it.
  CHECK(Said(w.Ask(token)) == "block capability capability.revocation_unavailable");
  CHECK(Said(w.Ask(token)) == "block capability capability.revocation_unavailable");
  CHECK_FALSE(w.gate->Health().ready);
  CHECK(w.gate->VisibleTools(token, "", std::vector<std::string>{"read_file"}) == std::vector<bool>{false});
  CHECK_FALSE(w.gate->Revoke({.id = "x"}, {}).ok());
}

TEST_CASE("a known token is refused once its key's date has passed") {
  World w;
  const std::string old_key(32, 'o');
  w.settings.keys = KeyRing::Builder().Active("old", old_key).Build().value();
  const std::string v5 = w.Token();
  MintRequest v4;
  v4.format = TokenFormat::kV4;
  v4.ttl_seconds = 3600;
  const std::string legacy = w.Token({}, v4);
  w.settings.keys = KeyRing::Builder().Active("new", std::string(32, 'n')).Retired("old", old_key, kNow + 60).Build().value();
  w.Open();
  CHECK(Said(w.Ask(v5)) == kAllowed);
  CHECK(Said(w.Ask(legacy)) == kAllowed);
  w.Seconds(60);
  CHECK(Said(w.Ask(v5)) == "block capability capability.token_key_retired");
  CHECK(Said(w.Ask(legacy)) == "block capability capability.token_key_retired");
}

TEST_CASE("a refused caveat is named to the caller and in the chain") {
  World w;
  w.Open();
  const std::string token = w.Token({Caveat::ToolAllow({"read_file"}), Caveat::Argument("/path", Constraint::Subpath("/data"))});
  Decision d = w.Ask(token, "write_file");
  CHECK(Said(d) == "block capability capability.tool_not_allowed");
  CHECK(d.reason.find("tool_allow") != std::string::npos);
  CHECK(Text(w.LastEvent(), "refused_caveat") == "0");
  CHECK(Said(w.Ask(token, "read_file", R"({"path":"/data/../etc"})")) == "block capability capability.argument_refused");
  CHECK(Text(w.LastEvent(), "refused_caveat") == "1");
  CHECK(Said(w.Ask(token, "read_file", "{}")) == "block capability capability.argument_missing");
  CHECK(Said(w.Ask(token, "read_file", R"({"path":"/data/x"})")) == kAllowed);
}

TEST_CASE("the audience and the formats of the settings hold") {
  World w;
  w.settings.audience = "here";
  w.settings.accept_v4 = false;
  w.Open();
  MintRequest request;
  request.audience = "there";
  CHECK(Said(w.Ask(w.Token({}, request))) == "block capability capability.token_wrong_audience");
  request.audience = "here";
  CHECK(Said(w.Ask(w.Token({}, request))) == kAllowed);
  request = {.format = TokenFormat::kV4};
  CHECK(Said(w.Ask(w.Token({}, request))) == "block capability capability.token_version");
}

TEST_CASE("only tools that the token could call are visible, and none to a token that is not good") {
  World w;
  Gate& gate = w.Open();
  const std::vector<std::string> tools = {"read_file", "write_file", "delete_all"};
  const std::string token = w.Token({Caveat::ToolAllow({"read_file", "write_file"}), Caveat::Argument("/path", Constraint::Subpath("/d"))});
  CHECK(gate.VisibleTools(token, "", tools) == std::vector<bool>{true, true, false});
  CHECK(gate.VisibleTools("", "", tools) == std::vector<bool>{false, false, false});
  CHECK(gate.VisibleTools("x", "", tools) == std::vector<bool>{false, false, false});
  CHECK(gate.CheckToken(token).allowed());
  CHECK(Said(gate.CheckToken("")) == "block capability capability.no_token");
  REQUIRE(gate.Revoke({.tenant = "default", .id = gate.CheckToken(token).jti}, {}).ok());
  CHECK(gate.VisibleTools(token, "", tools) == std::vector<bool>{false, false, false});
  const std::string short_lived = w.Token({}, {.ttl_seconds = 5});
  w.Seconds(5);
  CHECK(Said(gate.CheckToken(short_lived)) == "block capability capability.token_expired");
  CHECK(gate.VisibleTools(short_lived, "", tools) == std::vector<bool>{false, false, false});
}

TEST_CASE("a call that is no call is refused before the first question, and recorded") {
  World w;
  w.Open();
  const std::string token = w.Token();
  for (const std::string& tool : {std::string(), std::string("a\0b", 3), std::string("a\nb"), std::string("\xff"), std::string(600, 'a')}) {
    CHECK(Said(w.Ask(token, tool)) == "block  gate.invalid_request");
  }
  CHECK(Said(w.Ask(token, "read_file", "[1]")) == "block  gate.invalid_request");
  CHECK(w.Events().size() >= 6);
}

TEST_CASE("a refusal names what decided, an allow names nothing") {
  World w;
  w.extractor->answer = [](const IntentQuery&) -> Result<Intent> { return Intent{.forbidden_tools = {"pay"}}; };
  w.Open();
  const std::string root = w.Token({Caveat::ToolDeny({"drop"}), Caveat::MaxCalls(1)});
  const auto random = SystemRandom();
  const std::string child = Attenuate(root, {Caveat::ToolDeny({"read_secret"})}, {}, ManualClock(kNow * 1'000'000), *random).value();
  CHECK(w.Ask(child, "drop").rule == "caveat 0 (tool_deny) of hop 0");
  CHECK(w.Ask(child, "read_secret").rule == "caveat 2 (tool_deny) of hop 1");
  CHECK(w.Ask("rubbish").rule == "token");
  CHECK(w.Ask("").rule == "token");
  CHECK(w.Ask(child, "pay", "{}", "pay it").rule == "intent");
  CHECK(w.Ask(child, "blocked_tool").rule == "policy data.intentgate.policy.decision");
  const Decision allowed = w.Ask(child);
  CHECK(allowed.allowed());
  CHECK(allowed.rule.empty());
  CHECK(w.Ask(child).rule == "budget token:" + allowed.root_jti + "/" + allowed.root_jti + "/1:calls");
}

TEST_CASE("a method is reached by its name, and a token that speaks of tools only reaches none") {
  World w;
  w.Open();
  const json::Value about = json::MakeObject({{"uri", "file:///data/a"}});
  const auto ask = [&](const std::string& token, std::string_view method) {
    return w.gate->Authorize({.token = token, .tool = method, .arguments = &about, .method = method}).code;
  };
  const std::string all = w.Token({Caveat::ToolAllow({"*"})});
  const std::string denying = w.Token({Caveat::ToolDeny({"drop"})});
  const std::string naming = w.Token({Caveat::ToolDeny({"drop"}), Caveat::ToolAllow({"read_file", "resources/read"})});
  CHECK(ask(all, "resources/read") == Reason::kToolNotAllowed);
  CHECK(ask(denying, "resources/read") == Reason::kToolNotAllowed);
  CHECK(ask(naming, "prompts/get") == Reason::kToolNotAllowed);
  CHECK(ask(naming, "resources/read") != Reason::kToolNotAllowed);
  CHECK(w.gate->Authorize({.token = denying, .tool = "read_file", .arguments = &about}).allowed());
}

TEST_CASE("a later round of a call is judged and not charged") {
  World w;
  w.Open();
  const std::string token = w.Token({Caveat::MaxCalls(1)});
  Call call{.token = token, .tool = "read_file"};
  CHECK(w.gate->Authorize(call).allowed());
  CHECK_FALSE(w.gate->Authorize(call).allowed());
  call.continues = true;
  CHECK(w.gate->Authorize(call).allowed());
  const std::string refused = w.Token({Caveat::ToolDeny({"read_file"})});
  call.token = refused;
  CHECK(w.gate->Authorize(call).code == Reason::kToolDenied);
}

}  // namespace intentgate::gate
