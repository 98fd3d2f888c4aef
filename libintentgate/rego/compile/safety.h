// Pass "safety and reordering": puts the expressions of every body into an order in which each finds its variables
// bound, and reports variables that nothing binds.
//
// The order is OPA's: again and again, in the order of the text, every expression whose needs are met is taken.
// What an expression needs: negated ones, calls and comprehensions need their variables; a reference
// binds the variables in its brackets; = binds the variables of one side from the other.
#pragma once

#include <optional>
#include <vector>

#include "rego/compile/diagnostics.h"
#include "rego/compile/readiness.h"
#include "rego/compile/rule_tree.h"
#include "rego/syntax/ast.h"

namespace intentgate::rego {

class SafetyPass {
 public:
  // `arity_of` gives the number of arguments of a call's operator, -1 if it is unknown.
  using ArityOf = int (*)(const void* self, const Term& op);
  SafetyPass(ArityOf arity_of, const void* self, Diagnostics& diagnostics)
      : arity_of_(arity_of), self_(self), diagnostics_(diagnostics) {}

  // Orders a rule's bodies in place, with `bound` bound on entry besides its arguments.
  void OrderRule(GroupedRule& rule, const VarSet& bound);
  // Orders one body; `bound` grows by what it binds. `outer`: variables that occur around the body, which its
  // closures must find bound.
  void OrderBody(Body& body, VarSet& bound, const VarSet& outer);
  // Orders the comprehensions inside a term whose variables are bound.
  void OrderTerm(Term& term, const VarSet& bound, const VarSet& outer);
  // Reports each unbound variable of the term.
  void RequireBound(const Term& term, const VarSet& bound);

 private:
  bool ExprReady(const Expr& expr, VarSet& bound, const VarSet& visible);
  bool BodyReady(const Body& body, const VarSet& bound, const VarSet& visible);
  bool NothingUnbound(const Term& term, const VarSet& bound, const VarSet& visible);
  // A call inside `expr` that is ready where the whole is not, and binds something: as an expression of its own, to stand before it. OPA
  // evaluates the calls inside an expression before it.
  std::optional<Expr> EarlyCall(const Expr& expr, VarSet& bound, const VarSet& visible);
  bool OperandReady(const Body& operand, const VarSet& bound, const VarSet& visible);
  // Says so if the rule is too much to order. True then.
  bool ReportExhausted(Location at);
  void OrderClosures(Expr& expr, const VarSet& before, const VarSet& after, const VarSet& visible);
  void ReportUnsafe(const Expr& expr, const VarSet& bound, const VarSet& visible);
  void OrderBranch(Rule& rule, VarSet bound, const std::vector<Term>& keys);

  ArityOf arity_of_;
  const void* self_;
  Diagnostics& diagnostics_;
  Readiness ready_;
};

// Adds the variables of a term or body outside of closures.
void CollectOpenVars(const Term& term, VarSet& out);
void CollectOpenVars(const Body& body, VarSet& out);
// Adds all variables, closures included.
void CollectAllVars(const Body& body, VarSet& out);
// The body with the equation or call of an expression taken apart: = has two sides.
bool IsUnify(const Expr& expr);

}  // namespace intentgate::rego
