#include "store/postgres/text.h"

#include <cstdint>

#include "base/utf8.h"

namespace intentgate::store::pg {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

// The length of the UTF-8 sequence at text[at], 0 when there is none.
std::size_t SequenceAt(std::string_view text, std::size_t at) {
  for (std::size_t length = 1; length <= 4 && at + length <= text.size(); ++length) {
    if (base::IsValidUtf8(text.substr(at, length))) return length;
  }
  return 0;
}

int HexDigit(char c) {
  const std::size_t at = kHex.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

void AppendEscaped(std::string_view text, std::string& out) {
  if (text.find('\\') == std::string_view::npos && text.find('\0') == std::string_view::npos &&
      base::IsValidUtf8(text)) {
    out += text;
    return;
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = SequenceAt(text, at);
    if (text[at] == '\\') {
      out += "\\\\";
    } else if (text[at] == '\0') {
      out += "\\0";
    } else if (length == 0) {
      const auto byte = static_cast<std::uint8_t>(text[at]);
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
}

std::string Unescape(std::string_view stored) {
  std::size_t slash = stored.find('\\');
  if (slash == std::string_view::npos) return std::string(stored);
  std::string out;
  std::size_t from = 0;
  for (; slash != std::string_view::npos; slash = stored.find('\\', from)) {
    out += stored.substr(from, slash - from);
    const std::string_view rest = stored.substr(slash + 1);
    const int high = rest.size() >= 3 && rest[0] == 'x' ? HexDigit(rest[1]) : -1;
    const int low = high >= 0 ? HexDigit(rest[2]) : -1;
    if (rest.starts_with('0')) {
      out += '\0';
      from = slash + 2;
    } else if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      from = slash + 4;
    } else {
      out += '\\';
      from = slash + (rest.starts_with('\\') ? 2 : 1);
    }
  }
  out += stored.substr(from);
  return out;
}

}  // namespace intentgate::store::pg
