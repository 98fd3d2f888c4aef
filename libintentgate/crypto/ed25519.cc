#include "crypto/ed25519.h"

#include <openssl/evp.h>

#include <memory>

#include "crypto/openssl_guard.h"

namespace intentgate::crypto {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Result<KeyPtr> PrivateKey(const SecretBytes& seed) {
  if (seed.size() != kEd25519SeedBytes) return Error{ErrorCode::kInvalidArgument, "an Ed25519 seed has 32 bytes"};
  const auto bytes = seed.Expose(SecretAccess{});
  KeyPtr key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()), &EVP_PKEY_free);
  if (!key) return Error{ErrorCode::kInternal, "OpenSSL took no Ed25519 key"};
  return key;
}

}  // namespace

Result<Ed25519PublicKey> Ed25519PublicOf(const SecretBytes& seed) {
  const ErrorQueueGuard guard;
  const Result<KeyPtr> key = PrivateKey(seed);
  if (!key.ok()) return key.error();
  Ed25519PublicKey out{};
  std::size_t size = out.size();
  if (EVP_PKEY_get_raw_public_key(key->get(), out.data(), &size) != 1 || size != out.size()) {
    return Error{ErrorCode::kInternal, "OpenSSL gave no Ed25519 public key"};
  }
  return out;
}

Result<Ed25519Signature> Ed25519Sign(const SecretBytes& seed, std::span<const std::uint8_t> message) {
  const ErrorQueueGuard guard;
  const Result<KeyPtr> key = PrivateKey(seed);
  if (!key.ok()) return key.error();
  const ContextPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Ed25519Signature out{};
  std::size_t size = out.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key->get()) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) != 1 || size != out.size()) {
    return Error{ErrorCode::kInternal, "OpenSSL made no Ed25519 signature"};
  }
  return out;
}

bool Ed25519Verify(const Ed25519PublicKey& key, std::span<const std::uint8_t> message,
                   std::span<const std::uint8_t> signature) {
  const ErrorQueueGuard guard;
  const KeyPtr parsed(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()), &EVP_PKEY_free);
  const ContextPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return parsed && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, parsed.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace intentgate::crypto
