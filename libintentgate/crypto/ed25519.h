// Ed25519 signatures (RFC 8032), OpenSSL's. Pure and thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <intentgate/result.h>

#include "crypto/secret_bytes.h"

namespace intentgate::crypto {

inline constexpr std::size_t kEd25519SeedBytes = 32;

using Ed25519PublicKey = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

// The public half of a seed, which is what RFC 8032 calls the private key. kInvalidArgument unless the seed has
// kEd25519SeedBytes.
Result<Ed25519PublicKey> Ed25519PublicOf(const SecretBytes& seed);
// Deterministic: no randomness is drawn. kInvalidArgument for a seed of another size.
Result<Ed25519Signature> Ed25519Sign(const SecretBytes& seed, std::span<const std::uint8_t> message);
// False for a wrong signature, and for bytes that are no key or no signature.
[[nodiscard]] bool Ed25519Verify(const Ed25519PublicKey& key, std::span<const std::uint8_t> message,
                                 std::span<const std::uint8_t> signature);

}  // namespace intentgate::crypto
