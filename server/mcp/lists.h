// tools/list and the other lists: the upstream's, without what the caller's token could never reach.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/methods.h"

namespace intentgate::mcp {

struct ListRequest {
  ExchangePtr exchange;
  std::shared_ptr<const Message> message;
  const Method* method = nullptr;         // of the table
  Era era = Era::kLegacy;
  std::string principal;
  std::optional<BoundSession> bound;
};

// One page, answered as JSON whatever form the upstream chose. The list depends on the token alone, never
// on what was called before.
void RunList(Lane& lane, ListRequest request);

// Asks an upstream for all pages of tools/list in a session of the gateway's own and tells the catalogue; with several
// upstreams, the directory learns the other lists too. `done`: whether the tools are known.
void LoadCatalogue(Lane& lane, std::size_t upstream, std::function<void(bool)> done);

}  // namespace intentgate::mcp
