// What an agent wrote, on a person's terminal: no escape sequence moves the cursor, nothing runs from right to left.

#include <cstdio>
#include <string_view>

#include "cli/command.h"

namespace intentgate::cli {
namespace {

// U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: they turn text around.
bool TurnsAround(unsigned code) {
  return code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

struct Character {
  unsigned code = 0;
  std::size_t size = 1;
  bool whole = true;   // false: a byte that is no UTF-8 where it stands
};

Character CharacterAt(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {first, 1, true};
  const std::size_t size = (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : (first & 0xf8) == 0xf0 ? 4 : 0;
  if (size == 0 || at + size > text.size()) return {first, 1, false};
  unsigned code = first & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xc0) != 0x80) return {first, 1, false};
    code = code << 6 | (next & 0x3f);
  }
  return {code, size, true};
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
    const Character c = CharacterAt(text, at);
    const bool control = c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0);
    if (control || !c.whole || TurnsAround(c.code)) AppendEscape(c.code, out);
    else out += text.substr(at, c.size);
    at += c.size;
  }
  return out;
}

}  // namespace intentgate::cli
