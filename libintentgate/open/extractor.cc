#include "open/extractor.h"

#include <utility>

#include "intent/caching_extractor.h"
#include "intent/lexical_extractor.h"

namespace intentgate::open {
namespace {

using Extractor = std::shared_ptr<IntentExtractor>;

Result<Extractor> MakeHttp(const GateSettings&) {
  return Error{ErrorCode::kInvalidArgument, "intent.extractor: `http` needs the fetch module"};
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
    cache.model = "http:" + settings.extractor_model;
  } else {
    inner = std::make_shared<intent::LexicalExtractor>();
    cache.model = "lexical";
  }
  return Extractor(std::make_shared<intent::CachingExtractor>(std::move(inner), std::move(clock), std::move(cache)));
}

}  // namespace intentgate::open
