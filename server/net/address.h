// Addresses as operators write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate::net {

struct HostPort {
  std::string host;  // a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 0;

  // "host:port", with brackets where the host has a colon.
  std::string ToString() const;
};

// "127.0.0.1:8080", "[::1]:8080", "gateway.example:443"; ":8080" means every IPv4 interface. Pure.
Result<HostPort> ParseHostPort(std::string_view text);

}  // namespace intentgate::net
