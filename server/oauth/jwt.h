// JSON Web Tokens in compact form (RFC 7515, 7519), read strictly.
//
// Reading checks no signature. What two readers could take for two tokens is refused: repeated members, other base64 than base64url
// without padding, unknown critical extensions. Everything here is pure and thread-safe, but signing draws OpenSSL's randomness.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/result.h>

#include "crypto/jws.h"

namespace intentgate::oauth {

inline constexpr std::size_t kMaxJwtBytes = 16 * 1024;
inline constexpr std::size_t kMaxJwtDepth = 16;
inline constexpr int kMinRsaBits = 2048;
inline constexpr int kMaxRsaBits = 8192;

struct Jwt {
  json::Value header, claims;      // objects
  std::string alg, typ, kid;       // of the header; empty: not there
  std::string_view signed_part;    // borrows from the text
  std::vector<std::uint8_t> signature;
};

// Three parts between dots, of base64url: no token of the gate's own has this form.
bool LooksLikeJwt(std::string_view text);
// kLimitExceeded: over kMaxJwtBytes or kMaxJwtDepth; kMalformed.
Result<Jwt> ReadJwt(std::string_view text);

// RS, PS, ES with 256, 384, 512, and EdDSA: whoever can verify these cannot sign.
bool IsAsymmetric(std::string_view alg);
// Whether the key may be used with the algorithm: kind, size and curve, and the "alg" that the key itself names.
bool Fits(const crypto::JwsKey& key, std::string_view alg);
// REQUIRES: nothing; false for a key that does not fit, "none" and HS among the algorithms.
[[nodiscard]] bool IsSignedBy(const Jwt& jwt, const crypto::JwsKey& key);

// A token signed with a private key; `alg` goes into the header. kInvalidArgument when the key does not fit.
Result<std::string> WriteJwt(json::Value header, const json::Value& claims, std::string_view alg, const crypto::JwsKey& key);

// The RFC 7638 thumbprint of a public JWK: SHA-256, base64url. kMalformed: a member is missing.
Result<std::string> JwkThumbprint(const json::Value& jwk);

// The text of a member; empty when there is none, or none that is a text.
std::string TextOf(const json::Value& object, std::string_view member);

}  // namespace intentgate::oauth
