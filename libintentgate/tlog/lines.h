// Line-wise reading of the text formats of C2SP: numbers and hashes with one spelling each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tlog/merkle.h"

namespace intentgate::tlog {

// Cuts the first line, without its newline, off the text. nullopt when the text holds no newline.
std::optional<std::string_view> TakeLine(std::string_view& text);

// ASCII decimal without leading zeroes, below 2^63.
std::optional<std::uint64_t> ParseDecimal(std::string_view text);

// Base64 of exactly 32 bytes, and back.
std::optional<Hash> ParseHash(std::string_view base64);
std::string WriteHash(const Hash& hash);

}  // namespace intentgate::tlog
