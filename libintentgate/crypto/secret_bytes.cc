#include "crypto/secret_bytes.h"

#include <openssl/crypto.h>

#include <utility>

namespace intentgate::crypto {

SecretBytes::SecretBytes(std::span<const std::uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
    bytes_ = std::exchange(other.bytes_, {});
  }
  return *this;
}

SecretBytes::~SecretBytes() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

SecretBytes SecretBytes::Clone() const { return SecretBytes(bytes_); }

bool operator==(const SecretBytes& a, const SecretBytes& b) { return ConstantTimeEqual(a.bytes_, b.bytes_); }

bool ConstantTimeEqual(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Wipe(std::span<std::uint8_t> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

void Wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

}  // namespace intentgate::crypto
