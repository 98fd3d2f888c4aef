// The steps that an evaluation may still take, and whether it has been cancelled.
//
// An evaluation that can be cancelled gets its steps in slices; its token is looked at where a slice ends, which is where the
// limit is looked at anyway. So counting is one comparison with and without a token, and both count the same.
// Thread-compatible.
#pragma once

#include <algorithm>
#include <cstdint>

#include <intentgate/rego.h>

namespace intentgate::rego {

class Steps {
 public:
  // Steps between two looks at the token; about 100 us at the worst.
  static constexpr std::uint64_t kSlice = 1024;

  explicit Steps(std::uint64_t most = 0, const CancelToken* cancel = nullptr) { Start(most, cancel); }

  // `cancel` outlives the evaluation; may be null.
  void Start(std::uint64_t most, const CancelToken* cancel) {
    cancel_ = cancel;
    ready_ = cancel == nullptr ? most : 0;
    held_ = most - ready_;
  }
  // Throws EvalAbort: eval_limit_error for max_steps, eval_cancel_error.
  void Take(std::uint64_t steps) {
    if (steps > ready_) [[unlikely]] Refill(steps);
    ready_ -= steps;
  }
  std::uint64_t left() const { return ready_ + held_; }
  const CancelToken* cancel() const { return cancel_; }
  // Throws EvalAbort if the evaluation has been cancelled.
  void Look() const {
    if (cancel_ != nullptr && cancel_->cancelled()) FailCancelled();
  }

 private:
  void Refill(std::uint64_t steps);
  [[noreturn]] static void FailCancelled();

  std::uint64_t ready_ = 0;
  std::uint64_t held_ = 0;  // for later slices
  const CancelToken* cancel_ = nullptr;
};

}  // namespace intentgate::rego
