#include "rego/compile/safety.h"

#include <algorithm>

#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

bool IsLocal(const Term& t) { return t.IsVar() && t.var != kNoVar; }

// The variables that a closure shares with what surrounds it must be bound.
bool ClosureReady(const Term& term, const VarSet& bound, const VarSet& visible) {
  bool ready = true;
  VisitTerms(term, [&](const Term& t) {
    if (IsLocal(t) && visible.Has(t.var) && !bound.Has(t.var)) ready = false;
    return ready;
  });
  return ready;
}

bool BodyReady(const Body& body, const VarSet& bound, const VarSet& visible) {
  bool ready = true;
  VisitTerms(body, [&](const Term& t) {
    if (IsLocal(t) && visible.Has(t.var) && !bound.Has(t.var)) ready = false;
    return ready;
  });
  return ready;
}

// As inside a negation: nothing is bound, not even by a reference.
bool NothingUnbound(const Term& term, const VarSet& bound, const VarSet& visible) {
  bool ready = true;
  VisitTerms(term, [&](const Term& t) {
    if (t.IsComprehension()) {
      ready = ready && ClosureReady(t, bound, visible);
      return false;
    }
    if (IsLocal(t) && !bound.Has(t.var)) ready = false;
    return ready;
  });
  return ready;
}

bool OperandReady(const Body& operand, const VarSet& bound, const VarSet& visible) {
  const Expr& first = operand.exprs[0];
  if (!operand.implicit || first.kind != ExprKind::kTerm) return BodyReady(operand, bound, visible);
  return NothingUnbound(first.terms[0], bound, visible);
}

bool RefReady(const Term& ref, VarSet& bound, const VarSet& visible) {
  const Term& head = ref.items[0];
  if (head.IsVar()) {
    if (IsLocal(head) && !bound.Has(head.var)) return false;
  } else if (!TermReady(head, bound, visible)) {
    return false;
  }
  for (std::size_t i = 1; i < ref.items.size(); ++i) {
    if (!PatternReady(ref.items[i], bound, visible)) return false;
  }
  return true;
}

}  // namespace

bool TermReady(const Term& t, VarSet& bound, const VarSet& visible) {
  switch (t.kind) {
    case TermKind::kVar: return !IsLocal(t) || bound.Has(t.var);
    case TermKind::kRef: return RefReady(t, bound, visible);
    case TermKind::kArrayComprehension:
    case TermKind::kSetComprehension:
    case TermKind::kObjectComprehension: return ClosureReady(t, bound, visible);
    case TermKind::kTemplate: {
      // Undefined parts are rendered, so a part binds nothing outside of itself.
      VarSet inner = bound;
      return std::all_of(t.items.begin(), t.items.end(), [&](const Term& part) { return TermReady(part, inner, visible); });
    }
    default: {
      // References anywhere in the term bind first, whatever the order of the text.
      std::size_t done = 0;
      std::vector<bool> ready(t.items.size(), false);
      for (bool progress = true; progress && done < t.items.size();) {
        progress = false;
        for (std::size_t i = 0; i < t.items.size(); ++i) {
          if (ready[i]) continue;
          VarSet attempt = bound;
          if (!TermReady(t.items[i], attempt, visible)) continue;
          bound = attempt;
          ready[i] = progress = true;
          ++done;
        }
      }
      return done == t.items.size();
    }
  }
}

bool PatternReady(const Term& t, VarSet& bound, const VarSet& visible) {
  if (IsLocal(t)) {
    bound.Add(t.var);
    return true;
  }
  if (t.kind == TermKind::kArray) {
    return std::all_of(t.items.begin(), t.items.end(), [&](const Term& item) { return PatternReady(item, bound, visible); });
  }
  if (t.kind == TermKind::kObject) {
    for (std::size_t i = 0; i + 1 < t.items.size(); i += 2) {
      if (!TermReady(t.items[i], bound, visible) || !PatternReady(t.items[i + 1], bound, visible)) return false;
    }
    return true;
  }
  return TermReady(t, bound, visible);
}

bool UnifyReady(const Term& a, const Term& b, VarSet& bound, const VarSet& visible) {
  if (a.kind == TermKind::kArray && b.kind == TermKind::kArray && a.items.size() == b.items.size()) {
    std::vector<bool> done(a.items.size(), false);
    std::size_t count = 0;
    for (bool progress = true; progress && count < done.size();) {
      progress = false;
      for (std::size_t i = 0; i < done.size(); ++i) {
        VarSet attempt = bound;
        if (done[i] || !UnifyReady(a.items[i], b.items[i], attempt, visible)) continue;
        bound = attempt;
        done[i] = progress = true;
        ++count;
      }
    }
    return count == done.size();
  }
  if (a.kind == TermKind::kObject && b.kind == TermKind::kObject && a.items.size() == b.items.size()) {
    // Members with equal constant keys unify pairwise; anything else falls through to one side being known.
    VarSet attempt = bound;
    bool pairwise = true;
    for (std::size_t i = 0; i + 1 < a.items.size() && pairwise; i += 2) {
      pairwise = false;
      for (std::size_t j = 0; j + 1 < b.items.size(); j += 2) {
        if (a.items[i].IsScalar() && a.items[i].kind == b.items[j].kind && a.items[i].text == b.items[j].text) {
          pairwise = UnifyReady(a.items[i + 1], b.items[j + 1], attempt, visible);
        }
      }
    }
    if (pairwise) {
      bound = attempt;
      return true;
    }
  }
  VarSet attempt = bound;
  if (TermReady(b, attempt, visible) && PatternReady(a, attempt, visible)) {
    bound = attempt;
    return true;
  }
  attempt = bound;
  if (TermReady(a, attempt, visible) && PatternReady(b, attempt, visible)) {
    bound = attempt;
    return true;
  }
  return false;
}

bool IsUnify(const Expr& expr) {
  return expr.kind == ExprKind::kTerm && expr.terms[0].IsCall() && expr.terms[0].items[0].IsVar("eq") &&
         expr.terms[0].items.size() == 3;
}

void CollectOpenVars(const Term& term, VarSet& out) {
  VisitTerms(term, [&](const Term& t) {
    if (IsLocal(t)) out.Add(t.var);
    return !t.IsComprehension();
  });
}

void CollectOpenVars(const Body& body, VarSet& out) {
  for (const Expr& expr : body.exprs) {
    const std::size_t own = expr.kind == ExprKind::kEvery ? expr.terms.size() - 1 : 0;
    for (std::size_t i = own; i < expr.terms.size(); ++i) CollectOpenVars(expr.terms[i], out);
    for (const With& with : expr.withs) CollectOpenVars(with.value, out);
  }
}

void CollectAllVars(const Body& body, VarSet& out) {
  VisitTerms(body, [&](const Term& t) {
    if (IsLocal(t)) out.Add(t.var);
    return true;
  });
}

bool SafetyPass::ExprReady(const Expr& expr, VarSet& bound, const VarSet& visible) const {
  for (const With& with : expr.withs) {
    if (!TermReady(with.value, bound, visible)) return false;
  }
  switch (expr.kind) {
    case ExprKind::kSome: return true;
    case ExprKind::kSomeIn: {
      if (!TermReady(expr.terms.back(), bound, visible)) return false;
      for (std::size_t i = 0; i + 1 < expr.terms.size(); ++i) {
        if (!PatternReady(expr.terms[i], bound, visible)) return false;
      }
      return true;
    }
    case ExprKind::kEvery: {
      if (!TermReady(expr.terms.back(), bound, visible)) return false;
      return BodyReady(*expr.body, bound, visible);
    }
    case ExprKind::kBlock: return BodyReady(*expr.body, bound, visible);
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return std::all_of(expr.operands.begin(), expr.operands.end(),
                         [&](const auto& operand) { return OperandReady(*operand, bound, visible); });
    case ExprKind::kTerm: break;
  }
  const Term& term = expr.terms[0];
  if (expr.negated) return NothingUnbound(term, bound, visible);
  if (IsUnify(expr)) return UnifyReady(term.items[1], term.items[2], bound, visible);
  if (term.IsCall()) {
    const int arity = arity_of_(self_, term.items[0]);
    const std::size_t args = term.items.size() - 1;
    const bool has_output = arity >= 0 && args == static_cast<std::size_t>(arity) + 1;
    Term inputs = term;
    if (has_output) inputs.items.pop_back();
    inputs.items.erase(inputs.items.begin());
    if (!TermReady(inputs, bound, visible)) return false;
    return !has_output || PatternReady(term.items.back(), bound, visible);
  }
  return TermReady(term, bound, visible);
}

void SafetyPass::OrderTerm(Term& term, const VarSet& bound, const VarSet& outer) {
  if (term.IsComprehension()) {
    VarSet inner = bound;
    VarSet visible = outer;
    for (const Term& head : term.items) CollectOpenVars(head, visible);
    OrderBody(*term.body, inner, visible);
    VarSet head_bound = inner;
    for (Term& head : term.items) {
      VarSet all = visible;
      if (!TermReady(head, head_bound, all)) RequireBound(head, head_bound);
      OrderTerm(head, head_bound, visible);
    }
    return;
  }
  for (Term& item : term.items) OrderTerm(item, bound, outer);
}

void SafetyPass::OrderClosures(Expr& expr, const VarSet& before, const VarSet& after, const VarSet& visible) {
  for (With& with : expr.withs) OrderTerm(with.value, before, visible);
  const bool own_scope = expr.kind == ExprKind::kEvery;
  if (own_scope) {
    OrderTerm(expr.terms.back(), before, visible);
    VarSet inner = after;
    for (std::size_t i = 0; i + 1 < expr.terms.size(); ++i) inner.Add(expr.terms[i].var);
    OrderBody(*expr.body, inner, visible);
    return;
  }
  if (expr.kind == ExprKind::kBlock) {
    VarSet inner = before;
    OrderBody(*expr.body, inner, visible);
    return;
  }
  for (const auto& operand : expr.operands) {
    VarSet inner = before;
    OrderBody(*operand, inner, visible);
  }
  for (Term& term : expr.terms) OrderTerm(term, after, visible);
}

void SafetyPass::OrderBody(Body& body, VarSet& bound, const VarSet& outer) {
  VarSet visible = outer;
  CollectOpenVars(body, visible);
  std::vector<Expr> ordered;
  ordered.reserve(body.exprs.size());
  std::vector<bool> taken(body.exprs.size(), false);
  for (bool progress = true; progress && ordered.size() < body.exprs.size();) {
    progress = false;
    for (std::size_t i = 0; i < body.exprs.size(); ++i) {
      if (taken[i]) continue;
      VarSet attempt = bound;
      if (!ExprReady(body.exprs[i], attempt, visible)) continue;
      OrderClosures(body.exprs[i], bound, attempt, visible);
      bound = attempt;
      taken[i] = progress = true;
      ordered.push_back(std::move(body.exprs[i]));
    }
  }
  for (std::size_t i = 0; i < body.exprs.size(); ++i) {
    if (!taken[i]) ReportUnsafe(body.exprs[i], bound, visible);
  }
  body.exprs = std::move(ordered);
}

void SafetyPass::RequireBound(const Term& term, const VarSet& bound) {
  VisitTerms(term, [&](const Term& t) {
    if (IsLocal(t) && !bound.Has(t.var)) {
      diagnostics_.Add("rego_unsafe_var_error", t.at, "var " + t.text + " is unsafe",
                       t.IsWildcard() ? "use `some` or a comprehension to look at all elements"
                                      : "give " + t.text + " a value outside of negations, calls and comparisons");
    }
    return !t.IsComprehension();
  });
}

void SafetyPass::ReportUnsafe(const Expr& expr, const VarSet& bound, const VarSet& visible) {
  const std::size_t before = diagnostics_.size();
  for (const With& with : expr.withs) RequireBound(with.value, bound);
  for (const Term& term : expr.terms) RequireBound(term, bound);
  if (diagnostics_.size() != before) return;
  const auto closure = [&](const Term& t) {
    if (IsLocal(t) && visible.Has(t.var) && !bound.Has(t.var)) {
      diagnostics_.Add("rego_unsafe_var_error", t.at, "var " + t.text + " is unsafe");
    }
    return true;
  };
  VisitTerms(expr, closure);
  for (const auto& operand : expr.operands) {
    if (diagnostics_.size() != before || !operand->implicit) continue;
    for (const Term& term : operand->exprs[0].terms) RequireBound(term, bound);
  }
}

void SafetyPass::OrderBranch(Rule& rule, VarSet bound, const std::vector<Term>& keys) {
  VarSet outer;
  for (const Term& key : keys) CollectOpenVars(key, outer);
  if (rule.key) CollectOpenVars(*rule.key, outer);
  if (rule.value) CollectOpenVars(*rule.value, outer);
  for (const Term& arg : rule.args) CollectOpenVars(arg, outer);
  if (rule.body) OrderBody(*rule.body, bound, outer);
  for (Term* head : {rule.key ? &*rule.key : nullptr, rule.value ? &*rule.value : nullptr}) {
    if (head == nullptr) continue;
    if (!TermReady(*head, bound, outer)) RequireBound(*head, bound);
    OrderTerm(*head, bound, outer);
  }
  for (const Term& key : keys) {
    if (!TermReady(key, bound, outer)) RequireBound(key, bound);
  }
}

void SafetyPass::OrderRule(GroupedRule& grouped, const VarSet& bound_in) {
  VarSet bound = bound_in;
  const VarSet none;
  for (const Term& arg : grouped.rule.args) static_cast<void>(PatternReady(arg, bound, none));
  OrderBranch(grouped.rule, bound, grouped.keys);
  for (Rule& other : grouped.rule.otherwise) OrderBranch(other, bound, {});
}

}  // namespace intentgate::rego
