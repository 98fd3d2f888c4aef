// Where used proofs of possession rest, so that none is used twice: not at another gateway on the same store, and not at this one
// after a restart. Implemented by every store; tests/contract runs one suite against all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::token {

struct UsedProof {
  std::string id;             // a digest of the proof's key and jti; bytes
  std::int64_t ends_at = 0;   // unix seconds; later nobody would accept the proof
};

// Thread-safe.
class ProofStore {
 public:
  virtual ~ProofStore() = default;
  // Stores those that are not there and says which ones that were, in the order of `proofs`; of equal ones the first. One step: of
  // two that take the same proof at once, also in two processes, one is told that it is new. After an error some may be stored.
  virtual Result<std::vector<bool>> TakeProofs(std::span<const UsedProof> proofs) = 0;
  // Removes up to `limit` of those that ended before; returns how many it has removed.
  virtual Result<std::size_t> ForgetProofs(std::int64_t ended_before, std::size_t limit) = 0;
};

}  // namespace intentgate::token
