// A request to an upstream under an access token.
#pragma once

#include <memory>
#include <unordered_set>

#include "http/client.h"
#include "oauth/upstream_tokens.h"

namespace intentgate::mcp {

struct TokenFor {
  oauth::UpstreamTokens& tokens;
  oauth::OnBehalfPtr caller;
};

class AuthorizedCall;

// The requests to one upstream. Loop-bound; `client`, `url` and the tokens must outlive it.
class AuthorizedCalls {
 public:
  AuthorizedCalls(net::Loop& loop, http::Client& client, const http::Url& url);
  // Those in progress end without a word, as those of a client do.
  ~AuthorizedCalls();
  AuthorizedCalls(const AuthorizedCalls&) = delete;  // its calls refer to it
  AuthorizedCalls& operator=(const AuthorizedCalls&) = delete;

  // As client.Send, with "Authorization: Bearer" of a token that is got first when there is none. An upstream that answers 401 has
  // done nothing: then the token is got anew and the request sent once more. Without a token the call ends with the error of
  // UpstreamTokens.
  std::shared_ptr<http::ClientCall> Send(TokenFor token, http::ClientRequest request, http::ResponseCallbacks callbacks);

 private:
  friend class AuthorizedCall;
  using Live = std::unordered_set<AuthorizedCall*>;

  net::Loop& loop_;
  http::Client& client_;
  const http::Url& url_;
  const std::shared_ptr<Live> live_;
};

}  // namespace intentgate::mcp
