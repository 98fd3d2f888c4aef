// Tokens of other issuers, and tokens that are bound to a key, as the gate judges them.
#include "unit/gate/world.h"

#include <intentgate/foreign_tokens.h>

namespace intentgate::gate {
namespace {

const std::string kKey(43, 'A');
const std::string kOtherKey = "B" + std::string(42, 'A');

// "f:<caller>:<token>" is good until the test says otherwise.
class Foreign final : public ForeignTokens {
 public:
  bool Reads(std::string_view text) const override { return text.starts_with("f:"); }
  std::variant<ForeignToken, TokenRefusal> Verify(std::string_view text) const override {
    ++asked;
    if (withdrawn) {
      TokenRefusal refusal;
      refusal.reason = Reason::kTokenUnknownKey;
      refusal.message = "withdrawn";
      return refusal;
    }
    const std::size_t colon = text.rfind(':');
    ForeignToken out;
    TokenContent& c = out.content;
    c.format = TokenFormat::kForeign;
    c.issuer = "https://as.example.com";
    c.client = "app";
    c.tenant = "default";
    c.subject = text.substr(2, colon - 2);
    c.root_jti = "caller-" + c.subject;
    c.jti = text.substr(colon + 1);
    c.expires_at = kNow + 600;
    c.caveats = {Caveat::RateLimit(3), Caveat::ToolAllow({"read_*"}), Caveat::MaxCalls(2)};
    c.hops = {{c.root_jti, "", 0, 1}, {c.jti, "", 1, 2}};
    out.known_until = kNow + 60;
    return out;
  }

  mutable std::atomic<int> asked{0};
  std::atomic<bool> withdrawn{false};
};

std::string AskAs(Gate& gate, const std::string& token, const std::string& holder, const std::string& tool = "read_file") {
  const json::Value none = json::Value(json::Object{});
  return Said(gate.Authorize({.token = token, .tool = tool, .arguments = &none, .holder = holder}));
}

}  // namespace

TEST_CASE("a foreign token is judged like one of the gate's own, and its event says who vouches") {
  World w;
  Gate& gate = w.Open();
  CHECK(Said(w.Ask("f:alice:t1")) == "block capability capability.token_malformed");
  const auto foreign = std::make_shared<Foreign>();
  gate.AcceptForeignTokens(foreign);
  const Decision d = w.Ask("f:alice:t1");
  CHECK(Said(d) == "allow  allowed");
  CHECK(d.agent_id == "alice");
  CHECK(d.jti == "t1");
  CHECK(d.root_jti == "caller-alice");
  const json::Value event = w.LastEvent();
  CHECK(event.Find("capability_token_id")->string_value() == "t1");
  CHECK(event.Find("agent_id")->string_value() == "alice");
  CHECK(event.AtPointer("/details/issuer")->string_value() == "https://as.example.com");
  CHECK(event.AtPointer("/details/client")->string_value() == "app");
  CHECK(Said(w.Ask("f:alice:t1", "delete_all")) == "block capability capability.tool_not_allowed");
  CHECK(foreign->asked == 1);
}

TEST_CASE("calls are counted for each foreign token, rates for the caller behind all of them") {
  World w;
  w.Open().AcceptForeignTokens(std::make_shared<Foreign>());
  CHECK(w.Ask("f:alice:t1").allowed());
  CHECK(w.Ask("f:alice:t1").allowed());
  CHECK(Said(w.Ask("f:alice:t1")) == "block budget budget.exhausted");
  CHECK(w.Ask("f:alice:t2").allowed());
  CHECK(Said(w.Ask("f:alice:t3")) == "block budget budget.rate");
  CHECK(w.Ask("f:bob:t4").allowed());
}

TEST_CASE("a foreign token is revoked by its own id, or all of a caller's by the caller's") {
  World w;
  Gate& gate = w.Open();
  gate.AcceptForeignTokens(std::make_shared<Foreign>());
  REQUIRE(w.Ask("f:alice:t1").allowed());
  REQUIRE(gate.Revoke({.tenant = "default", .id = "t1"}, {}).ok());
  CHECK(Said(w.Ask("f:alice:t1")) == "block capability capability.token_revoked");
  CHECK(w.Ask("f:alice:t2").allowed());
  REQUIRE(gate.Revoke({.tenant = "default", .id = "caller-alice"}, {}).ok());
  CHECK(Said(w.Ask("f:alice:t2")) == "block capability capability.token_revoked");
}

TEST_CASE("a foreign token is verified again after a while, and ends with its time") {
  World w;
  Gate& gate = w.Open();
  const auto foreign = std::make_shared<Foreign>();
  gate.AcceptForeignTokens(foreign);
  CHECK(gate.CheckToken("f:alice:t1").allowed());
  foreign->withdrawn = true;
  CHECK(gate.CheckToken("f:alice:t1").allowed());
  w.Seconds(60);
  CHECK(Said(gate.CheckToken("f:alice:t1")) == "block capability capability.token_unknown_key");
  foreign->withdrawn = false;
  w.Seconds(539);
  CHECK(gate.CheckToken("f:alice:t1").allowed());
  w.Seconds(1);
  CHECK(Said(gate.CheckToken("f:alice:t1")) == "block capability capability.token_expired");
}

TEST_CASE("a token that is bound to a key serves only whoever has proved to hold it") {
  World w;
  Gate& gate = w.Open();
  const std::string bound = w.Token({Caveat::Holder(kKey)}), plain = w.Token();
  CHECK(AskAs(gate, bound, kKey) == "allow  allowed");
  CHECK(AskAs(gate, bound, "") == "block capability capability.proof_required");
  CHECK(w.LastEvent().Find("code")->string_value() == "capability.proof_required");
  CHECK(AskAs(gate, bound, kOtherKey) == "block capability capability.proof_refused");
  CHECK(AskAs(gate, plain, kKey) == "block capability capability.proof_refused");
  CHECK(Said(gate.CheckToken(bound)) == "block capability capability.proof_required");
  CHECK(gate.CheckToken(bound, kKey).allowed());
  const std::vector<std::string> tools = {"read_file"};
  CHECK(gate.VisibleTools(bound, "", tools) == std::vector<bool>{false});
  CHECK(gate.VisibleTools(bound, "", tools, kKey) == std::vector<bool>{true});
}

TEST_CASE("a holder can bind a token on, and nobody can bind it to two keys") {
  World w;
  Gate& gate = w.Open();
  const std::string child = w.Child(w.Token(), {Caveat::Holder(kKey)});
  CHECK(AskAs(gate, child, kKey) == "allow  allowed");
  CHECK(AskAs(gate, child, "") == "block capability capability.proof_required");
  const std::string grandchild = w.Child(child, {Caveat::Holder(kOtherKey)});
  CHECK(AskAs(gate, grandchild, kKey) == "block capability capability.proof_refused");
  CHECK(AskAs(gate, grandchild, kOtherKey) == "block capability capability.proof_refused");
}

TEST_CASE("a token that was refused at the door leaves an event with the reason") {
  World w;
  Gate& gate = w.Open();
  const std::string bound = w.Token({Caveat::Holder(kKey)});
  const Decision no = gate.CheckToken(bound);
  gate.RecordRefusedToken({.token = bound, .tool = {}, .method = {}}, no);
  REQUIRE(gate.Flush().ok());
  const json::Value event = w.LastEvent();
  CHECK(event.Find("decision")->string_value() == "block");
  CHECK(event.Find("code")->string_value() == "capability.proof_required");
  CHECK(event.Find("agent_id")->string_value() == "bot");
}

}  // namespace intentgate::gate
