// One HTTP exchange with a service that the operator named, as the modules that need one see it. The
// implementation is fetch/ (libcurl); tests bring their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::base {

struct HttpFetchRequest {
  std::string method = "GET";
  std::string url;                                             // http or https
  std::vector<std::pair<std::string, std::string>> headers;    // added to the client's own
  std::string body;                                            // sent when not empty, and always with POST and PUT
  std::int64_t timeout_ms = 10'000;                            // whole exchange, connecting included
  std::size_t max_response_bytes = std::size_t{1} << 20;       // body; kLimitExceeded beyond
  std::function<bool()> cancelled = {};                        // asked about once a second, on the caller's thread; true: kUnavailable
};

inline constexpr std::size_t kMaxReplyHeaderBytes = 16 * 1024;   // what is beyond is left out

struct HttpFetchReply {
  std::int64_t status = 0;  // redirects are not followed, so 3xx is an answer like any other
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};   // names in lower case; at most kMaxReplyHeaderBytes of them
  std::string reason = {};  // what stands behind the status, such as "Not Found"; empty with HTTP/2
};

// Thread-safe. Messages hold neither URL nor header nor body.
class HttpFetcher {
 public:
  virtual ~HttpFetcher() = default;
  // kInvalidArgument: a URL or header that cannot be sent; kTimeout; kUnavailable: no connection, broken
  // off, TLS refused; kLimitExceeded: a body over the limit.
  virtual Result<HttpFetchReply> Fetch(const HttpFetchRequest& request) = 0;
};

}  // namespace intentgate::base
