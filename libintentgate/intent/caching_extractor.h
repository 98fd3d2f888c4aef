// An extractor that remembers: bounded, with an age, and asking once when many ask the same.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include <intentgate/clock.h>
#include <intentgate/intent.h>
#include <intentgate/result.h>

namespace intentgate::intent {

struct CacheOptions {
  std::size_t max_entries = 1024;       // least recently used goes first; 0: nothing is kept
  std::int64_t ttl_seconds = 300;       // counted on the monotonic clock; 0: nothing is kept
  std::string model;                    // the extractor and its model, part of the key
};

struct CacheStats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;             // calls of the inner extractor
  std::uint64_t joined = 0;             // queries that waited for the same one already under way
};

// Thread-safe. The key is the SHA-256 of everything that the answer may depend on: tenant, agent, prompt,
// catalogue digest and model; prompts themselves are not kept. Errors are not cached: those who waited
// for a failing query get its error, the next one asks again. A waiter waits as long as the inner call.
class CachingExtractor final : public IntentExtractor {
 public:
  CachingExtractor(std::shared_ptr<IntentExtractor> inner, std::shared_ptr<const Clock> clock, CacheOptions options);

  Result<Intent> Extract(const IntentQuery& query) override;
  CacheStats stats() const;

 private:
  struct Flight;
  struct Entry {
    std::string key;
    std::shared_ptr<const Intent> intent;
    std::int64_t expires_nanos = 0;
  };
  using Entries = std::list<Entry>;  // most recently used first

  // The kept answer, or nullptr. REQUIRES: mutex_ held.
  std::shared_ptr<const Intent> Lookup(const std::string& key);
  // REQUIRES: mutex_ held.
  void Keep(const std::string& key, const Intent& intent);

  const std::shared_ptr<IntentExtractor> inner_;
  const std::shared_ptr<const Clock> clock_;
  const CacheOptions options_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable landed_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> by_key_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
  CacheStats stats_;
};

}  // namespace intentgate::intent
