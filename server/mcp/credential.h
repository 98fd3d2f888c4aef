// What a caller presents: a token, and perhaps a proof of the key that it is bound to.
#pragma once

#include <string_view>

#include <intentgate/gate.h>

#include "http/bearer.h"
#include "http/exchange.h"

namespace intentgate::mcp {

// Borrows from the exchange.
struct Credential {
  std::string_view token;
  std::string_view holder;  // thumbprint of the proven key; empty: none
};

inline Credential CredentialOf(const http::Exchange& exchange) {
  return {http::AccessToken(exchange.request().headers), exchange.proven_key()};
}

inline Decision CheckCaller(Gate& gate, const http::Exchange& exchange) {
  const Credential credential = CredentialOf(exchange);
  return gate.CheckToken(credential.token, credential.holder);
}

}  // namespace intentgate::mcp
