// PEM blocks (RFC 7468), OpenSSL's reading. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace intentgate::crypto {

struct PemBlock {
  std::string type;  // "CERTIFICATE"
  std::vector<std::uint8_t> bytes;
};

// The first block of `text`; what stands before it is skipped, and `text` becomes what stands behind it. nullopt, with
// `text` unchanged, if there is none.
std::optional<PemBlock> NextPemBlock(std::string_view& text);

}  // namespace intentgate::crypto
