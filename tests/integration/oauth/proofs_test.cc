// Tokens that are bound to a key, at the gateway's door (RFC 9449).
#include <doctest/doctest.h>

#include "integration/oauth/bound_gateway.h"

namespace intentgate::test {
namespace {

using World = BoundGateway;

}  // namespace

TEST_CASE("a bound token, of an issuer or of the gate, serves with a proof of its key, each proof once") {
  World w;
  Caller& caller = w.Start();
  for (const std::string& token : {w.BoundTo(w.holder), w.BoundCapability(w.holder)}) {
    const std::string proof = w.Proof(token);
    const Got got = Send(caller, {token, proof}, CallOf("read_file"));
    INFO(got.body);
    CHECK(got.status == 200);
    CHECK(got.json().Find("result") != nullptr);
    const Got again = Send(caller, {token, proof}, CallOf("read_file"));
    CHECK(again.status == 401);
    CHECK(again.header("WWW-Authenticate").starts_with(R"(DPoP realm="intentgate", algs="ES256 ES384 ES512 EdDSA PS256 RS256", error="invalid_dpop_proof")"));
    CHECK(w.LastEvent().starts_with("block capability.proof_refused"));
    const Got list = Send(caller, {token, w.Proof(token)}, kList);
    CHECK(list.status == 200);
    CHECK(list.body.find("read_file") != std::string::npos);
  }
  CHECK(w.upstream.seen("tools/call").size() == 2);
}

TEST_CASE("a bound token without its proof is refused, whatever it is sent for") {
  World w;
  const Signer thief("ES256");
  Caller& caller = w.Start();
  for (const std::string& token : {w.BoundTo(w.holder), w.BoundCapability(w.holder)}) {
    for (const std::string& body : {CallOf("read_file"), std::string(kList)}) {
      const Got bearer = Send(caller, {token, w.Proof(token), "Bearer"}, body);
      CHECK(bearer.status == 401);
      CHECK(bearer.header("WWW-Authenticate").starts_with("DPoP "));
      CHECK(Send(caller, {token, {}}, body).status == 401);
      const std::string other = MakeProof(thief, {.method = "POST", .url = kPublicUrl, .token = token, .id = "t" + std::to_string(++w.proofs), .nonce = {}, .at = w.Now()});
      CHECK(Send(caller, {token, other}, body).status == 401);
      CHECK(w.LastEvent().starts_with("block capability.proof_refused"));
    }
  }
  CHECK(w.upstream.seen("tools/call").empty());
  CHECK(w.upstream.seen("tools/list").size() <= 1);  // the gateway's own
}

TEST_CASE("a token that is bound to no key does not become better by a proof") {
  World w;
  Caller& caller = w.Start();
  const std::string token = w.Token();
  CHECK(Send(caller, {token, w.Proof(token)}, CallOf("read_file")).status == 401);
  CHECK(Send(caller, {token, {}, "Bearer"}, CallOf("read_file")).status == 200);
}

TEST_CASE("two proofs in one request are none") {
  World w;
  Caller& caller = w.Start();
  const std::string token = w.BoundTo(w.holder);
  const Got got = caller.Do("POST", "/v1/mcp",
                            {{"Content-Type", "application/json"}, {"Authorization", "DPoP " + token}, {"DPoP", w.Proof(token)}, {"DPoP", w.Proof(token)}},
                            CallOf("read_file"));
  CHECK(got.status == 401);
}

TEST_CASE("without mcp.public_url a proof proves nothing, because nobody knows which URL it is for") {
  World w;
  w.settings.public_url.clear();
  w.settings.oauth.issuers[0].audiences = {kPublicUrl};
  Caller& caller = w.Start();
  const std::string token = w.BoundTo(w.holder);
  const Got got = Send(caller, {token, w.Proof(token)}, CallOf("read_file"));
  CHECK(got.status == 401);
  CHECK(got.body.find("mcp.public_url") != std::string::npos);
}

TEST_CASE("where a nonce is needed the client is told one, and the next one when it changes") {
  World w;
  w.settings.oauth.dpop.nonce_required = true;
  Caller& caller = w.Start();
  json::Value claims = w.Claims();
  claims.Set("exp", w.Now() + 3'000);
  claims.Set("cnf", json::MakeObject({{"jkt", w.holder.Thumbprint()}}));
  const std::string token = w.signer.AccessToken(claims);
  const Got told = Send(caller, {token, w.Proof(token)}, CallOf("read_file"));
  CHECK(told.status == 401);
  CHECK(told.header("WWW-Authenticate").find(R"(error="use_dpop_nonce")") != std::string::npos);
  const std::string nonce = told.header("DPoP-Nonce");
  REQUIRE_FALSE(nonce.empty());
  const Got first = Send(caller, {token, w.Proof(token, nonce)}, CallOf("read_file"));
  CHECK(first.status == 200);
  CHECK(first.header("DPoP-Nonce").empty());
  w.clock->AdvanceMicros(300'000'000);
  const Got later = Send(caller, {token, w.Proof(token, nonce)}, CallOf("read_file"));
  CHECK(later.status == 200);
  CHECK_FALSE(later.header("DPoP-Nonce").empty());
  CHECK(later.header("DPoP-Nonce") != nonce);
}

TEST_CASE("a session of a bound token needs a proof for each request") {
  World w;
  Caller& caller = w.Start();
  const std::string token = w.BoundTo(w.holder);
  const Got opened = Send(caller, {token, w.Proof(token)}, R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})");
  const std::string session = opened.header("Mcp-Session-Id");
  REQUIRE_FALSE(session.empty());
  CHECK(Send(caller, {token, w.Proof(token)}, CallOf("read_file"), session).status == 200);
  CHECK(Send(caller, {token, {}, "Bearer"}, CallOf("read_file"), session).status == 401);
  // Each message of a batch is judged with the proof of the request.
  const Got batch = caller.Do("POST", "/v1/mcp",
                              {{"Content-Type", "application/json"}, {"Authorization", "DPoP " + token}, {"DPoP", w.Proof(token)}, {"Mcp-Session-Id", session},
                               {"MCP-Protocol-Version", "2025-03-26"}},
                              "[" + CallOf("read_file", "1") + "," + CallOf("read_file", "2") + "]");
  CHECK(batch.status == 200);
  CHECK(batch.body.find("error") == std::string::npos);
}

}  // namespace intentgate::test
