#include "intent/caching_extractor.h"

#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "intent/framing.h"
#include "intent/query_check.h"

namespace intentgate::intent {
namespace {

std::string KeyOf(const IntentQuery& query, const std::string& model) {
  std::string framed;
  for (const std::string_view part :
       {query.tenant, query.agent_id, query.prompt, query.catalogue_digest, std::string_view(model)}) {
    AppendFramed(part, framed);
  }
  const crypto::Digest digest = crypto::Sha256(base::AsBytes(framed));
  return std::string(base::AsText(digest));
}

}  // namespace

// A query under way and, once it has landed, its result.
struct CachingExtractor::Flight {
  std::optional<Result<Intent>> result;
};

CachingExtractor::CachingExtractor(std::shared_ptr<IntentExtractor> inner, std::shared_ptr<const Clock> clock,
                                   CacheOptions options)
    : inner_(std::move(inner)), clock_(std::move(clock)), options_(std::move(options)) {}

std::shared_ptr<const Intent> CachingExtractor::Lookup(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  if (clock_->MonotonicNanos() >= found->second->expires_nanos) {
    entries_.erase(found->second);
    by_key_.erase(found);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return entries_.front().intent;
}

void CachingExtractor::Keep(const std::string& key, const Intent& intent) {
  if (options_.max_entries == 0 || options_.ttl_seconds <= 0) return;
  const std::int64_t expires = clock_->MonotonicNanos() + options_.ttl_seconds * 1'000'000'000;
  entries_.push_front({key, std::make_shared<const Intent>(intent), expires});
  by_key_[key] = entries_.begin();
  while (entries_.size() > options_.max_entries) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

Result<Intent> CachingExtractor::Extract(const IntentQuery& query) {
  // Before hashing, so that an oversized prompt costs nothing.
  if (Status prompt = CheckPrompt(query); !prompt.ok()) return prompt.error();
  const std::string key = KeyOf(query, options_.model);
  std::unique_lock lock(mutex_);
  if (const std::shared_ptr<const Intent> kept = Lookup(key)) {
    ++stats_.hits;
    return *kept;
  }
  if (const auto other = flights_.find(key); other != flights_.end()) {
    ++stats_.joined;
    const std::shared_ptr<Flight> flight = other->second;
    landed_.wait(lock, [&flight] { return flight->result.has_value(); });
    return *flight->result;
  }
  ++stats_.misses;
  const auto flight = std::make_shared<Flight>();
  flights_.emplace(key, flight);
  lock.unlock();
  Result<Intent> result = inner_->Extract(query);
  lock.lock();
  flight->result = result;
  flights_.erase(key);
  if (result.ok()) Keep(key, *result);
  landed_.notify_all();
  return result;
}

CacheStats CachingExtractor::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace intentgate::intent
