// The four questions in order; the first "no" ends it.
#pragma once

#include <memory>
#include <optional>

#include <intentgate/settings.h>

#include "gate/approval_desk.h"
#include "gate/budget_check.h"
#include "gate/capability_check.h"
#include "gate/intent_check.h"
#include "gate/policy_check.h"

namespace intentgate::gate {

// A call that is no call: what is wrong with it, or "".
std::string ShapeProblem(const Call& call);

// Thread-safe.
class Pipeline {
 public:
  // Everything is borrowed but what the checks own; `settings` must not change.
  Pipeline(const GateSettings& settings, std::shared_ptr<const Clock> clock, RevocationWatch& revocations,
           budget::Ledger& ledger, ToolTable tools, std::shared_ptr<IntentExtractor> extractor,
           std::shared_ptr<const Policy> policy, const ApprovalDesk& approvals);

  // Judges and charges. What was taken has to be refunded if the decision cannot be recorded.
  Judged Judge(const Call& call);
  // Judges with a trace, charges nothing.
  Judged Explain(const Call& call);

  CapabilityCheck& capability() { return capability_; }
  IntentCheck& intent() { return intent_; }
  PolicyCheck& policy() { return policy_; }
  const PolicyCheck& policy() const { return policy_; }
  BudgetCheck& budget() { return budget_; }

 private:
  Judged Run(const Call& call, bool explain);
  std::optional<Refused> AskPolicy(const Call& call, Judged& judged);
  std::optional<Refused> Ask(Check check, const Call& call, bool explain, Judged& judged);

  std::shared_ptr<const Clock> clock_;
  CapabilityCheck capability_;
  IntentCheck intent_;
  PolicyCheck policy_;
  const ApprovalDesk& approvals_;
  BudgetCheck budget_;
};

}  // namespace intentgate::gate
