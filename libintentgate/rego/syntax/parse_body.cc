// Bodies and the literals in them.

#include <algorithm>

#include "rego/syntax/parser_state.h"

namespace intentgate::rego {

// Reads literals up to `end`, which is left for the caller.
std::optional<Body> Parser::ParseBody(Tok end) {
  Body body;
  body.at = token_.at;
  for (;;) {
    while (Accept(Tok::kSemicolon)) {
    }
    if (Is(end)) break;
    if (AtEnd()) return Fail("unexpected end of the text"), std::nullopt;
    std::optional<Expr> expr = ParseLiteral();
    if (!expr) return std::nullopt;
    body.exprs.push_back(std::move(*expr));
    constexpr std::size_t kMaxBody = 2000;  // ordering a body takes quadratic time
    if (body.exprs.size() > kMaxBody) return Fail("a body has more than 2000 expressions", "split it into several rules"), std::nullopt;
    if (Is(end)) break;
    if (!Is(Tok::kSemicolon) && !token_.newline_before) {
      return Fail("unexpected " + Found(), "expected a new line or ; between two expressions"), std::nullopt;
    }
  }
  return body;
}

std::optional<Term> Parser::ParseExpression() {
  std::optional<Term> left = ParseInfix();
  if (!left || !(Is(Tok::kAssign) || Is(Tok::kUnify))) return left;
  const std::string_view name = Is(Tok::kAssign) ? "assign" : "eq";
  const Location at = left->at;
  Scan();
  std::optional<Term> right = ParseInfix();
  if (!right) return std::nullopt;
  return BinaryCall(name, std::move(*left), std::move(*right), at);
}

bool Parser::ParseWiths(Expr& expr) {
  while (Is(Tok::kWith)) {
    With with;
    with.at = token_.at;
    Scan();
    std::optional<Term> target = ParseTerm();
    if (!target) return false;
    if (!target->IsVar() && !(target->IsRef() && target->items[0].IsVar())) {
      return FailAt(target->at, "`with` needs input, a data path or a function before `as`");
    }
    if (!Expect(Tok::kAs, "as")) return false;
    std::optional<Term> value = ParseInfix();
    if (!value) return false;
    with.target = std::move(*target);
    with.value = std::move(*value);
    expr.withs.push_back(std::move(with));
  }
  return true;
}

std::optional<Expr> Parser::ParseSome() {
  Expr expr;
  expr.at = token_.at;
  Scan();
  Mark mark = Save();
  silent_ = true;
  std::optional<Term> term = ParseInfix();
  if (term && term->IsCall() && (term->items[0].IsVar("internal.member_2") || term->items[0].IsVar("internal.member_3"))) {
    silent_ = mark.silent;
    expr.kind = ExprKind::kSomeIn;
    expr.has_key = term->items.size() == 4;
    term->items.erase(term->items.begin());
    expr.terms = std::move(term->items);
    return expr;
  }
  Restore(std::move(mark));
  expr.kind = ExprKind::kSome;
  do {
    if (!Is(Tok::kIdent)) return Fail("expected a variable after `some`, not " + Found()), std::nullopt;
    expr.terms.push_back(MakeVar(token_.text, token_.at));
    Scan();
  } while (Accept(Tok::kComma));
  if (Is(Tok::kIn)) {
    // The pattern was no term of its own: read it again for its error.
    return Fail("expected `x in xs` or `k, v in xs` after `some`"), std::nullopt;
  }
  return expr;
}

std::optional<Expr> Parser::ParseEvery() {
  Expr expr;
  expr.kind = ExprKind::kEvery;
  expr.at = token_.at;
  Scan();
  std::vector<Term> vars;
  do {
    if (!Is(Tok::kIdent)) return Fail("expected a variable after `every`, not " + Found()), std::nullopt;
    vars.push_back(MakeVar(token_.text, token_.at));
    Scan();
  } while (Accept(Tok::kComma));
  if (vars.size() > 2) return Fail("`every` takes one or two variables"), std::nullopt;
  expr.has_key = vars.size() == 2;
  expr.terms = std::move(vars);
  if (!Expect(Tok::kIn, "in")) return std::nullopt;
  std::optional<Term> domain = ParseInfix();
  if (!domain) return std::nullopt;
  expr.terms.push_back(std::move(*domain));
  if (!Expect(Tok::kLBrace, "{")) return std::nullopt;
  std::optional<Body> body = ParseBody(Tok::kRBrace);
  if (!body) return std::nullopt;
  if (body->exprs.empty()) return Fail("the body of `every` is empty"), std::nullopt;
  Scan();
  expr.body = std::make_shared<Body>(std::move(*body));
  return expr;
}

// {a | b; c} reads as a body that starts with a union, and as a comprehension.
bool Parser::StartsWithUnion(const Body& body) {
  if (body.exprs.empty() || body.exprs[0].kind != ExprKind::kTerm || body.exprs[0].negated) return false;
  const Term& first = body.exprs[0].terms[0];
  return first.IsCall() && first.items[0].IsVar("or") && first.items.size() == 3;
}

std::optional<Expr> Parser::ParseNotBlock() {
  Expr expr;
  expr.kind = ExprKind::kBlock;
  const Location at = token_.at;
  Scan();
  const bool spelled_out = Is(Tok::kLParen) || token_.raw == "or";
  std::optional<Body> body = ParseBody(Tok::kRBrace);
  if (!body) return std::nullopt;
  if (!spelled_out && StartsWithUnion(*body)) {
    return FailAt(at, "these braces read as a body with a union and as a comprehension", "put the union, or the comprehension, into parentheses"), std::nullopt;
  }
  if (body->exprs.empty()) return Fail("the body of `not` is empty"), std::nullopt;
  Scan();
  expr.body = std::make_shared<Body>(std::move(*body));
  return expr;
}

}  // namespace intentgate::rego
