// What an agent wrote, on a person's terminal: no escape sequence moves the cursor, nothing runs from right to left.

#include <cstdio>
#include <string_view>
#include <utility>

#include "cli/command.h"

namespace intentgate::cli {
namespace {

// U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: they turn text around.
bool TurnsAround(unsigned code) {
  return code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

// The code point of two or three bytes at `at` and how many they are; of four bytes, which are all harmless, the size
// alone.
std::pair<unsigned, std::size_t> ShortSequence(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(at);
  if ((first & 0xe0) == 0xc0) return {(first & 0x1f) << 6 | (byte(at + 1) & 0x3f), 2};
  if ((first & 0xf0) == 0xe0) return {(first & 0x0f) << 12 | (byte(at + 1) & 0x3f) << 6 | (byte(at + 2) & 0x3f), 3};
  if ((first & 0xf8) == 0xf0) return {0, 4};
  return {first, 1};
}

void AppendEscape(unsigned code, std::string& out) {
  char escape[16];
  std::snprintf(escape, sizeof escape, "\\u%04x", code);
  out += escape;
}

}  // namespace

std::string ForTerminal(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, size] = ShortSequence(text, at);
    const bool controls = (size < 4 && code < 0x20) || (code >= 0x7f && code < 0xa0);
    if (controls || TurnsAround(code)) AppendEscape(code, out);
    else out += text.substr(at, size);
    at += size;
  }
  return out;
}

}  // namespace intentgate::cli
