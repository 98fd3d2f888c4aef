// Which terms can be computed once some variables are bound, and what they bind in turn.
//
// A reference binds the variables in its brackets; a pattern binds its own; calls, comprehensions and templates bind nothing
// outside of themselves. References anywhere in a term bind for the whole of it, whatever the order of the text:
// [y, input.a[y]] is ready when nothing is bound.
//
// Finding the order may try a term again for each variable that becomes bound, in each term around it: the work of one rule is
// counted, and beyond kMaxOrderingWork nothing is ready any more.
#pragma once

#include <cstdint>
#include <vector>

#include "rego/syntax/ast.h"

namespace intentgate::rego {

// A set of variable numbers of one rule.
class VarSet {
 public:
  bool Has(std::int32_t var) const { return var >= 0 && static_cast<std::size_t>(var) < bits_.size() && bits_[static_cast<std::size_t>(var)]; }
  void Add(std::int32_t var) {
    if (var < 0 || Has(var)) return;
    if (static_cast<std::size_t>(var) >= bits_.size()) bits_.resize(static_cast<std::size_t>(var) + 1);
    bits_[static_cast<std::size_t>(var)] = true;
    ++count_;
  }
  std::size_t count() const { return count_; }

 private:
  std::vector<bool> bits_;
  std::size_t count_ = 0;
};

// Terms that are looked at to order one rule.
inline constexpr std::uint64_t kMaxOrderingWork = 2'000'000;

class Readiness {
 public:
  // True if every variable that the term reads is bound, or becomes bound by a reference in it; `bound` grows by these.
  // The variables that a comprehension shares with what surrounds it, `visible`, must be bound. On failure `bound` may have grown.
  bool Term(const rego::Term& term, VarSet& bound, const VarSet& visible) { return Ordered(term, bound, visible, nullptr); }
  // As Term for a pattern: its variables become bound.
  bool Pattern(const rego::Term& pattern, VarSet& bound, const VarSet& visible);
  bool Unify(const rego::Term& a, const rego::Term& b, VarSet& bound, const VarSet& visible);
  // The iterations in a term, references with unbound brackets and calls with several outputs, in the order in which they must run.
  std::vector<const rego::Term*> Iterations(const rego::Term& term, const VarSet& bound);

  // Counts work done outside. False when there was too much.
  bool Count(std::uint64_t work) {
    left_ -= left_ < work ? left_ : work;
    return left_ > 0;
  }
  bool exhausted() const { return left_ == 0; }
  void Restart() { left_ = kMaxOrderingWork; }

 private:
  bool Ordered(const rego::Term& term, VarSet& bound, const VarSet& visible, std::vector<const rego::Term*>* order);
  bool Leaf(const rego::Term& term, VarSet& bound, const VarSet& visible);
  bool Reference(const rego::Term& ref, VarSet& bound, const VarSet& visible);
  bool Closure(const rego::Term& term, const VarSet& bound, const VarSet& visible);
  bool UnifyArrays(const rego::Term& a, const rego::Term& b, VarSet& bound, const VarSet& visible);
  bool UnifyObjects(const rego::Term& a, const rego::Term& b, VarSet& bound, const VarSet& visible);

  std::uint64_t left_ = kMaxOrderingWork;
};

// A variable of the rule, not a name from outside.
inline bool IsLocal(const Term& t) { return t.IsVar() && t.var != kNoVar; }

}  // namespace intentgate::rego
