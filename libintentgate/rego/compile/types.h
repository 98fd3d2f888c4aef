// Pass "type check": calls name functions that exist, with the right number of arguments, and constants fit what
// builtins take.
#pragma once

#include "rego/compile/diagnostics.h"
#include "rego/compile/rule_tree.h"

namespace intentgate::rego {

// False if something was found.
bool CheckRuleTypes(const GroupedRule& rule, const RuleTree& tree, Diagnostics& diagnostics);
// A query may call deprecated builtins, as in OPA.
void CheckQueryTypes(const Body& body, const RuleTree& tree, Diagnostics& diagnostics);

}  // namespace intentgate::rego
