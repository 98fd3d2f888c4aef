#include "rego/builtins/go_quote.h"

#include "base/utf8.h"
#include "rego/builtins/args.h"
#include "rego/builtins/unicode_case.h"

namespace intentgate::rego::builtins {
namespace {

void AppendHex(std::uint32_t value, int digits, std::string& out) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += "0123456789abcdef"[(value >> shift) & 15U];
}

void AppendEscaped(std::uint32_t rune, char quote, bool ascii_only, std::string& out) {
  if (rune == static_cast<unsigned char>(quote) || rune == '\\') {
    out += '\\';
    out += static_cast<char>(rune);
    return;
  }
  if (IsPrintRune(rune) && (!ascii_only || rune < 0x80)) return base::AppendUtf8(rune, out);
  switch (rune) {
    case '\a': out += "\\a"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\v': out += "\\v"; return;
    default: break;
  }
  const int digits = rune < ' ' || rune == 0x7F ? 2 : rune < 0x10000 ? 4 : 8;
  out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
  AppendHex(rune, digits, out);
}

}  // namespace

bool IsPrintRune(std::uint32_t rune) {
  if (rune < 0x7F) return rune >= 0x20;
  if (rune < 0xA1 || rune == 0xAD || IsSpaceRune(rune)) return false;
  const bool format = (rune >= 0x200B && rune <= 0x200F) || (rune >= 0x202A && rune <= 0x202E) ||
                      (rune >= 0x2060 && rune <= 0x206F) || rune == 0xFEFF || (rune >= 0xFFF9 && rune <= 0xFFFB);
  const bool private_use = (rune >= 0xE000 && rune <= 0xF8FF) || rune >= 0xF0000;
  const bool surrogate = rune >= 0xD800 && rune <= 0xDFFF;
  const bool noncharacter = (rune & 0xFFFE) == 0xFFFE || (rune >= 0xFDD0 && rune <= 0xFDEF);
  return !format && !private_use && !surrogate && !noncharacter && rune <= 0x10FFFF;
}

std::string QuoteString(std::string_view text, bool ascii_only) {
  std::string out = "\"";
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t start = pos;
    const std::uint32_t rune = NextRune(text, pos);
    if (rune == 0xFFFD && pos == start + 1) {
      out += "\\x";
      AppendHex(static_cast<unsigned char>(text[start]), 2, out);
    } else {
      AppendEscaped(rune, '"', ascii_only, out);
    }
  }
  return out + '"';
}

std::string QuoteRune(std::uint32_t rune, bool ascii_only) {
  std::string out = "'";
  AppendEscaped(rune, '\'', ascii_only, out);
  return out + '\'';
}

bool FitsBackquotes(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t start = pos;
    const std::uint32_t rune = NextRune(text, pos);
    const bool invalid = rune == 0xFFFD && pos == start + 1;
    if (invalid || (rune < ' ' && rune != '\t') || rune == '`' || rune == 0x7F || rune == 0xFEFF) return false;
  }
  return true;
}

}  // namespace intentgate::rego::builtins
