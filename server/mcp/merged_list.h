// A list of several upstreams as one: each page holds the next page of every upstream that has one left.
#pragma once

#include "mcp/lists.h"

namespace intentgate::mcp {

// Loop-bound; answers the exchange. An upstream that is down, slow, or has no such list is left out.
void RunMergedList(Lane& lane, ListRequest request);

}  // namespace intentgate::mcp
