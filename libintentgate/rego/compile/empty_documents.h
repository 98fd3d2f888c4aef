// What OPA shows of a partial object's constant paths where none of their rules succeeds.
#pragma once

#include <span>

#include "rego/compile/rule_tree.h"
#include "rego/vm/plan.h"

namespace intentgate::rego {

// None below a computed key: there OPA takes all rules together. Elsewhere each level of constant keys is a document of its own; behind it
// stands a set, or members with computed keys, or a value, which is no document. In the order of their first keys, and of the source
// where these are equal.
std::span<const EmptyDocument> EmptyDocuments(Arena& arena, const RuleGroup& group);

}  // namespace intentgate::rego
