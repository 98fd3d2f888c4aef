// A variable is taken out only where the outcome is the same: what it stood for must still be evaluated, outside of negations and
// closures, where it can fail the body as before; and no `with` may come between.

#include "rego/partial/tidy.h"

#include <algorithm>

#include "rego/syntax/visit.h"

namespace intentgate::rego::partial {
namespace {

bool IsGroundRef(const Term& t) {
  return t.IsRef() && t.items[0].IsVar() && t.items[0].var == kNoVar &&
         std::all_of(t.items.begin() + 1, t.items.end(), [](const Term& key) { return key.IsScalar(); });
}

// The variable and what it is equal to, if the expression is nothing else.
const Term* Meaning(const Expr& expr, std::int32_t* var) {
  if (expr.kind != ExprKind::kTerm || expr.negated || !expr.withs.empty() || !expr.terms[0].IsCall() || !expr.terms[0].items[0].IsVar("eq")) return nullptr;
  const Term& a = expr.terms[0].items[1];
  const Term& b = expr.terms[0].items[2];
  for (const auto& [left, right] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (!left->IsVar() || left->var == kNoVar || !IsGroundRef(*right)) continue;
    *var = left->var;
    return right;
  }
  return nullptr;
}

bool Mentions(const Term& term, std::int32_t var) {
  bool found = false;
  VisitTerms(term, [&](const Term& t) { return found = found || (t.IsVar() && t.var == var), !found; });
  return found;
}

bool Mentions(const Expr& expr, std::int32_t var) {
  bool found = false;
  VisitTerms(expr, [&](const Term& t) { return found = found || (t.IsVar() && t.var == var), !found; });
  return found;
}

bool MentionsOpenly(const Term& term, std::int32_t var) {
  std::set<std::int32_t> vars;
  OpenVars(term, vars);
  return vars.count(var) > 0;
}

// Evaluated wherever the expression is, so that an undefined value fails it.
bool Demands(const Expr& expr, std::int32_t var) {
  if (expr.kind != ExprKind::kTerm || expr.negated || !expr.withs.empty()) return false;
  return MentionsOpenly(expr.terms[0], var);
}

// A pattern of `some` declares its variables anew.
bool Declares(const Expr& expr, std::int32_t var) {
  if (expr.kind != ExprKind::kSomeIn && expr.kind != ExprKind::kEvery) return false;
  return std::any_of(expr.terms.begin(), expr.terms.end() - 1, [&](const Term& t) { return Mentions(t, var); });
}

void Replace(Term& term, std::int32_t var, const Term& by, Budget& budget) {
  EditTerms(term, [&](Term& t) {
    budget.Steps(1);
    if (t.IsVar() && t.var == var) return t = by, false;
    if (t.IsRef() && t.items[0].IsVar() && t.items[0].var == var) t = WithKeys(by, t, 1);
    return true;
  });
}

bool HasWith(const Expr& expr) {
  const auto below = [](const Body& body) { return std::any_of(body.exprs.begin(), body.exprs.end(), HasWith); };
  if (!expr.withs.empty() || (expr.body && below(*expr.body))) return true;
  bool found = false;
  const auto closure = [&](const Term& t) {
    found = found || (t.body && below(*t.body));
    return !found;
  };
  for (const Term& term : expr.terms) VisitTerms(term, closure);
  return found;
}

bool CanReplace(const std::vector<Expr>& body, std::size_t at, const std::vector<Term*>& heads, std::int32_t var) {
  bool demanded = std::any_of(heads.begin(), heads.end(), [&](const Term* head) { return MentionsOpenly(*head, var); });
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (i == at || !Mentions(body[i], var)) continue;
    if (HasWith(body[i]) || Declares(body[i], var)) return false;
    demanded = demanded || Demands(body[i], var);
  }
  return demanded;
}

}  // namespace

void Tidy(std::vector<Expr>& body, const std::vector<Term*>& heads, const std::set<std::int32_t>& keep, Budget& budget) {
  for (std::size_t i = 0; i < body.size();) {
    std::int32_t var = kNoVar;
    const Term* meaning = Meaning(body[i], &var);
    budget.Steps(body.size());
    if (meaning == nullptr || keep.count(var) > 0 || !CanReplace(body, i, heads, var)) {
      ++i;
      continue;
    }
    const Term by = *meaning;
    body.erase(body.begin() + static_cast<std::ptrdiff_t>(i));
    for (Expr& expr : body) {
      if (!Mentions(expr, var)) continue;
      for (Term& term : expr.terms) Replace(term, var, by, budget);
      if (!expr.body) continue;
      expr.body = std::make_shared<Body>(*expr.body);
      EditTerms(*expr.body, [&](Term& t) {
        if (t.IsVar() && t.var == var) return t = by, false;
        if (t.IsRef() && t.items[0].IsVar() && t.items[0].var == var) t = WithKeys(by, t, 1);
        return true;
      });
    }
    for (Term* head : heads) Replace(*head, var, by, budget);
  }
}

void TidyRule(Rule& rule, Budget& budget) {
  if (!rule.body) return;
  std::vector<Term*> heads;
  if (rule.value) heads.push_back(&*rule.value);
  if (rule.key) heads.push_back(&*rule.key);
  std::set<std::int32_t> keep;
  OpenVars(rule.ref, keep);
  for (const Term& arg : rule.args) OpenVars(arg, keep);
  Tidy(rule.body->exprs, heads, keep, budget);
  if (rule.body->exprs.empty()) rule.body.reset();
}

}  // namespace intentgate::rego::partial
