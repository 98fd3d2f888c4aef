// The endpoint as an OAuth 2.0 protected resource: what a client without a token learns about where to get one.
#pragma once

#include <string>
#include <string_view>

#include "config/server_settings.h"
#include "http/exchange.h"

namespace intentgate::mcp {

inline constexpr std::string_view kMetadataPath = "/.well-known/oauth-protected-resource";

// The value of WWW-Authenticate. `token_given`: there was a token, and it is not good.
std::string Challenge(const config::ServerSettings& settings, bool token_given);

// The document of RFC 9728, for anyone; 404 while mcp.public_url is not set, and for another resource's path.
// `below` is what the path has behind kMetadataPath, without the slash.
void SendMetadata(const config::ServerSettings& settings, http::Exchange& exchange, std::string_view below);

}  // namespace intentgate::mcp
