// Pass "code generation": ordered bodies become blocks of steps (vm/plan.h).
//
// A variable is bound at exactly one step, so at each use it is known whether a bracket is a look-up or an
// iteration and which side of = is the pattern: no unification is left for run time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rego/compile/diagnostics.h"
#include "rego/compile/rule_tree.h"
#include "rego/compile/safety.h"
#include "rego/vm/plan.h"

namespace intentgate::rego {

// Shared by all rules of a policy.
struct PlanContext {
  Arena* arena = nullptr;
  const RuleTree* tree = nullptr;
  const DocNode* root = nullptr;
  std::vector<RuleSet*> sets;                       // by group id
  std::map<const TreeNode*, const DocNode*> docs;
  std::map<std::string, std::uint32_t> input_paths;  // text -> number
  std::map<std::string, std::int32_t> mocks;         // builtins and functions that `with` replaces
  std::uint32_t joins = 0;
  std::uint32_t comprehensions = 0;
  bool print = false;
  Diagnostics* diagnostics = nullptr;
};

// Pass "joins" for the steps of one block.
void FindJoins(PlanContext& context, std::span<Step> steps);

// Pass "remember" for a comprehension that is otherwise finished; null if its value is not kept.
const OuterReads* FindOuterReads(PlanContext& context, const Node& comprehension);
// Pass "remember" for functions, once all rules are lowered.
void ChooseRemembered(std::span<RuleSet* const> sets);

class Lowering {
 public:
  Lowering(PlanContext& context, std::int32_t var_count, bool new_not)
      : context_(context), slots_(static_cast<std::uint32_t>(var_count)), new_not_(new_not) {}

  VarSet& bound() { return bound_; }
  std::uint32_t slots() const { return slots_; }

  const Block* LowerBody(const Body* body);
  // Steps appended to a body that is still open; used for heads, whose references may iterate.
  struct Open {
    std::vector<Step> steps;
  };
  void LowerExprs(const Body& body, Open& open);
  const Node* LowerTerm(const Term& term, Open& open);
  const Pattern* LowerPattern(const Term& term, Open& open);
  const Block* Close(Open& open);

 private:
  void LowerExpr(const Expr& expr, Open& open);
  void LowerPrint(const Expr& expr, Open& open);
  void LowerPlain(const Expr& expr, Open& open);
  void LowerNegated(const Expr& expr, Open& open);
  Term HoistOperands(const Term& term, Open& open);
  Term Hoist(const Term& term, Open& open);
  void LowerSomeIn(const Expr& expr, Open& open);
  void LowerEvery(const Expr& expr, Open& open);
  void LowerLogic(const Expr& expr, Open& open);
  Step NotStep(const Body& body, Location at);
  void LowerWith(const Expr& expr, Open& open);
  bool LowerWithItem(const With& with, Open& open, WithItem& item);
  void LowerUnify(const Term& a, const Term& b, Open& open, Location at);
  void LowerUnifyArrays(const Term& a, const Term& b, Open& open, Location at);
  bool LowerUnifyObjects(const Term& a, const Term& b, Open& open, Location at);
  bool LowerOutputCall(const Term& call, Open& open, Location at);
  void EmitMatch(const Term& pattern, const Node* node, Open& open, Location at);

  const Node* LowerVar(const Term& term);
  const Node* LowerRef(const Term& ref, Open& open);
  const Node* LowerInput(const Term& ref, std::size_t* next);
  const Node* LowerData(const Term& ref, Open& open, std::size_t* next);
  const Node* LowerKeys(const Node* base, const Term& ref, std::size_t next, Open& open);
  const Node* LowerCall(const Term& call, Open& open);
  const Node* LowerComposite(Op op, const Term& term, Open& open);
  const Node* LowerComprehension(const Term& term);
  const Node* LowerTemplate(const Term& term);
  const Node* LowerOutcomes(const Term& part);
  const Node* FoldConstants(Node* node);

  Node* New(Op op, Location at);
  const Node* Constant(const Value& value, Location at);
  const Node* SlotNode(std::uint32_t slot, Location at);
  const Node* Index(const Node* base, const Node* key, Location at);
  bool IsBound(const Term& term) const;
  // Lowers the iterations in a collection or call, in their order; LowerTerm takes them from `iterations_` as it comes to them.
  void LowerIterations(const Term& term, Open& open);

  PlanContext& context_;
  std::uint32_t slots_;
  bool new_not_;
  VarSet bound_;
  Readiness ready_;
  std::map<const Term*, const Node*> iterations_;
};

template <typename T>
std::span<const T> ToArena(Arena& arena, const std::vector<T>& items) {
  T* copy = arena.NewArray<T>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) copy[i] = items[i];
  return {copy, items.size()};
}

Value ConstantOf(Arena& arena, const Term& scalar);
// The group that a call's operator names, or null.
const RuleGroup* GroupOf(const RuleTree& tree, const Term& op);
int ArityOf(const RuleTree& tree, const Term& op);

}  // namespace intentgate::rego
