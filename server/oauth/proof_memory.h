// Proofs that were used, so that none is used twice while it would still be accepted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_set>

#include "crypto/hash.h"

namespace intentgate::oauth {

// Thread-safe. Bounded: when it is full of proofs that are still good, a new one is not taken.
class ProofMemory {
 public:
  explicit ProofMemory(std::size_t max_proofs) : max_proofs_(max_proofs) {}

  enum class Answer : std::uint8_t { kNew, kUsed, kFull };
  // Takes the proof, to be remembered until `until`; what ended before `now` is forgotten.
  Answer Take(const crypto::Digest& id, std::int64_t until, std::int64_t now);
  std::size_t size() const;

 private:
  struct Hash {
    std::size_t operator()(const crypto::Digest& digest) const;
  };

  const std::size_t max_proofs_;
  mutable std::mutex mutex_;
  std::unordered_set<crypto::Digest, Hash> used_;              // guarded by mutex_
  std::multimap<std::int64_t, crypto::Digest> by_end_;         // guarded by mutex_
};

}  // namespace intentgate::oauth
