// From the claims of a verified access token to a capability: who is calling, and what it reaches.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <intentgate/foreign_tokens.h>
#include <intentgate/json.h>

#include "config/oauth_settings.h"

namespace intentgate::oauth {

inline constexpr std::size_t kMaxNameBytes = 255;  // of subjects, agents, tenants, clients and token ids

// The scopes of a token: "scope" (RFC 9068), and "scp" of issuers that say it so, a text or a list.
std::vector<std::string> ScopesOf(const json::Value& claims);

// REQUIRES: the signature, issuer, audience and times were checked. `text` is the token, which gives an id to one without "jti".
//
// The capability's root is the caller (issuer, subject and client), its one hop is the token: so a renewed token is of the same
// caller, and limits of a token are counted for it alone. Refusals: kTokenMalformed, kTokenScope, kProofRefused (bound in a way that
// cannot be checked).
std::variant<TokenContent, TokenRefusal> CapabilityOf(const json::Value& claims, std::string_view text, const config::OAuthIssuer& issuer);

// All scopes that a token of `issuer` needs for a call of `tool`; empty: no scope reaches it.
std::vector<std::string> ScopesFor(const config::OAuthIssuer& issuer, std::string_view tool);
// All scopes that a token with these claims needs to be accepted: the required ones, and where those reach no tool, the token's own
// that reach one, or else all that do. A token of just these scopes is accepted.
std::vector<std::string> ScopesNeeded(const config::OAuthIssuer& issuer, const json::Value& claims);

}  // namespace intentgate::oauth
