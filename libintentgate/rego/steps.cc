#include "rego/steps.h"

#include "rego/arena.h"

namespace intentgate::rego {

void Steps::Refill(std::uint64_t steps) {
  Look();
  if (steps > left()) throw EvalAbort{"eval_limit_error", "the policy took more steps than an evaluation may (max_steps)"};
  const std::uint64_t more = std::min(held_, std::max(steps - ready_, kSlice));
  held_ -= more;
  ready_ += more;
}

void Steps::FailCancelled() { throw EvalAbort{"eval_cancel_error", "the evaluation was cancelled"}; }

}  // namespace intentgate::rego
