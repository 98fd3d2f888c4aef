// Joins the passes behind the resolver: orders and lowers every rule, builds the document tree and the indexes.
#pragma once

#include "rego/compile/lower.h"

namespace intentgate::rego {

// Numbers the functions and builtins that `with` replaces in a body. True if one of them had no number yet.
bool AddMocks(PlanContext& context, const Body& body);

// REQUIRES: no diagnostics so far. `context.tree`, `arena` and `diagnostics` are set, and `mocks` holds what a query replaces; fills the rest.
void BuildPlans(PlanContext& context, const Value& data);

// Pass "rule index" for one set.
void BuildIndex(Arena& arena, RuleSet& set);

}  // namespace intentgate::rego
