// Negations that mean the same with and without `import future.keywords.not`, and without `and` and `or`: what is written down may be evaluated
// as either.
//
// Without the import, the operands of a negated call are evaluated outside of the negation (compile/lower_body.cc): they get
// variables of their own. With it, what is more than a call of variables becomes "no answer": [true | body] = [].

#include <algorithm>

#include "rego/partial/evaluator.h"

namespace intentgate::rego::partial {
namespace {

bool IsSimpleOperand(const Term& t) { return t.IsVar() || IsConstant(t); }

bool IsSimpleRef(const Term& t) {
  return t.IsRef() && t.items[0].IsVar() && std::all_of(t.items.begin() + 1, t.items.end(), IsSimpleOperand);
}

// What a negation means the same of in every module.
bool IsSimple(const Term& t) {
  if (t.IsVar() || t.IsScalar() || IsSimpleRef(t)) return true;
  if (!t.IsCall()) return false;
  const bool equality = IsEquality(t);
  return std::all_of(t.items.begin() + 1, t.items.end(),
                     [&](const Term& item) { return IsSimpleOperand(item) || (equality && IsSimpleRef(item)); });
}

Term Answers(Body body, Location at) {
  Term list = MakeComposite(TermKind::kArrayComprehension, {MakeBool(true, at)}, at);
  list.body = std::make_shared<Body>(std::move(body));
  return list;
}

Expr Holds(Body body, bool wanted, Location at) {
  Term none = MakeComposite(TermKind::kArray, {}, at);
  return Statement(Call(wanted ? "neq" : "equal", {Answers(std::move(body), at), std::move(none)}, at));
}

// Takes calls and references out of a negated term, innermost first, as lowering does.
class Hoist {
 public:
  Hoist(const Expr& expr, Names& names, std::vector<Expr>& out) : expr_(expr), names_(names), out_(out) {}

  Term Operands(Term term) {
    const bool equality = IsEquality(term);
    for (std::size_t i = 1; i < term.items.size(); ++i) {
      Term& item = term.items[i];
      item = equality && item.IsRef() ? Operands(std::move(item)) : Take(std::move(item));
    }
    return term;
  }

 private:
  Term Take(Term term) {
    if (term.kind == TermKind::kArray || term.kind == TermKind::kSet || term.kind == TermKind::kObject) {
      if (IsConstant(term)) return term;
      for (Term& item : term.items) item = Take(std::move(item));
      return Bind(std::move(term));
    }
    if (term.IsVar() || term.IsScalar()) return term;
    if (term.IsRef() || term.IsCall()) {
      for (std::size_t i = 1; i < term.items.size(); ++i) term.items[i] = Take(std::move(term.items[i]));
    }
    return Bind(std::move(term));
  }

  Term Bind(Term term) {
    Term var = Var(names_.Fresh("v"), "v", term.at);
    Expr bind = Unify(var, std::move(term));
    bind.withs = expr_.withs;
    out_.push_back(std::move(bind));
    return var;
  }

  const Expr& expr_;
  Names& names_;
  std::vector<Expr>& out_;
};

Body BodyOf(Expr expr) {
  Body body;
  body.at = expr.at;
  body.exprs.push_back(std::move(expr));
  return body;
}

Expr Logic(const Expr& expr) {
  if (expr.kind == ExprKind::kAnd) {
    Body all;
    for (const auto& operand : expr.operands) all.exprs.push_back(Holds(*operand, true, expr.at));
    return all.exprs.size() == 1 ? all.exprs[0] : Holds(std::move(all), true, expr.at);
  }
  Body none;
  for (const auto& operand : expr.operands) none.exprs.push_back(Holds(*operand, false, expr.at));
  return Holds(std::move(none), false, expr.at);
}

}  // namespace

std::optional<std::vector<Expr>> Neutral(const Expr& expr, bool new_not, Names& names) {
  std::vector<Expr> out;
  const bool logic = expr.kind == ExprKind::kAnd || expr.kind == ExprKind::kOr;
  if (logic && !expr.negated) {
    out.push_back(Logic(expr));
    out.back().withs = expr.withs;
    return out;
  }
  if (expr.kind == ExprKind::kBlock) {
    out.push_back(Holds(*expr.body, false, expr.at));
    out.back().withs = expr.withs;
    return out;
  }
  if (!expr.negated) return std::nullopt;
  Expr positive = expr;
  positive.negated = false;
  if (expr.kind == ExprKind::kTerm && IsConstant(expr.terms[0])) {
    out.push_back(Statement(MakeBool(IsFalse(expr.terms[0]), expr.at)));
    return out;
  }
  if (expr.kind == ExprKind::kTerm && IsSimple(expr.terms[0])) return std::nullopt;
  const bool hoisted = !new_not && expr.kind == ExprKind::kTerm && (expr.terms[0].IsCall() || expr.terms[0].IsRef());
  if (hoisted) {
    Expr plain = expr;
    plain.terms[0] = Hoist(expr, names, out).Operands(expr.terms[0]);
    if (IsSimple(plain.terms[0])) {
      out.push_back(std::move(plain));
      return out;
    }
    positive.terms[0] = std::move(plain.terms[0]);
  }
  positive.withs.clear();
  out.push_back(Holds(BodyOf(std::move(positive)), false, expr.at));
  out.back().withs = expr.withs;
  return out;
}

}  // namespace intentgate::rego::partial
