// server/discover (2026-07-28): what the upstreams can do, and what a client of that revision hears when they cannot.
#pragma once

#include <memory>

#include "mcp/ask.h"
#include "mcp/lane.h"
#include "mcp/message.h"

namespace intentgate::mcp {

// The revisions of this era, and of the other, as a client is told them.
json::Value ModernVersions();
json::Value LegacyVersions();

// The `_meta` of a result that the gateway made itself.
json::Value OwnResultMeta(std::string_view version);

// The upstream gave no result.
void SendDiscoverFailure(const Lane& lane, http::Exchange& exchange, const json::Value& id, const Asked& asked);

// Of several upstreams together: what any of them can do. One that is of the other era alone makes all of it so: its tools
// could not be called in this one. Loop-bound; answers the exchange.
void DiscoverAll(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message);

}  // namespace intentgate::mcp
