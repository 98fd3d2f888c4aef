// Several messages in one body, as the revision 2025-03-26 has them. Each goes through the endpoint by itself, so each is
// judged by itself; the answers come back together, as JSON.
#pragma once

#include <cstddef>
#include <string_view>

#include "mcp/lane.h"

namespace intentgate::mcp {

inline constexpr std::string_view kBatchProtocol = "2025-03-26";
inline constexpr std::size_t kMaxBatchMessages = 50;

bool IsBatch(std::string_view body);

// Loop-bound; answers the exchange. initialize cannot be in a batch.
void RunBatch(Lane& lane, ExchangePtr exchange);

}  // namespace intentgate::mcp
