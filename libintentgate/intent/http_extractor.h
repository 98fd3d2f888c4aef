// The client of the public extractor protocol: POST {base}/v1/extract.
//
// Stricter than the public gateway, whose reading of a bad answer is "no restriction": here an answer
// that lacks a member, is cut off, or restricts nothing with no confidence is an error, and the gate then
// does what its settings say about a failing extractor (refuse, by default).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <intentgate/intent.h>
#include <intentgate/result.h>

#include "base/http_fetch.h"

namespace intentgate::intent {

struct HttpExtractorOptions {
  std::string base_url;                                    // "http://extractor:8090"
  std::int64_t timeout_ms = 10'000;
  std::size_t max_response_bytes = std::size_t{1} << 20;
};

// Thread-safe when the fetcher is. Blocks up to the timeout.
class HttpExtractor final : public IntentExtractor {
 public:
  // kInvalidArgument: no http or https URL, userinfo, a query, a fragment, a timeout out of range.
  static Result<std::shared_ptr<HttpExtractor>> Create(std::shared_ptr<base::HttpFetcher> fetcher,
                                                       HttpExtractorOptions options);

  // Sends the prompt and the agent's id and nothing else.
  Result<Intent> Extract(const IntentQuery& query) override;

 private:
  HttpExtractor(std::shared_ptr<base::HttpFetcher> fetcher, HttpExtractorOptions options, std::string url);

  const std::shared_ptr<base::HttpFetcher> fetcher_;
  const HttpExtractorOptions options_;
  const std::string url_;
};

// The answer's body. kMalformed with the member that is wrong, without its content.
Result<Intent> ParseExtractReply(std::string_view body);

}  // namespace intentgate::intent
