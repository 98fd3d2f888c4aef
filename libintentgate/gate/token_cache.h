// Verified tokens by their full text, so that an agent's second call costs no hashing.
//
// Holds only what Verify accepted; what changes with time (revocation, expiry, caveats) is asked again
// on every call, and a token under a key that retires is verified again from that moment on.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <intentgate/keys.h>
#include <intentgate/token.h>

#include "base/string_map.h"
#include "budget/ledger.h"

namespace intentgate::gate {

// A verified token with what the pipeline derives from it once. Immutable.
struct KnownToken {
  VerifiedToken token;
  std::vector<std::string> ids;               // to be looked up among the revoked: jti, root, every hop
  std::vector<budget::Counter> counters;
  std::optional<std::int64_t> known_until;    // unix seconds; verify again from then on
};

// The ids under which a token can be revoked, each once.
std::vector<std::string> RevocableIds(const TokenContent& token);

// When the key that `token` is under, or may be under, stops being accepted.
std::optional<std::int64_t> KeyAcceptedUntil(const TokenContent& token, const KeyRing& ring);

// Thread-safe. The least recently used token makes room.
class TokenCache {
 public:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kMaxTokenBytes = 4'096;   // longer tokens are verified each time

  explicit TokenCache(std::size_t max_tokens) : max_per_shard_(max_tokens / kShards) {}
  std::shared_ptr<const KnownToken> Find(std::string_view text, std::int64_t now);
  void Keep(std::string_view text, std::shared_ptr<const KnownToken> token);

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const KnownToken>>;
  struct Shard {
    std::mutex mutex;
    std::list<Entry> by_use;                   // newest first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text;   // views into by_use
  };
  Shard& ShardOf(std::string_view text) { return shards_[std::hash<std::string_view>{}(text) % kShards]; }

  const std::size_t max_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace intentgate::gate
