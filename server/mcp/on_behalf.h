// Whom a request to an upstream is for, where each caller has an access token of its own there.
#pragma once

#include <cstddef>

#include "mcp/lane.h"
#include "oauth/on_behalf.h"

namespace intentgate::mcp {

// The exchange's caller, by the token that it brought. Null where the upstream does not ask for callers, and for a token that is not good.
oauth::OnBehalfPtr OnBehalfOf(Lane& lane, std::size_t upstream, const http::Exchange& exchange);

}  // namespace intentgate::mcp
