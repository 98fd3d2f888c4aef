// URLs, taken only where every parser agrees what they mean: a strict subset of the WHATWG standard
// and of RFC 3986 as libraries read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate::token {

struct StrictUrl {
  std::string_view scheme;   // http, https, ws, wss or ftp
  std::string_view host;     // as written; IPv6 in its brackets
  std::int64_t port = 0;     // written or the scheme's default
  bool host_is_ip = false;   // a public address in its one spelling
};

// The default port of a scheme that is understood; nullopt for every other scheme.
std::optional<std::int64_t> DefaultPort(std::string_view scheme);

// The views point into `text`. kMalformed with the flaw as its message, such as "has userinfo". Refused:
// anything over kMaxUrlBytes; bytes other than printable ASCII without "<>\^`{|}; other schemes; upper
// case in scheme or host; userinfo; an empty, dotted-off, non-ASCII or punycode host; ports with leading
// zeros or outside 1..65535; something other than a path behind the authority; `.` and `..` segments,
// also encoded ones; encoded control characters; every special address (address.h) and every IP in
// another spelling than its one; names that stand for this machine or network (localhost, *.internal).
Result<StrictUrl> ParseStrictUrl(std::string_view text);

// What is wrong with a host name of lower-case labels, or nullopt.
std::optional<std::string> HostNameFlaw(std::string_view host);

}  // namespace intentgate::token
