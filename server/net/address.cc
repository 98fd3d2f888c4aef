#include "net/address.h"

#include <charconv>

namespace intentgate::net {
namespace {

Error Bad(std::string_view text, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument, "bad address \"" + std::string(text) + "\": " + std::string(why) +
                                                "; write host:port, for example 127.0.0.1:8080 or [::1]:8080"};
}

bool IsHostByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

}  // namespace

std::string HostPort::ToString() const {
  const bool bracket = host.find(':') != std::string::npos;
  return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<HostPort> ParseHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Bad(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);

  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return Bad(text, "the port must be a number from 0 to 65535");
  }
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']' || host.size() < 4) return Bad(text, "the bracket is not closed");
    host = host.substr(1, host.size() - 2);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos ||
        host.find(':') == std::string_view::npos) {
      return Bad(text, "only an IPv6 address stands in brackets");
    }
    return HostPort{std::string(host), port};
  }
  if (host.find(':') != std::string_view::npos) return Bad(text, "an IPv6 address needs brackets");
  for (const char c : host) {
    if (!IsHostByte(c)) return Bad(text, "the host has a character that no host name has");
  }
  return HostPort{host.empty() ? "0.0.0.0" : std::string(host), port};
}

}  // namespace intentgate::net
