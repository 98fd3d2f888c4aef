// Third question: does the policy allow it, block it, or escalate it to a human?
#pragma once

#include <memory>
#include <optional>

#include <intentgate/policy.h>

#include "gate/judged.h"
#include "gate/swapped.h"

namespace intentgate::gate {

// Thread-safe.
class PolicyCheck {
 public:
  // A null policy refuses every call.
  explicit PolicyCheck(std::shared_ptr<const Policy> policy) : policy_(std::move(policy)) {}

  // Fills policy, policy_reason and requires_step_up of `judged`.
  std::optional<Refused> Ask(const Call& call, Judged& judged) const;
  void Set(std::shared_ptr<const Policy> policy) { policy_.Set(std::move(policy)); }
  std::shared_ptr<const Policy> current() const { return policy_.Get(); }

 private:
  Swapped<Policy> policy_;
};

}  // namespace intentgate::gate
