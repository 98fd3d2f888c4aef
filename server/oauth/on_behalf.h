// On whose behalf the gateway sends a request to an upstream, where that decides which access token goes along.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/secret_bytes.h"

namespace intentgate::oauth {

// Immutable, thread-safe.
struct OnBehalf {
  enum class Kind : std::uint8_t {
    kGateway,      // a question of the gateway's own
    kAccessToken,  // a caller with an access token of an authorization server
    kCapability,   // a caller with a capability token
  };

  Kind kind = Kind::kGateway;
  crypto::SecretBytes token;   // kAccessToken: what the caller showed
  std::string tenant, agent;   // kCapability: whom the gateway vouches for
  std::string key;             // the caller and what stands for it, as a digest; empty: the gateway
};

// Null is nobody: whoever forgets to say whom a request is for gets no token.
using OnBehalfPtr = std::shared_ptr<const OnBehalf>;

OnBehalfPtr OnBehalfOfGateway();
// `principal`: whose tokens, sessions and tasks are one caller's.
OnBehalfPtr OnBehalfOfToken(std::string_view principal, std::string_view token);
OnBehalfPtr OnBehalfOfAgent(std::string_view principal, std::string tenant, std::string agent);

}  // namespace intentgate::oauth
