#include "rego/syntax/visit.h"

namespace intentgate::rego {

void VisitTerms(const Term& term, const TermVisitor& visit) {
  if (!visit(term)) return;
  for (const Term& item : term.items) VisitTerms(item, visit);
  if (term.body) VisitTerms(*term.body, visit);
}

void VisitTerms(const Expr& expr, const TermVisitor& visit) {
  for (const Term& term : expr.terms) VisitTerms(term, visit);
  if (expr.body) VisitTerms(*expr.body, visit);
  for (const auto& operand : expr.operands) VisitTerms(*operand, visit);
  for (const With& with : expr.withs) {
    VisitTerms(with.target, visit);
    VisitTerms(with.value, visit);
  }
}

void VisitTerms(const Body& body, const TermVisitor& visit) {
  for (const Expr& expr : body.exprs) VisitTerms(expr, visit);
}

namespace {

void Unshare(Term& term) {
  for (Term& item : term.items) Unshare(item);
  if (term.body) {
    term.body = std::make_shared<Body>(*term.body);
    rego::Unshare(*term.body);
  }
}

}  // namespace

void Unshare(Body& body) {
  for (Expr& expr : body.exprs) {
    for (Term& term : expr.terms) Unshare(term);
    for (With& with : expr.withs) {
      Unshare(with.target);
      Unshare(with.value);
    }
    if (expr.body) {
      expr.body = std::make_shared<Body>(*expr.body);
      Unshare(*expr.body);
    }
    for (auto& operand : expr.operands) {
      operand = std::make_shared<Body>(*operand);
      Unshare(*operand);
    }
  }
}

void Unshare(Rule& rule) {
  Unshare(rule.ref);
  for (Term& arg : rule.args) Unshare(arg);
  if (rule.key) Unshare(*rule.key);
  if (rule.value) Unshare(*rule.value);
  if (rule.body) Unshare(*rule.body);
  for (Rule& other : rule.otherwise) Unshare(other);
}

}  // namespace intentgate::rego
