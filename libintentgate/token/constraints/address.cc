#include "token/constraints/address.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

std::optional<unsigned> ParseDecimal(std::string_view text, unsigned max) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  unsigned n = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    n = n * 10 + static_cast<unsigned>(c - '0');
  }
  if (n > max) return std::nullopt;
  return n;
}

std::optional<IpAddress> ParseV4(std::string_view text) {
  IpAddress out;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const std::optional<unsigned> n = ParseDecimal(text.substr(0, dot), 255);
    if (!n) return std::nullopt;
    out.bytes[i] = static_cast<std::uint8_t>(*n);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return out;
}

// The groups of one side of `::`; nullopt when one is no group.
std::optional<std::vector<std::uint16_t>> ParseGroups(std::string_view text) {
  std::vector<std::uint16_t> groups;
  if (text.empty()) return groups;
  while (true) {
    const std::string_view group = text.substr(0, text.find(':'));
    std::uint16_t n = 0;
    if (group.empty() || group.size() > 4 || groups.size() == 8) return std::nullopt;
    const auto [end, error] = std::from_chars(group.data(), group.data() + group.size(), n, 16);
    if (error != std::errc() || end != group.data() + group.size()) return std::nullopt;
    groups.push_back(n);
    if (group.size() == text.size()) return groups;
    text.remove_prefix(group.size() + 1);
    if (text.empty()) return std::nullopt;
  }
}

// ::/96 carries IPv4 addresses (::ffff:0:0/96 and the old ::/96 form) but for :: and ::1.
bool CarriesV4(const IpAddress& a) {
  const auto zero = [](std::uint8_t b) { return b == 0; };
  if (!std::all_of(a.bytes.begin(), a.bytes.begin() + 10, zero)) return false;
  if (a.bytes[10] == 0xFF && a.bytes[11] == 0xFF) return true;
  if (a.bytes[10] != 0 || a.bytes[11] != 0) return false;
  return !(a.bytes[12] == 0 && a.bytes[13] == 0 && a.bytes[14] == 0 && a.bytes[15] <= 1);
}

std::optional<IpAddress> ParseV6(std::string_view text) {
  const std::size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  if (has_gap && text.find("::", gap + 1) != std::string_view::npos) return std::nullopt;
  const auto head = ParseGroups(text.substr(0, has_gap ? gap : text.size()));
  const auto tail = ParseGroups(has_gap ? text.substr(gap + 2) : std::string_view());
  if (!head || !tail) return std::nullopt;
  const std::size_t count = head->size() + tail->size();
  if (has_gap ? count > 7 : count != 8) return std::nullopt;
  IpAddress out;
  out.v6 = true;
  const auto put = [&out](std::size_t index, std::uint16_t group) {
    out.bytes[2 * index] = static_cast<std::uint8_t>(group >> 8);
    out.bytes[2 * index + 1] = static_cast<std::uint8_t>(group & 0xFF);
  };
  for (std::size_t i = 0; i < head->size(); ++i) put(i, (*head)[i]);
  for (std::size_t i = 0; i < tail->size(); ++i) put(8 - tail->size() + i, (*tail)[i]);
  if (CarriesV4(out)) return std::nullopt;
  return out;
}

// RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`.
std::string FormatV6(const IpAddress& address) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = address.bytes[2 * i] * 256U + address.bytes[2 * i + 1];
  std::size_t run_start = 8;
  std::size_t run_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > run_length) {
      run_start = i;
      run_length = end - i;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run_start) {
      out += "::";
      i += run_length - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    std::array<char, 5> hex{};
    const auto written = std::to_chars(hex.data(), hex.data() + hex.size(), groups[i], 16);
    out.append(hex.data(), written.ptr);
  }
  return out;
}

constexpr IpBlock V4Block(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, unsigned prefix) {
  return {.base = {.v6 = false, .bytes = {a, b, c, d}}, .prefix = prefix};
}

constexpr IpBlock V6Block(std::uint16_t a, std::uint16_t b, unsigned prefix) {
  return {.base = {.v6 = true,
                   .bytes = {static_cast<std::uint8_t>(a >> 8), static_cast<std::uint8_t>(a & 0xFF),
                             static_cast<std::uint8_t>(b >> 8), static_cast<std::uint8_t>(b & 0xFF)}},
          .prefix = prefix};
}

constexpr std::array kSpecialV4 = {
    V4Block(0, 0, 0, 0, 8),     V4Block(10, 0, 0, 0, 8),     V4Block(100, 64, 0, 0, 10),
    V4Block(127, 0, 0, 0, 8),     V4Block(169, 254, 0, 0, 16), V4Block(172, 16, 0, 0, 12),
    V4Block(192, 0, 0, 0, 24),    V4Block(192, 0, 2, 0, 24),   V4Block(192, 31, 196, 0, 24),
    V4Block(192, 52, 193, 0, 24), V4Block(192, 88, 99, 0, 24), V4Block(192, 168, 0, 0, 16),
    V4Block(192, 175, 48, 0, 24), V4Block(198, 18, 0, 0, 15),  V4Block(198, 51, 100, 0, 24),
    V4Block(203, 0, 113, 0, 24),  V4Block(224, 0, 0, 0, 4),    V4Block(240, 0, 0, 0, 4),
    V4Block(168, 63, 129, 16, 32),  // Azure's host agent: a public number that never leaves the machine
};

// Within 2000::/3; everything outside it is special.
constexpr std::array kSpecialV6 = {
    V6Block(0x2001, 0x0000, 23),   // IETF protocols: Teredo, ORCHID, benchmarking
    V6Block(0x2001, 0x0DB8, 32),   // documentation
    V6Block(0x2002, 0x0000, 16),   // 6to4 carries IPv4
    V6Block(0x3FFF, 0x0000, 20),   // documentation
    V6Block(0x2620, 0x004F, 32),   // AS112
};

class CidrConstraint final : public CompiledConstraint {
 public:
  CidrConstraint(std::vector<IpBlock> blocks, std::string failure)
      : blocks_(std::move(blocks)), failure_(std::move(failure)) {}

  JudgedValue Judge(const json::Value& value) const override {
    if (!value.is_string()) return WrongType(value, "an IP address");
    const std::optional<IpAddress> address = ParseIp(value.string_value());
    if (!address) return CannotJudge("is not an IP address in its usual spelling");
    const bool inside =
        std::any_of(blocks_.begin(), blocks_.end(), [&](const IpBlock& block) { return block.Contains(*address); });
    return inside ? Holds() : Fails(failure_);
  }

 private:
  std::vector<IpBlock> blocks_;
  std::string failure_;
};

}  // namespace

std::optional<IpAddress> ParseIp(std::string_view text) {
  if (text.size() > 45) return std::nullopt;
  return text.find(':') == std::string_view::npos ? ParseV4(text) : ParseV6(text);
}

std::optional<IpAddress> ParseCanonicalIp(std::string_view text) {
  const std::optional<IpAddress> address = ParseIp(text);
  if (address && address->v6 && FormatV6(*address) != text) return std::nullopt;
  return address;
}

bool IpBlock::Contains(const IpAddress& address) const {
  if (address.v6 != base.v6) return false;
  for (unsigned bit = 0; bit < prefix; bit += 8) {
    const unsigned bits = std::min(8U, prefix - bit);
    const auto mask = static_cast<std::uint8_t>(0xFF << (8 - bits));
    if ((address.bytes[bit / 8] & mask) != (base.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

std::optional<IpBlock> ParseBlock(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<IpAddress> address = ParseIp(text.substr(0, slash));
  if (!address) return std::nullopt;
  const std::optional<unsigned> prefix = ParseDecimal(text.substr(slash + 1), address->v6 ? 128 : 32);
  if (!prefix) return std::nullopt;
  for (unsigned bit = *prefix; bit < (address->v6 ? 128U : 32U); ++bit) {
    if ((address->bytes[bit / 8] & (0x80 >> (bit % 8))) != 0) return std::nullopt;
  }
  return IpBlock{*address, *prefix};
}

bool IsSpecialAddress(const IpAddress& address) {
  const auto holds_it = [&address](const IpBlock& block) { return block.Contains(address); };
  if (!address.v6) return std::any_of(kSpecialV4.begin(), kSpecialV4.end(), holds_it);
  if ((address.bytes[0] & 0xE0) != 0x20) return true;
  return std::any_of(kSpecialV6.begin(), kSpecialV6.end(), holds_it);
}

Result<ConstraintPtr> CompileCidr(const Constraint& c) {
  std::vector<IpBlock> blocks;
  for (const std::string& text : c.texts) {
    const std::optional<IpBlock> block = ParseBlock(text);
    if (!block) {
      return Error{ErrorCode::kInvalidArgument,
                   "cidr: " + Quote(text) + " is no block; write the network's first address and the prefix length, "
                   "such as \"10.0.0.0/8\", \"192.0.2.7/32\" or \"2001:db8::/32\", and IPv4 as IPv4"};
    }
    blocks.push_back(*block);
  }
  return ConstraintPtr(std::make_shared<CidrConstraint>(std::move(blocks), "is in none of " + QuoteList(c.texts)));
}

}  // namespace intentgate::token
