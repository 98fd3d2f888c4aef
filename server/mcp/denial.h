// How a refused call is answered.
#pragma once

#include "mcp/lane.h"

namespace intentgate::mcp {

// HTTP 200 with the code of the check that refused, because the public SDKs read no code from any other
// status; a missing token is 401 with a challenge. A call that waits for a
// person is told how to come again.
void SendDenial(const Lane& lane, http::Exchange& exchange, const json::Value& id, const Decision& decision);

}  // namespace intentgate::mcp
