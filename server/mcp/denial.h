// How a refused call is answered.
#pragma once

#include <string_view>

#include "mcp/lane.h"

namespace intentgate::mcp {

// HTTP 200 with the code of the check that refused, because the public SDKs read no code from any other
// status; a missing token, or one without the proof that it needs, is 401 with a challenge, and a scope that an authorization server
// could add is 403. A call that waits for a person is told how to come again. `tool` is what was refused.
void SendDenial(const Lane& lane, http::Exchange& exchange, const json::Value& id, const Decision& decision, std::string_view tool);

}  // namespace intentgate::mcp
