// Pass "recursion check": no rule may depend on itself, not even through a variable in a reference.
#pragma once

#include "rego/compile/diagnostics.h"
#include "rego/compile/rule_tree.h"

namespace intentgate::rego {

void CheckRecursion(const RuleTree& tree, Diagnostics& diagnostics);

}  // namespace intentgate::rego
