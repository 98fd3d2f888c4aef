// What the gateway knows of OAuth: whose access tokens it accepts, how proofs of possession are checked, and how it gets tokens for
// upstreams.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "crypto/secret_bytes.h"

namespace intentgate::config {

struct ScopeTools {
  std::string scope;
  std::vector<std::string> tools;  // patterns, as in tool_allow
};

// One authorization server whose JWT access tokens (RFC 9068) are capabilities here.
struct OAuthIssuer {
  std::string issuer;                        // as "iss" says it, byte for byte
  std::string jwks_uri;                      // empty: found in the issuer's metadata
  std::vector<std::string> audiences;        // empty: mcp.public_url (RFC 8707)
  std::vector<std::string> algorithms;       // empty: DefaultAlgorithms
  bool any_type = false;                     // accepts tokens whose "typ" is not at+jwt
  bool loopback_http = false;                // http to this machine, for tests and sidecars
  std::int64_t clock_skew_seconds = 60;
  std::int64_t max_lifetime_seconds = 86'400;  // a token that expires later is refused
  std::int64_t keys_keep_seconds = 3'600;    // how long the last good keys serve while the issuer does not answer

  std::string tenant = "default";
  std::string tenant_claim;                  // empty: `tenant` for all
  std::string agent_claim = "sub";
  std::string agent_prefix;                  // tells agents of two issuers apart
  std::vector<std::string> required_scopes;
  std::vector<std::pair<std::string, std::string>> required_claims;
  std::vector<std::string> tools;            // whatever the scopes are
  std::vector<ScopeTools> scope_tools;
  std::vector<std::string> servers;          // upstreams; empty: all
  std::int64_t max_calls = 0;                // of each token; 0: no ceiling
  std::int64_t max_cost_cents = 0;           // of each token
  std::int64_t calls_per_minute = 0;         // of each caller, over all its tokens
  std::string caveats_claim;                 // a list of caveats in the token; empty: none is read
};

struct DpopSettings {
  bool nonce_required = false;
  std::int64_t nonce_seconds = 300;          // a nonce serves for one to two such times
  std::int64_t proof_seconds = 60;           // how old a proof may be
  std::int64_t max_proofs = 100'000;         // remembered, so that none is used twice
  crypto::SecretBytes nonce_key;             // the same in all replicas; empty: the process's own
};

struct OAuthSettings {
  std::vector<OAuthIssuer> issuers;
  DpopSettings dpop;
  std::string ca_file;                       // for the issuers' certificates; empty: the machine's store
};

// How the gateway gets access tokens for an upstream: one of its own by client credentials (RFC 6749 section 4.4), or one for each caller
// by token exchange (RFC 8693).
struct UpstreamOAuth {
  std::string token_url;                     // empty: none is got
  std::string client_id;
  crypto::SecretBytes client_secret;         // or client_key
  crypto::SecretBytes client_key;            // a private JWK: the client signs who it is (RFC 7523)
  bool secret_in_body = false;               // client_secret_post instead of client_secret_basic
  std::string scope;
  std::string resource;                      // RFC 8707; empty: the upstream's URL, unless there is an audience
  std::string audience;                      // RFC 8693; empty: none is sent
  bool exchange = false;                     // a token for each caller
  bool own_token = true;                     // exchange: client credentials for the gateway's own questions; false: it asks none
  crypto::SecretBytes assertion_key;         // exchange: a private JWK that vouches for callers with capability tokens; empty: they are refused
};

// Public-key algorithms that OpenSSL's default provider has everywhere.
inline const std::vector<std::string>& DefaultAlgorithms() {
  static const std::vector<std::string> algorithms = {"RS256", "PS256", "ES256", "EdDSA"};
  return algorithms;
}

}  // namespace intentgate::config
