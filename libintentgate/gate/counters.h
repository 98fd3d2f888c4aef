// Which counters a call is held against.
//
// Every max_calls, rate_limit and max_cost caveat is one, under a key that names the caveat and
// everything before it: whoever holds a longer token counts against it too, and nobody can write a
// caveat that lands on another's counter. v5 names the hop, whose id is under the MAC; v3 and v4 have
// one id for a whole tree, so their caveats are named by a digest of the caveats up to them.
// Then come the ceilings of the agent and of the tenant from the settings.
#pragma once

#include <string_view>
#include <vector>

#include <intentgate/settings.h>
#include <intentgate/token.h>

#include "budget/ledger.h"

namespace intentgate::gate {

// The longest window that the settings and tokens can ask for.
std::int64_t LongestWindow(const GateSettings& settings);

// `token` may be null: then only the ceilings of agent and tenant.
std::vector<budget::Counter> CountersFor(const TokenContent* token, std::string_view tenant, std::string_view agent,
                                         const GateSettings& settings);

}  // namespace intentgate::gate
