// Pass "inference": the kinds that variables, rules and arguments can have, followed through the ordered bodies as OPA's type check does. An expression
// that can never hold, because the kinds on its sides have nothing in common, is an error.
//
// What is known of a value is a set of kinds, and of a collection the kinds of its elements; where OPA knows more, this pass knows less, so that it
// refuses nothing that OPA accepts. As in OPA, the inside of `not { ... }`, `every` and the operands of `and` and `or` is not looked into.
// Tested by tests/unit/rego/cases and the generated policies of tests/conformance/differential.
#pragma once

#include <cstdint>
#include <vector>

#include "rego/compile/diagnostics.h"
#include "rego/compile/rule_tree.h"

namespace intentgate::rego {

// What is known of a value.
struct Shape {
  std::uint16_t kinds = 0;     // 0: nothing yet
  std::uint16_t elements = 0;  // of collections; 0: any
  std::uint16_t keys = 0;      // of objects; 0: any
  bool vague = false;          // a collection that holds something of which nothing is known yet, or an empty set
};

struct GroupTypes {
  enum class State : std::uint8_t { kNew, kRunning, kDone } state = State::kNew;
  Shape value;              // of nothing known: anything
  std::vector<Shape> args;  // of functions; empty: not known
};

using RuleTypes = std::vector<GroupTypes>;  // by group id

// Call it when all bodies are ordered and nothing was found in them.
RuleTypes InferTypes(const RuleTree& tree, Diagnostics& diagnostics);
// The same for a query of `vars` variables on a policy with these rules.
void InferQueryTypes(const Body& body, std::size_t vars, const RuleTree& tree, const RuleTypes& rules, Diagnostics& diagnostics);

}  // namespace intentgate::rego
