#include "oauth/proof_memory.h"

#include <cstring>

namespace intentgate::oauth {

// A SHA-256 is its own hash.
std::size_t ProofMemory::Hash::operator()(const crypto::Digest& digest) const {
  std::size_t out = 0;
  std::memcpy(&out, digest.data(), sizeof(out));
  return out;
}

ProofMemory::Answer ProofMemory::Take(const crypto::Digest& id, std::int64_t until, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  while (!by_end_.empty() && by_end_.begin()->first < now) {
    used_.erase(by_end_.begin()->second);
    by_end_.erase(by_end_.begin());
  }
  if (used_.contains(id)) return Answer::kUsed;
  if (used_.size() >= max_proofs_) return Answer::kFull;
  used_.insert(id);
  by_end_.emplace(until, id);
  return Answer::kNew;
}

std::size_t ProofMemory::size() const {
  const std::lock_guard lock(mutex_);
  return used_.size();
}

}  // namespace intentgate::oauth
