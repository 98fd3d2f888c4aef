#include "crypto/jws.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <limits>

#include "crypto/openssl_guard.h"

namespace intentgate::crypto {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Span = std::span<const std::uint8_t>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const Error kUnfit{ErrorCode::kInvalidArgument, "the key does not fit the algorithm"};

struct Algorithm {
  std::string_view name;
  KeyKind kind;
  bool pss;
  const EVP_MD* (*digest)();
};
constexpr std::array<Algorithm, 13> kAlgorithms = {{{"HS256", KeyKind::kOctets, false, &EVP_sha256},
                                                    {"HS384", KeyKind::kOctets, false, &EVP_sha384},
                                                    {"HS512", KeyKind::kOctets, false, &EVP_sha512},
                                                    {"RS256", KeyKind::kRsa, false, &EVP_sha256},
                                                    {"RS384", KeyKind::kRsa, false, &EVP_sha384},
                                                    {"RS512", KeyKind::kRsa, false, &EVP_sha512},
                                                    {"PS256", KeyKind::kRsa, true, &EVP_sha256},
                                                    {"PS384", KeyKind::kRsa, true, &EVP_sha384},
                                                    {"PS512", KeyKind::kRsa, true, &EVP_sha512},
                                                    {"ES256", KeyKind::kEc, false, &EVP_sha256},
                                                    {"ES384", KeyKind::kEc, false, &EVP_sha384},
                                                    {"ES512", KeyKind::kEc, false, &EVP_sha512},
                                                    {"EdDSA", KeyKind::kEd25519, false, nullptr}}};

const Algorithm* FindAlgorithm(std::string_view name) {
  for (const Algorithm& a : kAlgorithms) {
    if (a.name == name) return &a;
  }
  return nullptr;
}

Bytes Hmac(const Algorithm& a, const SecretBytes& secret, Span message) {
  const auto key = secret.Expose(SecretAccess{});
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  // HMAC takes no null key, not even an empty one.
  static constexpr std::uint8_t kNone = 0;
  if (HMAC(a.digest(), key.empty() ? &kNone : key.data(), static_cast<int>(key.size()), message.data(), message.size(), out.data(), &size) == nullptr) return {};
  out.resize(size);
  return out;
}

bool SetPadding(const Algorithm& a, EVP_PKEY_CTX* context, int salt) {
  if (!a.pss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) > 0;
}

// r and s, half of the bytes each, as the DER that OpenSSL wants; empty if that cannot be.
Bytes ToDer(Span signature) {
  if (signature.size() > 1024) return {};
  const std::size_t half = signature.size() / 2;
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(), &ECDSA_SIG_free);
  BIGNUM* r = BN_bin2bn(signature.data(), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(signature.data() + half, static_cast<int>(signature.size() - half), nullptr);
  if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  const int size = i2d_ECDSA_SIG(pair.get(), nullptr);
  if (size <= 0) return {};
  Bytes out(static_cast<std::size_t>(size));
  unsigned char* at = out.data();
  i2d_ECDSA_SIG(pair.get(), &at);
  return out;
}

Bytes FromDer(Span der, std::size_t width) {
  const unsigned char* at = der.data();
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
  Bytes out(width * 2);
  if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out.data(), static_cast<int>(width)) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out.data() + width, static_cast<int>(width)) < 0) {
    return {};
  }
  return out;
}

Result<JwsKey> Adopt(EVP_PKEY* raw) {
  JwsKey out;
  out.key = std::shared_ptr<EVP_PKEY>(raw, &EVP_PKEY_free);
  switch (EVP_PKEY_get_base_id(raw)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: out.kind = KeyKind::kRsa; break;
    case EVP_PKEY_EC: out.kind = KeyKind::kEc; break;
    case EVP_PKEY_ED25519: out.kind = KeyKind::kEd25519; break;
    default: break;
  }
  return out;
}

}  // namespace

int KeyBits(const JwsKey& key) { return key.key == nullptr ? 0 : EVP_PKEY_get_bits(key.key.get()); }

bool IsJwsAlgorithm(std::string_view alg) { return FindAlgorithm(alg) != nullptr; }

JwsKey OctetsKey(Span octets) {
  JwsKey out;
  out.kind = KeyKind::kOctets;
  out.is_private = true;
  out.octets = std::make_shared<const SecretBytes>(octets);
  return out;
}

Result<JwsKey> KeyOfCertificate(Span der) {
  const ErrorQueueGuard guard;
  const unsigned char* at = der.data();
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free);
  if (!certificate || at != der.data() + der.size()) return Error{ErrorCode::kMalformed, "x509: malformed certificate"};
  EVP_PKEY* key = X509_get_pubkey(certificate.get());
  if (key == nullptr) return Error{ErrorCode::kMalformed, "x509: the certificate's key cannot be read"};
  return Adopt(key);
}

Result<JwsKey> KeyOfPublicInfo(Span der) {
  const ErrorQueueGuard guard;
  const unsigned char* at = der.data();
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  if (key == nullptr) return Error{ErrorCode::kMalformed, "x509: malformed public key"};
  return Adopt(key);
}

bool JwsVerify(std::string_view alg, const JwsKey& key, Span message, Span signature) {
  const ErrorQueueGuard guard;
  const Algorithm* a = FindAlgorithm(alg);
  if (a == nullptr || a->kind != key.kind) return false;
  if (a->kind == KeyKind::kOctets) {
    const Bytes wanted = Hmac(*a, *key.octets, message);
    return !wanted.empty() && ConstantTimeEqual(wanted, signature);
  }
  const ContextPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* settings = nullptr;
  const EVP_MD* digest = a->digest == nullptr ? nullptr : a->digest();
  if (!context || EVP_DigestVerifyInit(context.get(), &settings, digest, nullptr, key.key.get()) != 1) return false;
  if (!SetPadding(*a, settings, RSA_PSS_SALTLEN_AUTO)) return false;
  const Bytes der = a->kind == KeyKind::kEc ? ToDer(signature) : Bytes(signature.begin(), signature.end());
  return !der.empty() && EVP_DigestVerify(context.get(), der.data(), der.size(), message.data(), message.size()) == 1;
}

Result<Bytes> JwsSign(std::string_view alg, const JwsKey& key, Span message) {
  const ErrorQueueGuard guard;
  const Algorithm* a = FindAlgorithm(alg);
  if (a == nullptr || a->kind != key.kind || !key.is_private) return kUnfit;
  const Error failed{ErrorCode::kInternal, "OpenSSL could not sign"};
  if (a->kind == KeyKind::kOctets) {
    Bytes mac = Hmac(*a, *key.octets, message);
    if (mac.empty()) return failed;
    return mac;
  }
  const ContextPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* settings = nullptr;
  const EVP_MD* digest = a->digest == nullptr ? nullptr : a->digest();
  if (!context || EVP_DigestSignInit(context.get(), &settings, digest, nullptr, key.key.get()) != 1) return failed;
  if (!SetPadding(*a, settings, RSA_PSS_SALTLEN_DIGEST)) return failed;
  std::size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1) return failed;
  Bytes out(size);
  if (EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) != 1) return failed;
  out.resize(size);
  if (a->kind == KeyKind::kEc) out = FromDer(out, static_cast<std::size_t>(EVP_PKEY_get_bits(key.key.get()) + 7) / 8);
  if (out.empty()) return failed;
  return out;
}

}  // namespace intentgate::crypto
