// A question in a session of the gateway's own; a session that the upstream forgot is opened anew, once.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "mcp/ask.h"
#include "mcp/lane.h"

namespace intentgate::mcp {

// No token has it: jti and tenant come from tokens, and a principal has a line end between them.
inline constexpr std::string_view kGatewayPrincipal = "gateway";

struct OwnQuestion {
  std::size_t upstream = 0;
  std::string principal, method;
  std::string params;  // JSON; empty: none
  http::HeaderList more = {};
  bool retry = true;
  oauth::OnBehalfPtr caller = nullptr;  // as UpstreamMessage's
};

// Loop-bound; `done` is called once.
void AskInOwnSession(Lane& lane, OwnQuestion question, std::function<void(Asked)> done);

}  // namespace intentgate::mcp
