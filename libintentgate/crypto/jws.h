// Signatures of JSON Web Tokens (RFC 7515, 7518, 8037) and the keys for them, OpenSSL's.
//
// An algorithm and a key must fit: an RSA key never verifies "HS256". Everything is pure and thread-safe, but signing
// with PS and ES draws OpenSSL's randomness.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

#include "crypto/secret_bytes.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace intentgate::crypto {

enum class KeyKind : std::uint8_t { kOctets, kRsa, kEc, kEd25519, kOther };

// Immutable, cheap to copy.
struct JwsKey {
  KeyKind kind = KeyKind::kOther;
  std::string alg;  // what the JWK says; empty if nothing
  std::string kid;
  bool is_private = false;
  std::shared_ptr<evp_pkey_st> key;
  std::shared_ptr<const SecretBytes> octets;
};

// 0 for octets.
int KeyBits(const JwsKey& key);

// HS, RS, PS, ES with 256, 384, 512; EdDSA.
bool IsJwsAlgorithm(std::string_view alg);

JwsKey OctetsKey(std::span<const std::uint8_t> octets);
// The public key of a certificate in DER, or a SubjectPublicKeyInfo in DER.
Result<JwsKey> KeyOfCertificate(std::span<const std::uint8_t> der);
Result<JwsKey> KeyOfPublicInfo(std::span<const std::uint8_t> der);
// One JWK or a JWK set. kMalformed says what is wrong.
Result<std::vector<JwsKey>> ParseJwks(std::string_view text);

// False for a wrong signature, and for a key that does not fit the algorithm.
[[nodiscard]] bool JwsVerify(std::string_view alg, const JwsKey& key, std::span<const std::uint8_t> message,
                             std::span<const std::uint8_t> signature);
Result<std::vector<std::uint8_t>> JwsSign(std::string_view alg, const JwsKey& key, std::span<const std::uint8_t> message);

}  // namespace intentgate::crypto
