// The character rules of HTTP/1.1 (RFC 9110 and 9112), in their strict reading. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace intentgate::http {

// 1*tchar
bool IsToken(std::string_view text);
// Printable ASCII, blanks, tabs and bytes from 0x80; no other control byte, so no line can be smuggled in.
bool IsFieldValue(std::string_view text);
// What an origin-form target may hold: "/" and then the characters of RFC 3986, with complete %xx.
bool IsOriginForm(std::string_view target);
// uri-host [":" port]; no user information, no empty host.
bool IsAuthority(std::string_view text);
// As EqualsIgnoreCase. REQUIRES: as many bytes in `a` as in `b`.
bool SameIgnoringCase(std::string_view a, std::string_view b);
// Equal, ASCII letters of either case alike. Most names that are compared differ in length or in the first letter already.
inline bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  constexpr int kCaseBit = 0x20;
  return a.size() == b.size() && (a.empty() || (((a.front() ^ b.front()) & ~kCaseBit) == 0 && SameIgnoringCase(a, b)));
}
// Of RFC 3986 section 2.3: ALPHA, DIGIT, "-", ".", "_" and "~".
inline bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}
// Without blanks and tabs at both ends.
std::string_view TrimBlanks(std::string_view text);
// Decimal digits alone, no sign, no leading zero, at most 18 of them.
std::optional<std::uint64_t> ParseLength(std::string_view text);
// 1 to 15 hexadecimal digits.
std::optional<std::uint64_t> ParseChunkSize(std::string_view text);
// Calls `visit(element)` for each trimmed, non-empty element of a comma-separated list.
template <typename Visit>
void ForEachElement(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view element = TrimBlanks(list.substr(0, comma));
    if (!element.empty()) visit(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace intentgate::http
