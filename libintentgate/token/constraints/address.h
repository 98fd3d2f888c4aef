// IP addresses and blocks, taken only in their usual spelling.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace intentgate::token {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // v4: the first four
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// Four decimal numbers without leading zeros; RFC 4291 text without a zone. Nullopt for every other
// spelling (octal, hexadecimal, short forms), and for IPv6 text that carries an IPv4 address
// (::ffff:10.0.0.1, ::10.0.0.1): one address has one family here.
std::optional<IpAddress> ParseIp(std::string_view text);

// As ParseIp, but for IPv6 only the spelling of RFC 5952: lower case, shortest.
std::optional<IpAddress> ParseCanonicalIp(std::string_view text);

struct IpBlock {
  IpAddress base;
  unsigned prefix = 0;
  bool Contains(const IpAddress& address) const;
};

// "10.0.0.0/8". Nullopt unless the bits behind the prefix are zero.
std::optional<IpBlock> ParseBlock(std::string_view text);

// Not an address of one host on the public internet: private, loopback, link-local, multicast,
// documentation, translation prefixes, cloud metadata (IANA's special-purpose registries).
bool IsSpecialAddress(const IpAddress& address);

}  // namespace intentgate::token
