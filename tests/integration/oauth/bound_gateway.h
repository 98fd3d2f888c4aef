// A gateway and a caller whose tokens are bound to a key.
#pragma once

#include <string>

#include "integration/oauth/fixture.h"

namespace intentgate::test {


// One request with a proof.
struct Presented {
  std::string token, proof, scheme = "DPoP";
};

inline Got Send(Caller& caller, const Presented& what, const std::string& body, const std::string& session = {}) {
  http::HeaderList headers{{"Content-Type", "application/json"}, {"Authorization", what.scheme + " " + what.token}};
  if (!what.proof.empty()) headers.Add("DPoP", what.proof);
  if (!session.empty()) headers.Add("Mcp-Session-Id", session);
  return caller.Do("POST", "/v1/mcp", headers, body);
}

struct BoundGateway : OAuthGateway {
  Signer holder{"ES256"};
  int proofs = 0;

  std::string Proof(const std::string& token, const std::string& nonce = {}) {
    return MakeProof(holder, {.method = "POST", .url = kPublicUrl, .token = token, .id = "p" + std::to_string(++proofs), .nonce = nonce, .at = Now()});
  }
  std::string BoundCapability(const Signer& to) {
    const Result<MintedToken> minted = gate->Mint({.subject = "bot", .caveats = {Caveat::Holder(to.Thumbprint())}}, {});
    REQUIRE(minted.ok());
    return minted->token;
  }
};

}  // namespace intentgate::test
