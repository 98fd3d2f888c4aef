// The endpoint as an OAuth 2.0 protected resource: what a client without a token learns about where to get one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <intentgate/reason.h>

#include "config/server_settings.h"
#include "http/exchange.h"

namespace intentgate::mcp {

inline constexpr std::string_view kMetadataPath = "/.well-known/oauth-protected-resource";

struct ChallengeOptions {
  std::string_view error = {};            // of RFC 6750 or 9449; empty: there was no token
  bool proof = false;                     // asks for the scheme DPoP
  std::vector<std::string> scopes = {};   // empty: mcp.scopes
};

// The value of WWW-Authenticate.
std::string Challenge(const config::ServerSettings& settings, const ChallengeOptions& options);
// Whether the client has to prove that it holds its token's key.
bool IsAboutProof(Reason code);

// The document of RFC 9728, for anyone; 404 while mcp.public_url is not set, and for another resource's path.
// `below` is what the path has behind kMetadataPath, without the slash.
void SendMetadata(const config::ServerSettings& settings, http::Exchange& exchange, std::string_view below);

}  // namespace intentgate::mcp
