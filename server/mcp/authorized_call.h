// A request to an upstream under an access token of the gateway's own.
#pragma once

#include <memory>

#include "http/client.h"
#include "oauth/client_tokens.h"

namespace intentgate::mcp {

// As client.Send, with "Authorization: Bearer" of a token that is got first when there is none. An upstream that answers 401 has done
// nothing: then the token is got anew and the request sent once more. Without a token the call ends with kUnavailable. Loop-bound;
// `client`, `url` and `tokens` must live as long as the loop runs calls.
std::shared_ptr<http::ClientCall> SendAuthorized(net::Loop& loop, http::Client& client, const http::Url& url, oauth::ClientTokens& tokens,
                                                 http::ClientRequest request, http::ResponseCallbacks callbacks);

}  // namespace intentgate::mcp
