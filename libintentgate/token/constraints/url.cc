#include "token/constraints/url.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "token/constraints/address.h"
#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error Flaw(std::string_view what) { return {ErrorCode::kMalformed, std::string(what)}; }

std::optional<std::string> CharacterFlaw(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') return "has a backslash";
    if (c <= 0x20 || c >= 0x7F) return "has a blank, control or non-ASCII character";
    if (std::string_view("\"<>^`{|}").find(c) != std::string_view::npos) return "has a character no URL may have";
    if (c != '%') continue;
    if (i + 2 >= text.size() || HexValue(text[i + 1]) < 0 || HexValue(text[i + 2]) < 0) {
      return "has a percent sign that starts no escape";
    }
    const int byte = HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]);
    if (byte < 0x20 || byte == 0x7F) return "has an encoded control character";
  }
  return std::nullopt;
}

// One round of percent-decoding; escapes that are none stay.
std::string PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Decoded as often as it takes, for some server behind a proxy decodes twice. Nobody needs more rounds
// than kMaxDecodings; a path that does counts as having one.
constexpr int kMaxDecodings = 4;

bool HasDotSegment(std::string_view path) {
  std::string text(path);
  for (int round = 0; round <= kMaxDecodings; ++round) {
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t end = std::min(text.find_first_of("/\\", start), text.size());
      // A server may cut a segment's parameters off: "..;x" is ".." to it.
      const std::string_view segment = std::string_view(text).substr(start, end - start);
      const std::string_view name = segment.substr(0, segment.find(';'));
      if (name == "." || name == "..") return true;
      start = end + 1;
    }
    std::string decoded = PercentDecode(text);
    if (decoded.size() == text.size()) return false;
    text = std::move(decoded);
  }
  return true;
}

bool LabelIsNumber(std::string_view label) {
  if (label.empty()) return false;
  if (std::all_of(label.begin(), label.end(), IsDigit)) return true;
  return label.starts_with("0x") &&
         std::all_of(label.begin() + 2, label.end(), [](char c) { return HexValue(c) >= 0; });
}

std::optional<std::string> LabelFlaw(std::string_view label) {
  if (label.empty()) return "has a host with an empty label or a dot at its end";
  if (label.size() > 63) return "has a host label over 63 characters";
  if (label.front() == '-' || label.back() == '-') return "has a host label with a hyphen at its end";
  if (label.starts_with("xn--")) return "has a punycode host";
  const auto allowed = [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; };
  if (!std::all_of(label.begin(), label.end(), allowed)) {
    return "has a host with a character other than a-z, 0-9, hyphen and dot";
  }
  return std::nullopt;
}

// Names that resolve to this machine, its network or its cloud's metadata, by standard or habit. A name
// of one label is completed by the resolver's search list, so nobody can say what it stands for.
bool IsSpecialName(std::string_view host) {
  if (host.find('.') == std::string_view::npos) return true;
  static constexpr std::array<std::string_view, 15> kSuffixes = {
      ".localhost", ".localdomain", ".local",   ".internal", ".intranet", ".home.arpa", ".lan",
      ".corp",      ".home",        ".private", ".arpa",     ".test",     ".invalid",   ".onion",   ".svc"};
  return std::any_of(kSuffixes.begin(), kSuffixes.end(), [&](std::string_view s) { return host.ends_with(s); });
}

Result<std::int64_t> ParsePort(std::string_view text) {
  if (text.empty() || text.size() > 5 || text[0] == '0' || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return Flaw("has a port that is no plain number from 1 to 65535");
  }
  std::int64_t port = 0;
  for (const char c : text) port = port * 10 + (c - '0');
  if (port > 65535) return Flaw("has a port that is no plain number from 1 to 65535");
  return port;
}

Status CheckIpHost(std::string_view text) {
  const std::optional<IpAddress> address = ParseCanonicalIp(text);
  if (!address) return Flaw("has an IP address in another than its usual spelling");
  if (IsSpecialAddress(*address)) return Flaw("has a private, loopback or otherwise special address");
  return {};
}

// Splits host and port and judges the host.
Status ParseAuthority(std::string_view authority, StrictUrl& url) {
  if (authority.find('@') != std::string_view::npos) return Flaw("has userinfo");
  if (authority.find('%') != std::string_view::npos) return Flaw("has a percent sign in its host");
  std::size_t host_end = authority.find(':');
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return Flaw("has an open bracket in its host");
    host_end = bracket + 1;
    if (Status ip = CheckIpHost(authority.substr(1, bracket - 1)); !ip.ok()) return ip;
    if (authority.substr(1, bracket - 1).find(':') == std::string_view::npos) return Flaw("has IPv4 in brackets");
    url.host_is_ip = true;
  }
  url.host = authority.substr(0, host_end);
  if (host_end < authority.size()) {
    if (authority[host_end] != ':') return Flaw("has text behind its host");
    Result<std::int64_t> port = ParsePort(authority.substr(host_end + 1));
    if (!port.ok()) return port.error();
    url.port = *port;
  }
  if (url.host_is_ip) return {};
  // Whatever ends in a number is an IPv4 address to a browser.
  if (!url.host.empty() && LabelIsNumber(url.host.substr(url.host.rfind('.') + 1))) {
    url.host_is_ip = true;
    return CheckIpHost(url.host);
  }
  if (std::optional<std::string> flaw = HostNameFlaw(url.host)) return Flaw(*flaw);
  return {};
}

// A host of the constraint: "example.com", "*.example.com", "8.8.8.8", "[2606:4700::1111]".
Status CheckListedHost(const std::string& host) {
  std::string_view name = host;
  const bool wildcard = name.starts_with("*.");
  if (wildcard) name.remove_prefix(2);
  const auto bad = [&host](std::string_view what) {
    return Error{ErrorCode::kInvalidArgument, "url: the host " + Quote(host) + " " + std::string(what)};
  };
  StrictUrl url;
  if (name.empty()) return bad("is empty");
  if (const Status parsed = ParseAuthority(name, url); !parsed.ok()) {
    return bad(parsed.error().message + "; it could never be reached");
  }
  if (url.host != name) return bad("has a port; ports have their own list");
  if (wildcard && url.host_is_ip) return bad("is a wildcard over an address");
  return {};
}

class UrlConstraint final : public CompiledConstraint {
 public:
  explicit UrlConstraint(const Constraint& c) : schemes_(c.schemes), hosts_(c.hosts), ports_(c.ports) {}

  JudgedValue Judge(const json::Value& value) const override {
    if (!value.is_string()) return WrongType(value, "a URL");
    const Result<StrictUrl> url = ParseStrictUrl(value.string_value());
    if (!url.ok()) return CannotJudge(url.error().message);
    const bool exact = std::find(hosts_.begin(), hosts_.end(), url->host) != hosts_.end();
    if (url->host_is_ip && !exact) return CannotJudge("names an IP address that is not listed");
    if (!exact && !MatchesWildcard(url->host)) return Fails("has a host that is none of " + QuoteList(hosts_));
    if (std::find(schemes_.begin(), schemes_.end(), url->scheme) == schemes_.end()) {
      return Fails("has a scheme that is none of " + QuoteList(schemes_));
    }
    if (ports_.empty() ? url->port != DefaultPort(url->scheme)
                       : std::find(ports_.begin(), ports_.end(), url->port) == ports_.end()) {
      return Fails("has a port that is not allowed");
    }
    return Holds();
  }

 private:
  bool MatchesWildcard(std::string_view host) const {
    return std::any_of(hosts_.begin(), hosts_.end(), [host](const std::string& listed) {
      return listed.starts_with('*') && host.ends_with(std::string_view(listed).substr(1));
    });
  }

  std::vector<std::string> schemes_;
  std::vector<std::string> hosts_;
  std::vector<std::int64_t> ports_;
};

}  // namespace

std::optional<std::int64_t> DefaultPort(std::string_view scheme) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kPorts = {
      {{"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}, {"ftp", 21}}};
  for (const auto& [name, port] : kPorts) {
    if (name == scheme) return port;
  }
  return std::nullopt;
}

std::optional<std::string> HostNameFlaw(std::string_view host) {
  if (host.empty()) return "has no host";
  if (host.size() > 253) return "has a host over 253 characters";
  for (std::size_t start = 0; start <= host.size();) {
    const std::size_t end = std::min(host.find('.', start), host.size());
    if (std::optional<std::string> flaw = LabelFlaw(host.substr(start, end - start))) return flaw;
    start = end + 1;
  }
  if (IsSpecialName(host)) return "names this machine or a private network";
  return std::nullopt;
}

Result<StrictUrl> ParseStrictUrl(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return Flaw("is over " + std::to_string(kMaxUrlBytes) + " bytes");
  if (const std::optional<std::string> flaw = CharacterFlaw(text)) return Flaw(*flaw);
  const std::size_t colon = text.find(':');
  StrictUrl url;
  url.scheme = text.substr(0, colon);
  const std::optional<std::int64_t> default_port = DefaultPort(url.scheme);
  if (colon == std::string_view::npos || !default_port) return Flaw("has no scheme such as \"https\" in lower case");
  url.port = *default_port;
  std::string_view rest = text.substr(colon + 1);
  if (!rest.starts_with("//")) return Flaw("has no `//` behind its scheme");
  rest.remove_prefix(2);
  const std::size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  if (authority_end < rest.size() && rest[authority_end] != '/')
    return Flaw("has no path between its host and `?` or `#`");
  if (Status authority = ParseAuthority(rest.substr(0, authority_end), url); !authority.ok()) return authority.error();
  const std::string_view path = rest.substr(authority_end);
  if (HasDotSegment(path.substr(0, path.find_first_of("?#")))) return Flaw("has a `.` or `..` segment");
  return url;
}

Result<ConstraintPtr> CompileUrl(const Constraint& c) {
  if (c.schemes.empty()) return Error{ErrorCode::kInvalidArgument, "url: needs at least one scheme, such as \"https\""};
  if (c.hosts.empty()) return Error{ErrorCode::kInvalidArgument, "url: needs at least one host"};
  for (const std::string& scheme : c.schemes) {
    if (!DefaultPort(scheme)) {
      return Error{ErrorCode::kInvalidArgument,
                   "url: the scheme " + Quote(scheme) + " is none of http, https, ws, wss, ftp"};
    }
  }
  for (const std::string& host : c.hosts) {
    if (Status status = CheckListedHost(host); !status.ok()) return status.error();
  }
  for (const std::int64_t port : c.ports) {
    if (port < 1 || port > 65535) {
      return Error{ErrorCode::kInvalidArgument, "url: the port " + std::to_string(port) + " is not from 1 to 65535"};
    }
  }
  return ConstraintPtr(std::make_shared<UrlConstraint>(c));
}

}  // namespace intentgate::token
