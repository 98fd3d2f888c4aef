#include "gate/budget_check.h"

#include <utility>

#include "gate/counters.h"

namespace intentgate::gate {
namespace {

Refused No(budget::Refusal& refusal) {
  return {Check::kBudget, refusal.reason, std::move(refusal.sentence), Verdict::kBlock, "budget " + refusal.counter};
}

}  // namespace

std::optional<Refused> BudgetCheck::Ask(const Call& call, bool dry, Judged& judged) {
  if (call.continues) return std::nullopt;
  const ToolSettings* row = tools_.Find(call.tool);
  const std::optional<std::int64_t> cost = CostOf(row, call.arguments);
  if (!cost) {
    return Refused{Check::kBudget, Reason::kBudgetCostUnknown,
                   "the argument " + row->cost_argument + " must be given and be an amount of at least 0: it is the call's cost",
                   Verdict::kBlock, "budget " + row->cost_argument};
  }
  std::vector<budget::Counter> own;
  if (!judged.token) own = CountersFor(nullptr, judged.tenant, judged.agent_id, settings_);
  const std::vector<budget::Counter>& counters = judged.token ? judged.token->counters : own;
  const budget::Amounts amounts{.calls = 1, .cost = *cost};
  if (dry) {
    auto refusal = ledger_.Check(judged.tenant, counters, amounts);
    if (!refusal) return std::nullopt;
    return No(*refusal);
  }
  budget::Reservation reservation = ledger_.Reserve(judged.tenant, counters, amounts);
  if (auto* refusal = std::get_if<budget::Refusal>(&reservation)) {
    return No(*refusal);
  }
  judged.taken = std::get<std::vector<budget::Taken>>(std::move(reservation));
  return std::nullopt;
}

AuditPromise BudgetCheck::PromiseOf(std::string_view tool) const {
  const ToolSettings* row = tools_.Find(tool);
  if (row == nullptr) return {settings_.durability, settings_.overflow};
  return {row->durability.value_or(settings_.durability), row->overflow.value_or(settings_.overflow)};
}

}  // namespace intentgate::gate
