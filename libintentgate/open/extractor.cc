#include "open/extractor.h"

#include <utility>

#include "fetch/curl_fetcher.h"
#include "intent/caching_extractor.h"
#include "intent/http_extractor.h"
#include "intent/lexical_extractor.h"

namespace intentgate::open {
namespace {

using Extractor = std::shared_ptr<IntentExtractor>;

Result<Extractor> MakeHttp(const GateSettings& settings) {
  Result<std::shared_ptr<fetch::CurlFetcher>> fetcher = fetch::CurlFetcher::Create();
  if (!fetcher.ok()) return fetcher.error();
  auto http = intent::HttpExtractor::Create(
      *fetcher, {.base_url = settings.extractor_url, .timeout_ms = settings.extractor_timeout_ms});
  if (!http.ok()) return Error{http.error().code, "intent.extractor_url: " + http.error().message};
  return Extractor(*std::move(http));
}

}  // namespace

Result<Extractor> MakeExtractor(const GateSettings& settings, std::shared_ptr<const Clock> clock) {
  if (settings.intent == IntentMode::kOff) return Extractor();
  intent::CacheOptions cache;
  cache.max_entries = static_cast<std::size_t>(settings.intent_cache_entries);
  cache.ttl_seconds = settings.intent_cache_seconds;
  Extractor inner;
  if (settings.extractor == ExtractorKind::kHttp) {
    Result<Extractor> http = MakeHttp(settings);
    if (!http.ok()) return http;
    inner = *std::move(http);
    cache.model = "http " + settings.extractor_url + " " + settings.extractor_model;
  } else {
    inner = std::make_shared<intent::LexicalExtractor>();
    cache.model = "lexical";
  }
  return Extractor(std::make_shared<intent::CachingExtractor>(std::move(inner), std::move(clock), std::move(cache)));
}

}  // namespace intentgate::open
