// Which documents a query reads: input and base documents, and the rules on the way to them.
// Tested by tests/unit/rego/engine_test.cc.
#pragma once

#include <intentgate/rego.h>

#include "rego/compile/rule_tree.h"
#include "rego/syntax/ast.h"

namespace intentgate::rego {

// `body` is resolved.
Dependencies DependenciesOf(const Body& body, const RuleTree& tree);

// Whether the function reads, itself or through other rules, a rule that `with target as` replaces.
bool ReadsReplaced(const RuleGroup& function, const Term& target, const RuleTree& tree);

}  // namespace intentgate::rego
