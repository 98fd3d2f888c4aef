// The fastest honest MCP server that can be put behind the gate: one tool, JSON answers, no sessions unless they are asked
// for. What a benchmark measures in front of it is the gate.
#pragma once

#include <memory>

#include "http/router.h"

namespace intentgate::bench {

// Answers at /mcp. Any loop may call it.
std::shared_ptr<http::Router> MakeToolServer(bool with_sessions);

}  // namespace intentgate::bench
