// AES-256-GCM (NIST SP 800-38D), OpenSSL's. Each text is sealed under a nonce of its own, drawn at random: for one key that is good for
// 2^32 texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "base/encoding.h"
#include "crypto/secret_bytes.h"

namespace intentgate::crypto {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadOverhead = 12 + 16;  // the nonce in front, the tag behind

// `about` is bound to the text and not in it. kInvalidArgument unless the key has kAeadKeyBytes.
Result<base::Bytes> Seal(const SecretBytes& key, std::span<const std::uint8_t> text, std::span<const std::uint8_t> about, Random& random);
// nullopt: not sealed under this key with this `about`, or changed since.
std::optional<base::Bytes> Open(const SecretBytes& key, std::span<const std::uint8_t> sealed, std::span<const std::uint8_t> about);

}  // namespace intentgate::crypto
