// Helpers over syntax trees that partial evaluation shares.
//
// A variable's number is unique in one partial evaluation: every use of a rule gets numbers of its own (Names::Take).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rego/steps.h"
#include "rego/syntax/ast.h"
#include "rego/value.h"

namespace intentgate::rego::partial {

// Steps and syntax of the whole partial evaluation. Throws EvalAbort beyond a limit.
class Budget {
 public:
  // `cancel` outlives it; may be null.
  Budget(std::uint64_t steps, std::size_t bytes, const CancelToken* cancel) : steps_(steps, cancel), cancel_(cancel), bytes_(bytes) {}
  void Steps(std::uint64_t count);
  // Terms that were made; each also counts as a step.
  void Terms(std::size_t count);
  std::uint64_t steps_left() const { return steps_.left(); }
  void SetStepsLeft(std::uint64_t left) { steps_.Start(left, cancel_); }

 private:
  rego::Steps steps_;
  const CancelToken* cancel_;
  std::size_t bytes_;
};

// The variables of a partial evaluation: their names in the policy, by number.
class Names {
 public:
  // Numbers for the variables of one use of a rule; returns the first.
  std::int32_t Take(const std::vector<std::string>& names);
  std::int32_t Fresh(std::string_view name);
  const std::string& operator[](std::int32_t var) const { return names_[static_cast<std::size_t>(var)]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
};

std::size_t CountTerms(const Term& term);
std::size_t CountTerms(const Expr& expr);

// Calls `edit` for every term, parents first; where it gives false, it does not go below. Bodies that are shared with other
// terms are copied first.
using TermEdit = std::function<bool(Term&)>;
void EditTerms(Term& term, const TermEdit& edit);
void EditTerms(Expr& expr, const TermEdit& edit);
void EditTerms(Body& body, const TermEdit& edit);

// Adds `base` to the number of every variable.
template <typename Tree>
void Renumber(Tree& tree, std::int32_t base) {
  EditTerms(tree, [base](Term& t) {
    if (t.IsVar() && t.var != kNoVar) t.var += base;
    return true;
  });
}

using Bindings = std::map<std::int32_t, Term>;

// Puts constants in the place of variables.
template <typename Tree>
void Substitute(Tree& tree, const Bindings& known, Budget& budget) {
  if (known.empty()) return;
  EditTerms(tree, [&](Term& t) {
    budget.Steps(1);
    if (!t.IsVar() || t.var == kNoVar) return true;
    const auto found = known.find(t.var);
    if (found == known.end()) return false;
    budget.Terms(CountTerms(found->second));
    t = found->second;
    return false;
  });
}

Term Var(std::int32_t var, const std::string& name, Location at);
Term Call(std::string_view op, std::vector<Term> args, Location at);
Expr Statement(Term term);
Expr Unify(Term a, Term b);
// A reference to data: "data", then the names.
Term DataRef(const std::vector<std::string>& path, Location at);
// The reference with more keys behind it; a reference as its head is made one with it.
Term WithKeys(Term head, const Term& ref, std::size_t from);

// A value as a literal. Throws EvalAbort if it is nested too deeply to be written.
Term LiteralOf(const Value& value, Location at, Budget& budget);
// A scalar, or a collection of constants.
bool IsConstant(const Term& term);
// Scalars only; numbers that are spelled differently are taken for equal.
bool MayBeEqual(const Term& a, const Term& b);
bool IsFalse(const Term& term);

// Numbers of the variables outside of closures, and of all.
void OpenVars(const Term& term, std::set<std::int32_t>& out);
void OpenVars(const Expr& expr, std::set<std::int32_t>& out);
void AllVars(const Expr& expr, std::set<std::int32_t>& out);

bool IsRelation(const Term& term);
bool IsEquality(const Term& term);  // = or ==
// A builtin that is sure to fail on one of its arguments: undefined, and nothing that a compiler takes.
bool NeverFits(const Term& call);

}  // namespace intentgate::rego::partial
