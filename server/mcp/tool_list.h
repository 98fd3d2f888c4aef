// tools/list: the upstream's list without the tools that the caller's token could never call.
#pragma once

#include <memory>
#include <optional>

#include "mcp/lane.h"
#include "mcp/message.h"

namespace intentgate::mcp {

// One page, answered as JSON whatever form the upstream chose. The list depends on the token alone, never
// on what was called before.
void RunToolList(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, const Decision& caller,
                 std::optional<UpstreamSession> bound);

// Asks for all pages in a session of the gateway's own and tells the catalogue. `done`: whether it worked.
void LoadCatalogue(Lane& lane, std::function<void(bool)> done);

}  // namespace intentgate::mcp
