// SHA-256, HMAC-SHA256 (RFC 2104) and HKDF (RFC 5869), all OpenSSL's.
//
// The low-level SHA256 contexts are used because a saved key state makes an HMAC of a short message
// cost about a tenth of the one-shot call (tests/bench/token_bench.cc measures a chain of them).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <intentgate/result.h>

#include "crypto/secret_bytes.h"

namespace intentgate::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest Sha256(std::span<const std::uint8_t> data);
// The hash of `a` followed by `b`.
Digest Sha256(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

// Thread-compatible.
class Sha256Stream {
 public:
  Sha256Stream();
  void Update(std::span<const std::uint8_t> data);
  Digest Finish();

 private:
  // SHA256_CTX of OpenSSL, kept opaque here; checked by a static_assert in hash.cc.
  alignas(8) std::array<std::uint8_t, 112> state_;
};

// HMAC under a key that is used again and again: both key pads are hashed once. Immutable, thread-safe.
class HmacKey {
 public:
  explicit HmacKey(std::span<const std::uint8_t> key);
  ~HmacKey();
  HmacKey(const HmacKey&) = default;
  HmacKey& operator=(const HmacKey&) = default;

  Digest Mac(std::span<const std::uint8_t> message) const;
  Digest Mac(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) const;

 private:
  alignas(8) std::array<std::uint8_t, 112> inner_;
  alignas(8) std::array<std::uint8_t, 112> outer_;
};

// HMAC under a key used once, such as the previous MAC of a chain.
Digest HmacSha256(std::span<const std::uint8_t> key, std::span<const std::uint8_t> message);
Digest HmacSha256(std::span<const std::uint8_t> key, std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

// HKDF-SHA256 to 32 bytes.
Result<SecretBytes> HkdfSha256(const SecretBytes& key, std::string_view salt, std::string_view info);

}  // namespace intentgate::crypto
