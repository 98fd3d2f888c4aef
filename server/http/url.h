// The URLs of upstreams, as operators write them.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "net/address.h"

namespace intentgate::http {

struct Url {
  bool tls = false;      // https
  net::HostPort origin;  // the port filled in: 80 or 443
  std::string target;    // path and query, at least "/"

  // What stands in the Host field: without the port where it is the scheme's own.
  std::string Authority() const;
};

// "http://127.0.0.1:3000/mcp". Refuses other schemes, user information and fragments. Pure.
Result<Url> ParseUrl(std::string_view text);

}  // namespace intentgate::http
