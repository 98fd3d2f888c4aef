// The way of one loop to a StdioServer, as an Upstream: what would come over HTTP is told in the same callbacks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mcp/stdio_server.h"
#include "mcp/upstream.h"

namespace intentgate::mcp {

// Loop-bound to `loop`, which need not be the server's.
std::unique_ptr<Upstream> MakeStdioUpstream(net::Loop& loop, const config::UpstreamSettings& settings, std::shared_ptr<StdioServer> server);

// The variables that every such program gets, those that the settings pass on, and those that they set. No other: the
// gateway's own environment may hold keys.
std::vector<std::pair<std::string, std::string>> StdioEnvironment(const config::UpstreamSettings& settings);

}  // namespace intentgate::mcp
