#include "http/syntax.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace intentgate::http {
namespace {

using Table = std::array<bool, 256>;

constexpr bool IsAlnum(unsigned c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr Table MakeTable(std::string_view beside_alnum) {
  Table table{};
  for (unsigned c = 0; c < 128; ++c) table[c] = IsAlnum(c);
  for (const char c : beside_alnum) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr Table MakeValueTable() {
  Table table{};
  for (unsigned c = 0x20; c < 256; ++c) table[c] = c != 0x7f;
  table['\t'] = true;
  return table;
}

constexpr Table kToken = MakeTable("!#$%&'*+-.^_`|~");
constexpr Table kTarget = MakeTable("-._~:/?@!$&'()*+,;=%[]");
constexpr Table kHost = MakeTable("-._");
constexpr Table kValue = MakeValueTable();

bool All(const Table& table, std::string_view text) {
  for (const char c : text) {
    if (!table[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Eight bytes, each as Lower: a capital is an ASCII byte from 'A' on and not beyond 'Z', told by carries into the high bit.
std::uint64_t LowerEight(const char* text) {
  constexpr std::uint64_t kEach = 0x0101'0101'0101'0101u, kHigh = 0x80 * kEach;
  std::uint64_t eight = 0;
  std::memcpy(&eight, text, sizeof eight);
  const std::uint64_t low = eight & ~kHigh;
  const std::uint64_t from_a = low + (0x80 - 'A') * kEach, beyond_z = low + (0x7f - 'Z') * kEach;
  const std::uint64_t capital = (from_a ^ beyond_z) & ~eight & kHigh;
  return eight | (capital >> 2);
}

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'f'); }

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool IsToken(std::string_view text) { return !text.empty() && All(kToken, text); }

bool IsFieldValue(std::string_view text) {
  // Long values, such as tokens, eight bytes at a time; a tab among them is left to the table.
  constexpr std::uint64_t kEach = 0x0101'0101'0101'0101u, kHigh = 0x80 * kEach;
  for (std::uint64_t eight = 0; text.size() >= sizeof eight; text.remove_prefix(sizeof eight)) {
    std::memcpy(&eight, text.data(), sizeof eight);
    const std::uint64_t delete_is_zero = eight ^ (0x7f * kEach);
    const std::uint64_t below_blank = (eight - 0x20 * kEach) & ~eight;
    const std::uint64_t is_delete = (delete_is_zero - kEach) & ~delete_is_zero;
    if (((below_blank | is_delete) & kHigh) != 0) break;
  }
  return All(kValue, text);
}

bool IsOriginForm(std::string_view target) {
  if (target.empty() || target.front() != '/' || !All(kTarget, target)) return false;
  for (std::size_t at = target.find('%'); at != std::string_view::npos; at = target.find('%', at + 1)) {
    if (at + 2 >= target.size() || !IsHexDigit(target[at + 1]) || !IsHexDigit(target[at + 2])) return false;
  }
  return true;
}

bool IsAuthority(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    if (text.substr(1, close - 1).find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && IsPort(rest.substr(1)));
  }
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (host.empty() || !All(kHost, host)) return false;
  return colon == std::string_view::npos || IsPort(text.substr(colon + 1));
}

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  constexpr std::size_t kEight = sizeof(std::uint64_t);
  // Nearly always they are spelled alike.
  const auto same = [](const char* x, const char* y) {
    std::uint64_t left = 0, right = 0;
    std::memcpy(&left, x, kEight);
    std::memcpy(&right, y, kEight);
    return left == right || LowerEight(x) == LowerEight(y);
  };
  std::size_t i = 0;
  for (; i + kEight <= a.size(); i += kEight) {
    if (!same(a.data() + i, b.data() + i)) return false;
  }
  if (i < a.size() && a.size() >= kEight) {   // the rest together with what was seen before it
    return same(a.data() + a.size() - kEight, b.data() + b.size() - kEight);
  }
  for (; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> ParseLength(std::string_view text) {
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

std::optional<std::uint64_t> ParseChunkSize(std::string_view text) {
  if (text.empty() || text.size() > 15) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!IsHexDigit(c)) return std::nullopt;
    value = value * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : Lower(c) - 'a' + 10);
  }
  return value;
}

}  // namespace intentgate::http
