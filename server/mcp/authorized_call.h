// A request to an upstream under an access token.
#pragma once

#include <memory>

#include "http/client.h"
#include "oauth/upstream_tokens.h"

namespace intentgate::mcp {

struct TokenFor {
  oauth::UpstreamTokens& tokens;
  oauth::OnBehalfPtr caller;
};

// As client.Send, with "Authorization: Bearer" of a token that is got first when there is none. An upstream that answers 401 has done
// nothing: then the token is got anew and the request sent once more. Without a token the call ends with the error of UpstreamTokens.
// Loop-bound; `client`, `url` and the tokens must live as long as the loop runs calls.
std::shared_ptr<http::ClientCall> SendAuthorized(net::Loop& loop, http::Client& client, const http::Url& url, TokenFor token,
                                                 http::ClientRequest request, http::ResponseCallbacks callbacks);

}  // namespace intentgate::mcp
