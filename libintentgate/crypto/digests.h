// The hashes that policies may ask for by name, some of them too weak to protect anything: fingerprints
// for comparing with what other systems wrote down, never for our own formats (those use hash.h).
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::crypto {

enum class DigestKind : std::uint8_t { kMd5, kSha1, kSha224, kSha256, kSha384, kSha512, kSha512_224, kSha512_256 };

// kUnavailable where OpenSSL's configuration has switched the hash off (MD5 under FIPS).
Result<std::vector<std::uint8_t>> DigestOf(DigestKind kind, std::span<const std::uint8_t> data);
Result<std::vector<std::uint8_t>> HmacOf(DigestKind kind, std::span<const std::uint8_t> key,
                                         std::span<const std::uint8_t> data);

}  // namespace intentgate::crypto
