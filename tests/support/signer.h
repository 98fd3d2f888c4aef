// Keys made for a test, and JSON Web Tokens signed with them.
#pragma once

#include <doctest/doctest.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/json.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "crypto/jws.h"
#include "oauth/jwt.h"

namespace intentgate::test {

// A fresh key for one algorithm: RS256, PS256, ES256, ES384 or EdDSA.
class Signer {
 public:
  explicit Signer(std::string alg, std::string kid = "k1", unsigned rsa_bits = 2048) : alg_(std::move(alg)), kid_(std::move(kid)) {
    EVP_PKEY* key = nullptr;
    if (alg_ == "ES256") key = EVP_EC_gen("P-256");
    else if (alg_ == "ES384") key = EVP_EC_gen("P-384");
    else if (alg_ == "EdDSA") key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    else key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(rsa_bits));
    REQUIRE(key != nullptr);
    key_.key = std::shared_ptr<EVP_PKEY>(key, &EVP_PKEY_free);
    key_.kind = alg_.starts_with("ES") ? crypto::KeyKind::kEc : alg_ == "EdDSA" ? crypto::KeyKind::kEd25519 : crypto::KeyKind::kRsa;
    key_.is_private = true;
  }

  // The public key, without kid and alg.
  json::Value Bare() const {
    if (alg_ == "EdDSA") {
      std::vector<std::uint8_t> raw(32);
      std::size_t size = raw.size();
      REQUIRE(EVP_PKEY_get_raw_public_key(key_.key.get(), raw.data(), &size) == 1);
      return json::MakeObject({{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base::Base64UrlEncode(raw)}});
    }
    if (alg_.starts_with("ES")) {
      return json::MakeObject({{"kty", "EC"}, {"crv", alg_ == "ES256" ? "P-256" : "P-384"},
                               {"x", Number(OSSL_PKEY_PARAM_EC_PUB_X)}, {"y", Number(OSSL_PKEY_PARAM_EC_PUB_Y)}});
    }
    return json::MakeObject({{"kty", "RSA"}, {"n", Number(OSSL_PKEY_PARAM_RSA_N)}, {"e", Number(OSSL_PKEY_PARAM_RSA_E)}});
  }
  json::Value Jwk() const {
    json::Value jwk = Bare();
    jwk.Set("kid", kid_);
    jwk.Set("use", "sig");
    return jwk;
  }
  std::string Thumbprint() const { return *oauth::JwkThumbprint(Bare()); }

  std::string Sign(json::Value header, const json::Value& claims) const { return *oauth::WriteJwt(std::move(header), claims, alg_, key_); }
  // As an access token of RFC 9068.
  std::string AccessToken(const json::Value& claims) const { return Sign(json::MakeObject({{"typ", "at+jwt"}, {"kid", kid_}}), claims); }
  const crypto::JwsKey& key() const { return key_; }
  const std::string& alg() const { return alg_; }

 private:
  std::string Number(const char* name) const {
    BIGNUM* number = nullptr;
    REQUIRE(EVP_PKEY_get_bn_param(key_.key.get(), name, &number) == 1);
    std::size_t width = static_cast<std::size_t>(BN_num_bytes(number));
    if (alg_ == "ES256") width = 32;
    if (alg_ == "ES384") width = 48;
    std::vector<std::uint8_t> bytes(width);
    BN_bn2binpad(number, bytes.data(), static_cast<int>(width));
    BN_free(number);
    return base::Base64UrlEncode(bytes);
  }

  std::string alg_, kid_;
  crypto::JwsKey key_;
};

inline std::string KeySetOf(const std::vector<const Signer*>& signers) {
  json::Array keys;
  for (const Signer* signer : signers) keys.push_back(signer->Jwk());
  return json::Write(json::MakeObject({{"keys", json::Value(std::move(keys))}}));
}

// A proof of possession for one request.
struct ProofOf {
  std::string method = "POST", url, token, id = "p1", nonce;
  std::int64_t at = 0;
};
inline json::Value ProofClaims(const ProofOf& proof) {
  json::Value claims = json::MakeObject({{"htm", proof.method}, {"htu", proof.url}, {"iat", proof.at}, {"jti", proof.id},
                                         {"ath", base::Base64UrlEncode(crypto::Sha256(base::AsBytes(proof.token)))}});
  if (!proof.nonce.empty()) claims.Set("nonce", proof.nonce);
  return claims;
}
inline std::string MakeProof(const Signer& signer, const ProofOf& proof) {
  return signer.Sign(json::MakeObject({{"typ", "dpop+jwt"}, {"jwk", signer.Bare()}}), ProofClaims(proof));
}

}  // namespace intentgate::test
