#include "unit/gate/world.h"

namespace intentgate::gate {

TEST_CASE("minting is in the chain, without the token") {
  World w;
  w.Open();
  const Result<MintedToken> minted =
      w.gate->Mint({.subject = "bot", .tenant = "acme", .caveats = {Caveat::MaxCalls(2)}}, {.actor = "tenant:acme", .remote_ip = "192.0.2.9"});
  REQUIRE(minted.ok());
  CHECK(w.Ask(minted->token).allowed());
  const json::Value e = w.Events("acme").at(1);
  CHECK(Text(e, "kind") == "admin");
  CHECK(Text(e, "tool") == "admin/mint");
  CHECK(Text(e, "actor") == "tenant:acme");
  CHECK(Text(e, "agent_id") == "bot");
  CHECK(Text(e, "capability_token_id") == minted->jti);
  CHECK(json::Write(e).find(minted->token) == std::string::npos);
}

TEST_CASE("a token whose minting cannot be recorded is not given out") {
  World w;
  w.Open();
  w.store->audit_fails = true;
  const Result<MintedToken> minted = w.gate->Mint({.subject = "bot"}, {});
  REQUIRE_FALSE(minted.ok());
  CHECK(minted.error().code == ErrorCode::kUnavailable);
  CHECK(minted.error().message.find("not given out") != std::string::npos);
}

TEST_CASE("minting without a key, and what the format cannot carry, is an error that changes nothing") {
  World w;
  w.Open();
  CHECK(w.gate->Mint({}, {}).error().code == ErrorCode::kInvalidArgument);
  CHECK(w.Events().empty());
  w.settings.keys.reset();
  w.settings.require_capability = false;
  w.Open();
  CHECK(w.gate->Mint({.subject = "bot"}, {}).error().message.find("INTENTGATE_MASTER_KEY") != std::string::npos);
}

TEST_CASE("a revocation is listed and in the chain as the public product writes it") {
  World w;
  w.Open();
  REQUIRE(w.gate->Revoke({.tenant = "acme", .id = "tok1", .reason = "lost laptop"}, {.actor = "superadmin"}).ok());
  const json::Value e = w.LastEvent("acme");
  CHECK(Text(e, "tool") == "admin/revoke");
  CHECK(Text(e, "decision") == "block");
  CHECK(Text(e, "check") == "capability");
  CHECK(Text(e, "reason") == "token revoked: lost laptop");
  CHECK(Text(e, "capability_token_id") == "tok1");
  const auto rows = w.gate->Revocations("acme", 10, 0);
  REQUIRE(rows.ok());
  REQUIRE(rows->size() == 1);
  CHECK((*rows)[0].id == "tok1");
  CHECK((*rows)[0].reason == "lost laptop");
  CHECK((*rows)[0].revoked_by == "superadmin");
  CHECK(w.gate->Revoke({.tenant = "acme", .id = ""}, {}).error().code == ErrorCode::kInvalidArgument);
  CHECK(w.gate->Revoke({.tenant = "acme", .id = std::string(300, 'x')}, {}).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a revocation whose event cannot be recorded holds all the same and says so") {
  World w;
  w.Open();
  const std::string token = w.Token();
  const Decision d = w.Ask(token);
  w.store->audit_fails = true;
  const Status s = w.gate->Revoke({.tenant = "default", .id = d.jti}, {});
  REQUIRE_FALSE(s.ok());
  CHECK(s.error().message.find("revoked all the same") != std::string::npos);
  CHECK(w.Ask(token).code == Reason::kTokenRevoked);
}

TEST_CASE("what the gate says of itself holds no key") {
  World w;
  w.Open();
  CHECK(w.gate->Describe().find("active key default") != std::string::npos);
  CHECK(w.gate->Describe().find("MDEy") == std::string::npos);
  CHECK(w.gate->Health().ready);
}

}  // namespace intentgate::gate
