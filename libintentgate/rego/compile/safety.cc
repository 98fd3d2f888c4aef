#include "rego/compile/safety.h"

#include <algorithm>

#include "rego/syntax/visit.h"

namespace intentgate::rego {
bool SafetyPass::BodyReady(const Body& body, const VarSet& bound, const VarSet& visible) {
  bool ready = true;
  VisitTerms(body, [&](const Term& t) {
    if (!ready_.Count(1) || (IsLocal(t) && visible.Has(t.var) && !bound.Has(t.var))) ready = false;
    return ready;
  });
  return ready;
}

// As inside a negation: nothing is bound, not even by a reference.
bool SafetyPass::NothingUnbound(const Term& term, const VarSet& bound, const VarSet& visible) {
  bool ready = true;
  VisitTerms(term, [&](const Term& t) {
    if (t.IsComprehension()) {
      VarSet same = bound;
      ready = ready && ready_.Term(t, same, visible);
      return false;
    }
    if (!ready_.Count(1) || (IsLocal(t) && !bound.Has(t.var))) ready = false;
    return ready;
  });
  return ready;
}

bool SafetyPass::OperandReady(const Body& operand, const VarSet& bound, const VarSet& visible) {
  const Expr& first = operand.exprs[0];
  if (!operand.implicit || first.kind != ExprKind::kTerm) return BodyReady(operand, bound, visible);
  return NothingUnbound(first.terms[0], bound, visible);
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

bool SafetyPass::ExprReady(const Expr& expr, VarSet& bound, const VarSet& visible) {
  for (const With& with : expr.withs) {
    if (!ready_.Term(with.value, bound, visible)) return false;
  }
  switch (expr.kind) {
    case ExprKind::kSome: return true;
    case ExprKind::kSomeIn: {
      if (!ready_.Term(expr.terms.back(), bound, visible)) return false;
      for (std::size_t i = 0; i + 1 < expr.terms.size(); ++i) {
        if (!ready_.Pattern(expr.terms[i], bound, visible)) return false;
      }
      return true;
    }
    case ExprKind::kEvery: {
      if (!ready_.Term(expr.terms.back(), bound, visible)) return false;
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
  if (IsUnify(expr)) return ready_.Unify(term.items[1], term.items[2], bound, visible);
  if (term.IsCall()) {
    const int arity = arity_of_(self_, term.items[0]);
    const std::size_t args = term.items.size() - 1;
    const bool has_output = arity >= 0 && args == static_cast<std::size_t>(arity) + 1;
    Term inputs = term;
    if (has_output) inputs.items.pop_back();
    inputs.items.erase(inputs.items.begin());
    if (!ready_.Term(inputs, bound, visible)) return false;
    return !has_output || ready_.Pattern(term.items.back(), bound, visible);
  }
  return ready_.Term(term, bound, visible);
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
      if (!ready_.Term(head, head_bound, all)) RequireBound(head, head_bound);
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

std::optional<Expr> SafetyPass::EarlyCall(const Expr& expr, VarSet& bound, const VarSet& visible) {
  std::optional<Expr> early;
  if (expr.kind != ExprKind::kTerm || expr.negated || !expr.withs.empty()) return early;
  VisitTerms(expr.terms[0], [&](const Term& t) {
    if (early || t.IsComprehension() || t.kind == TermKind::kTemplate) return false;
    if (!t.IsCall() || &t == &expr.terms[0]) return true;
    VarSet attempt = bound;
    if (!ready_.Term(t, attempt, visible) || attempt.count() == bound.count()) return true;
    bound = std::move(attempt);
    early = Expr{};
    early->at = t.at;
    early->terms.push_back(MakeComposite(TermKind::kArray, {t}, t.at));  // holds whatever the call gives
    return false;
  });
  return early;
}

void SafetyPass::OrderBody(Body& body, VarSet& bound, const VarSet& outer) {
  VarSet visible = outer;
  CollectOpenVars(body, visible);
  std::vector<Expr> ordered;
  ordered.reserve(body.exprs.size());
  std::vector<bool> taken(body.exprs.size(), false);
  std::size_t added = 0;
  for (bool progress = true; progress && ordered.size() < body.exprs.size() + added;) {
    progress = false;
    for (std::size_t i = 0; i < body.exprs.size(); ++i) {
      if (taken[i]) continue;
      VarSet attempt = bound;
      if (!ExprReady(body.exprs[i], attempt, visible)) continue;
      OrderClosures(body.exprs[i], bound, attempt, visible);
      bound = std::move(attempt);
      taken[i] = progress = true;
      ordered.push_back(std::move(body.exprs[i]));
    }
    for (std::size_t i = 0; i < body.exprs.size() && !progress; ++i) {
      const VarSet before = bound;
      std::optional<Expr> early = taken[i] ? std::nullopt : EarlyCall(body.exprs[i], bound, visible);
      if (!early) continue;
      Body alone;
      alone.exprs.push_back(std::move(*early));
      Unshare(alone);
      OrderClosures(alone.exprs[0], before, bound, visible);
      ordered.push_back(std::move(alone.exprs[0]));
      ++added;
      progress = true;
    }
  }
  if (ordered.size() < body.exprs.size() + added && !ReportExhausted(body.exprs[0].at)) {
    for (std::size_t i = 0; i < body.exprs.size(); ++i) {
      if (!taken[i]) ReportUnsafe(body.exprs[i], bound, visible);
    }
  }
  body.exprs = std::move(ordered);
}

bool SafetyPass::ReportExhausted(Location at) {
  if (!ready_.exhausted()) return false;
  diagnostics_.Add("rego_compile_error", at, "the rule is too complex to find an order of evaluation for it", "split it up with rules or local variables");
  return true;
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
    if (!ready_.Term(*head, bound, outer)) RequireBound(*head, bound);
    OrderTerm(*head, bound, outer);
  }
  for (const Term& key : keys) {
    if (!ready_.Term(key, bound, outer)) RequireBound(key, bound);
  }
}

void SafetyPass::OrderRule(GroupedRule& grouped, const VarSet& bound_in) {
  ready_.Restart();
  VarSet bound = bound_in;
  const VarSet none;
  for (const Term& arg : grouped.rule.args) static_cast<void>(ready_.Pattern(arg, bound, none));
  OrderBranch(grouped.rule, bound, grouped.keys);
  for (Rule& other : grouped.rule.otherwise) OrderBranch(other, bound, {});
}

}  // namespace intentgate::rego
