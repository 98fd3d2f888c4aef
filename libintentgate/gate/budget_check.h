// Fourth question: are the token, its ancestors, the agent and the tenant still inside their ceilings?
#pragma once

#include <memory>
#include <optional>

#include <intentgate/settings.h>

#include "budget/ledger.h"
#include "gate/amounts.h"
#include "gate/judged.h"

namespace intentgate::gate {

// Thread-safe.
class BudgetCheck {
 public:
  BudgetCheck(const GateSettings& settings, ToolTable tools, budget::Ledger& ledger)
      : settings_(settings), tools_(std::move(tools)), ledger_(ledger) {}

  // Takes what the call needs and fills `taken` of `judged`; `dry` only looks.
  std::optional<Refused> Ask(const Call& call, bool dry, Judged& judged);
  // Gives back what Ask took.
  void Refund(const Judged& judged) { ledger_.Refund(judged.tenant, judged.taken); }
  AuditPromise PromiseOf(std::string_view tool) const;

 private:
  const GateSettings& settings_;
  const ToolTable tools_;
  budget::Ledger& ledger_;
};

}  // namespace intentgate::gate
