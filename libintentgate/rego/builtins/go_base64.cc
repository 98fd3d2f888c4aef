#include "rego/builtins/go_base64.h"

#include <cstdint>

namespace intentgate::rego::builtins {
namespace {

// The six bits of a letter, or -1.
int SixBits(char c, bool url) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == (url ? '-' : '+')) return 62;
  if (c == (url ? '_' : '/')) return 63;
  return -1;
}

Error BadAt(std::size_t byte) {
  return {ErrorCode::kMalformed, "illegal base64 data at input byte " + std::to_string(byte)};
}

bool IsLineEnd(char c) { return c == '\r' || c == '\n'; }

std::size_t SkipLineEnds(std::string_view text, std::size_t pos) {
  while (pos < text.size() && IsLineEnd(text[pos])) ++pos;
  return pos;
}

// At the first "=" behind `letters` letters of a group: nothing but the rest of the padding may follow.
Result<bool> CheckPadding(std::string_view text, std::size_t pos, int letters) {
  if (letters < 2) return BadAt(pos);
  pos = SkipLineEnds(text, pos + 1);
  if (letters == 2) {
    if (pos == text.size()) return BadAt(text.size());
    if (text[pos] != '=') return BadAt(pos);
    pos = SkipLineEnds(text, pos + 1);
  }
  if (pos < text.size()) return BadAt(pos);
  return true;
}

}  // namespace

Result<std::string> DecodeBase64(std::string_view text, bool url) {
  std::string out;
  std::uint32_t bits = 0;
  int letters = 0;
  for (std::size_t pos = 0; pos < text.size(); ++pos) {
    const char c = text[pos];
    if (IsLineEnd(c)) continue;
    if (c == '=') {
      const Result<bool> good = CheckPadding(text, pos, letters);
      if (!good.ok()) return good.error();
      if (letters == 2) bits <<= 6;
      out += static_cast<char>(bits >> 10 & 0xFFU);
      if (letters == 3) out += static_cast<char>(bits >> 2 & 0xFFU);
      return out;
    }
    const int six = SixBits(c, url);
    if (six < 0) return BadAt(pos);
    bits = bits << 6 | static_cast<std::uint32_t>(six);
    if (++letters < 4) continue;
    for (const int shift : {16, 8, 0}) out += static_cast<char>(bits >> shift & 0xFFU);
    bits = 0;
    letters = 0;
  }
  if (letters > 0) return BadAt(text.size() - static_cast<std::size_t>(letters));
  return out;
}

Result<std::string> DecodeBase64Url(std::string_view text) {
  if (text.ends_with('=') || text.size() % 4 == 0) return DecodeBase64(text, true);
  if (text.size() % 4 == 1) return Error{ErrorCode::kMalformed, "illegal base64url string: " + std::string(text.substr(0, 1000))};
  return DecodeBase64(std::string(text) + std::string(4 - text.size() % 4, '='), true);
}

}  // namespace intentgate::rego::builtins
