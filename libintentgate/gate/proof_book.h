// Proofs of possession on their way to the store, which says of each whether it was used before. A thread takes all that wait in one
// batch, so that requests share a commit. It is started by the first proof: most gates never see one.
//
// Fails closed: who cannot be told that a proof is new hears an error.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/gate.h>

#include "token/proof_store.h"

namespace intentgate::gate {

inline constexpr std::size_t kMaxWaitingProofs = 4'096;
// A proof stays in the store for this long after its end: the clocks of gateways on one store may differ by as much.
inline constexpr std::int64_t kKeepEndedProofsSeconds = 300;
// Removed behind one batch: the next one waits for it.
inline constexpr std::size_t kForgetProofsAtOnce = 1'024;
inline constexpr std::int64_t kForgetProofsEverySeconds = 60;

// Thread-safe.
class ProofBook {
 public:
  ProofBook(std::shared_ptr<token::ProofStore> store, std::shared_ptr<const Clock> clock);
  // Those that wait hear kCancelled.
  ~ProofBook();
  ProofBook(const ProofBook&) = delete;   // its thread refers to it
  ProofBook& operator=(const ProofBook&) = delete;

  // As Gate::UseProof.
  void Use(std::string_view id, std::int64_t ends_at, ProofDone done);

 private:
  struct Batch {
    std::vector<token::UsedProof> proofs;
    std::vector<ProofDone> dones;   // of each proof
    bool empty() const { return proofs.empty(); }
    void Answer(const Result<std::vector<bool>>& is_new);
  };

  // OK when it was taken.
  Status Enqueue(std::string_view id, std::int64_t ends_at, ProofDone& done);
  void Run();
  void TurnAway(const Error& why);
  // Of this book's thread.
  void ForgetSome();

  const std::shared_ptr<token::ProofStore> store_;
  const std::shared_ptr<const Clock> clock_;
  std::int64_t forget_at_ = 0;   // unix seconds; of this book's thread
  std::mutex mutex_;
  std::condition_variable wake_;
  Batch waiting_;
  bool stopping_ = false;
  std::thread thread_;           // runs from the first proof on
};

}  // namespace intentgate::gate
