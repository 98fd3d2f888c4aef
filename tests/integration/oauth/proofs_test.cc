// Tokens that are bound to a key, at the gateway's door (RFC 9449).
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

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

TEST_CASE("callers without a good token do not fill the memory of proofs") {
  BoundGateway w;
  w.settings.oauth.dpop.max_proofs = 2;
  const Signer stranger("ES256");
  Caller& caller = w.Start();
  const std::string bound = w.BoundTo(w.holder), unbound = w.Token();
  const auto proof_of_stranger = [&](const std::string& token) {
    return MakeProof(stranger, {.method = "POST", .url = kPublicUrl, .token = token, .id = "s" + std::to_string(++w.proofs), .nonce = {}, .at = w.Now()});
  };
  json::Value expired = w.Claims();
  expired.Set("exp", w.Now() - 61);
  expired.Set("cnf", json::MakeObject({{"jkt", w.holder.Thumbprint()}}));
  const std::string old = w.signer.AccessToken(expired);
  for (int i = 0; i < 2; ++i) {
    for (const std::string& body : {CallOf("read_file"), std::string(kList), std::string("{}")}) {
      CHECK(Send(caller, {"nonsense", proof_of_stranger("nonsense")}, body).status == 401);
      CHECK(Send(caller, {bound, proof_of_stranger(bound)}, body).status == 401);
      CHECK(Send(caller, {unbound, w.Proof(unbound)}, body).status == 401);
      CHECK(Send(caller, {old, w.Proof(old)}, body).status == 401);
    }
  }
  CHECK(Send(caller, {bound, w.Proof(bound)}, CallOf("read_file")).status == 200);
  const std::string last = w.Proof(bound);
  CHECK(Send(caller, {bound, last}, CallOf("read_file")).status == 200);
  // Full, it takes no new one, and still knows what it has.
  const Got full = Send(caller, {bound, w.Proof(bound)}, CallOf("read_file"));
  CHECK(full.status == 503);
  CHECK(full.header("Retry-After") == "10");
  CHECK(full.body.find("too many proofs of possession are in use") != std::string::npos);
  CHECK(Send(caller, {bound, last}, CallOf("read_file")).status == 401);
  CHECK(w.upstream.seen("tools/call").size() == 2);
}

TEST_CASE("of one proof that is sent many times at once to one gateway, one serves it, in either era") {
  BoundGateway w;
  Caller& caller = w.Start();
  const std::string token = w.BoundTo(w.holder);
  const std::string modern =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"/a"},)"
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
  constexpr std::size_t kProofs = 12, kTimes = 4;
  std::vector<std::vector<std::shared_ptr<Event<Got>>>> sent(kProofs);
  for (std::size_t i = 0; i < kProofs; ++i) {
    http::HeaderList headers{{"Content-Type", "application/json"}, {"Authorization", "DPoP " + token}, {"DPoP", w.Proof(token)}};
    if (i % 2 == 1) {
      headers.Add("MCP-Protocol-Version", "2026-07-28");
      headers.Add("Mcp-Method", "tools/call");
      headers.Add("Mcp-Name", "read_file");
    }
    for (std::size_t j = 0; j < kTimes; ++j) sent[i].push_back(caller.Begin("POST", "/v1/mcp", headers, i % 2 == 1 ? modern : CallOf("read_file")));
  }
  for (const auto& same : sent) {
    std::size_t served = 0, refused = 0;
    for (const auto& one : same) {
      const int status = one->Wait().status;
      served += status == 200 ? 1 : 0;
      refused += status == 401 ? 1 : 0;
    }
    CHECK(served == 1);
    CHECK(refused == kTimes - 1);
  }
  CHECK(w.upstream.seen("tools/call").size() == kProofs);
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
  w.upstream.protocol = "2025-03-26";   // which has batches
  Caller& caller = w.Start();
  const std::string token = w.BoundTo(w.holder);
  const Got opened = Send(caller, {token, w.Proof(token)}, R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})");
  const std::string session = opened.header("Mcp-Session-Id");
  REQUIRE_FALSE(session.empty());
  CHECK(Send(caller, {token, w.Proof(token)}, CallOf("read_file"), session).status == 200);
  CHECK(Send(caller, {token, {}, "Bearer"}, CallOf("read_file"), session).status == 401);
  // Each message of a batch is judged with the proof of the request.
  const Got batch = caller.Do("POST", "/v1/mcp",
                              {{"Content-Type", "application/json"}, {"Authorization", "DPoP " + token}, {"DPoP", w.Proof(token)}, {"Mcp-Session-Id", session}},
                              "[" + CallOf("read_file", "1") + "," + CallOf("read_file", "2") + "]");
  CHECK(batch.status == 200);
  CHECK(batch.body.find("error") == std::string::npos);
}

}  // namespace intentgate::test
