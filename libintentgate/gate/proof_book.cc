#include "gate/proof_book.h"

#include <system_error>
#include <utility>

namespace intentgate::gate {

ProofBook::ProofBook(std::shared_ptr<token::ProofStore> store, std::shared_ptr<const Clock> clock)
    : store_(std::move(store)), clock_(std::move(clock)) {}

ProofBook::~ProofBook() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ProofBook::Use(std::string_view id, std::int64_t ends_at, ProofDone done) {
  if (id.empty()) return done(Error{ErrorCode::kInvalidArgument, "a proof of possession needs an id"});
  if (const Status taken = Enqueue(id, ends_at, done); !taken.ok()) return done(taken.error());
  wake_.notify_one();
}

Status ProofBook::Enqueue(std::string_view id, std::int64_t ends_at, ProofDone& done) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return Error{ErrorCode::kCancelled, "the gate is shutting down"};
  if (waiting_.proofs.size() >= kMaxWaitingProofs) {
    return Error{ErrorCode::kLimitExceeded, "too many proofs of possession wait for the store; try again later"};
  }
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error& e) {
      return Error{ErrorCode::kUnavailable, std::string("no thread for proofs of possession: ") + e.what()};
    }
  }
  waiting_.proofs.push_back({std::string(id), ends_at});
  waiting_.dones.push_back(std::move(done));
  return {};
}

void ProofBook::Batch::Answer(const Result<std::vector<bool>>& is_new) {
  for (std::size_t i = 0; i < dones.size(); ++i) {
    if (!is_new.ok()) dones[i](is_new.error());
    else dones[i]((*is_new)[i] ? ProofUse::kFirst : ProofUse::kAgain);
  }
}

void ProofBook::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    Batch batch = std::exchange(waiting_, {});
    const bool stopping = stopping_;
    lock.unlock();
    if (stopping) return batch.Answer(Error{ErrorCode::kCancelled, "the gate is shutting down"});
    const Result<std::vector<bool>> is_new = store_->TakeProofs(batch.proofs);
    batch.Answer(is_new);
    if (is_new.ok()) ForgetSome();
    else TurnAway(is_new.error());
    lock.lock();
  }
}

// Who came while a store did not answer has waited for it as well; one by one they would wait again and again.
void ProofBook::TurnAway(const Error& why) {
  Batch late;
  {
    const std::lock_guard lock(mutex_);
    late = std::exchange(waiting_, {});
  }
  late.Answer(why);
}

// What it could not remove now, it removes behind a later batch.
void ProofBook::ForgetSome() {
  const std::int64_t now = clock_->UnixSeconds();
  if (now < forget_at_) return;
  const Result<std::size_t> removed = store_->ForgetProofs(now - kKeepEndedProofsSeconds, kForgetProofsAtOnce);
  if (removed.ok() && *removed == kForgetProofsAtOnce) return;
  forget_at_ = now + kForgetProofsEverySeconds;
}

}  // namespace intentgate::gate
