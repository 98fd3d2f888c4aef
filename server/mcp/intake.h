// The door of the endpoint: what the OAuth side has to say about a request before a handler sees it.
//
// A capability token under the scheme Bearer passes by: the gate alone judges it. An access token of an issuer is checked here, so that a
// refusal has the status and challenge that OAuth clients understand; if its key is not known yet, the request waits for a fetch of
// the issuer's keys. Under the scheme DPoP the proof is checked, the request waits until the gate's store has said
// that no gateway has seen the proof before, and the handler gets an exchange that names the proven key.
#pragma once

#include "mcp/lane.h"

namespace intentgate::mcp {

using ExchangeHandler = void (*)(Lane&, ExchangePtr);

// On the lane's loop. Calls `handle` inside the call, later on the loop, or not at all.
void Admit(Lane& lane, ExchangePtr exchange, ExchangeHandler handle);

}  // namespace intentgate::mcp
