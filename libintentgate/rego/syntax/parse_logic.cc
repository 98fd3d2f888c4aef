// Literals, and what joins them: not, and, or. Precedence, tightest first: not, and, or, with.
//
// An operand of `and` and `or` is one expression, a body in braces, or a group in parentheses. Braces and parentheses
// may also start a plain term ({1, 2} == x, (a + b) > c), so they are tried as an operand first and read again.

#include "rego/syntax/parser_state.h"

namespace intentgate::rego {
namespace {

std::shared_ptr<Body> BodyOf(Expr expr) {
  auto body = std::make_shared<Body>();
  body->implicit = true;
  body->at = expr.at;
  body->exprs.push_back(std::move(expr));
  return body;
}

}  // namespace

std::optional<Expr> Parser::ParseLiteral() {
  const NestingGuard guard(*this);
  if (!guard.ok()) return Fail("expression is nested too deeply"), std::nullopt;
  std::optional<Expr> expr;
  const bool braces = Is(Tok::kLBrace);
  if (LogicIsOn() && braces) {
    if (std::shared_ptr<Body> first = ParseBraceOperand()) {
      expr = ParseLogic(std::move(first));
      return expr && ParseWiths(*expr) ? std::move(expr) : std::nullopt;
    }
    if (failed_) return std::nullopt;
  }
  expr = ParseUnit();
  if (!expr) return std::nullopt;
  if (AtLogic()) {
    if (braces && expr->kind == ExprKind::kTerm) {
      return FailAt(expr->at, "an operand of `" + std::string(token_.raw) + "` cannot begin with { unless the braces hold a body",
                    "put the value into parentheses"), std::nullopt;
    }
    if (expr->kind == ExprKind::kSome || expr->kind == ExprKind::kSomeIn || expr->kind == ExprKind::kEvery) {
      return Fail("`" + std::string(token_.raw) + "` cannot follow `some` or `every`", "put the expression into braces"), std::nullopt;
    }
    expr = ParseLogic(BodyOf(std::move(*expr)));
    if (!expr) return std::nullopt;
  }
  if (!ParseWiths(*expr)) return std::nullopt;
  if (AtLogic()) {
    return Fail("`with` is not allowed on an operand of `" + std::string(token_.raw) + "`",
                "put the operand into parentheses, or move `with` behind the whole expression"), std::nullopt;
  }
  return expr;
}

// One expression without what joins it to others, and without `with`.
std::optional<Expr> Parser::ParseUnit() {
  const Location at = token_.at;
  const bool negated = Accept(Tok::kNot);
  std::optional<Expr> expr;
  if (Is(Tok::kSome)) {
    if (negated) return Fail("`some` cannot be negated"), std::nullopt;
    expr = ParseSome();
  } else if (Is(Tok::kEvery)) {
    expr = ParseEvery();
  } else {
    expr = ParseOperandForm(negated);
  }
  if (!expr) return std::nullopt;
  expr->at = at;
  // A group that is a negation keeps its own sign.
  if (negated) expr->negated = true;
  return expr;
}

// A negated body, a group, or a term.
std::optional<Expr> Parser::ParseOperandForm(bool negated) {
  std::optional<Expr> expr;
  if (negated && new_not_ && Is(Tok::kLBrace)) return ParseNotBlock();
  if (LogicIsOn() && Is(Tok::kLParen) && (!negated || new_not_)) expr = ParseGroup();
  if (expr && negated) {
    Expr block;
    block.kind = ExprKind::kBlock;
    block.body = BodyOf(std::move(*expr));
    return block;
  }
  if (expr) return expr;
  std::optional<Term> term = ParseExpression();
  if (!term) return std::nullopt;
  expr.emplace();
  expr->terms.push_back(std::move(*term));
  return expr;
}

// (a or b): nullopt, with the parser back at the parenthesis, if it is a term in parentheses.
std::optional<Expr> Parser::ParseGroup() {
  Mark mark = Save();
  silent_ = true;
  Scan();
  std::optional<Expr> inner = ParseLiteral();
  const bool is_term = inner && inner->kind == ExprKind::kTerm && !inner->negated && inner->withs.empty();
  if (inner && !is_term && Is(Tok::kRParen)) {
    silent_ = mark.silent;
    Scan();
    if (inner->withs.empty()) return inner;
    // A `with` behind the parentheses adds to the inner ones instead of joining them.
    Expr group;
    group.kind = ExprKind::kAnd;
    group.at = inner->at;
    group.operands.push_back(BodyOf(std::move(*inner)));
    return group;
  }
  Restore(std::move(mark));
  return std::nullopt;
}

// { body } before `and` or `or`: null, with the parser back at the brace, if it is something else.
std::shared_ptr<Body> Parser::ParseBraceOperand() {
  Mark mark = Save();
  silent_ = true;
  Scan();
  std::optional<Body> body = ParseBody(Tok::kRBrace);
  if (body && !body->exprs.empty()) {
    Scan();
    if (AtLogic()) {
      silent_ = mark.silent;
      if (StartsWithUnion(*body)) {
        FailAt(mark.token.at, "these braces read as a body with a union and as a comprehension", "put the union into parentheses");
        return nullptr;
      }
      return std::make_shared<Body>(std::move(*body));
    }
  }
  Restore(std::move(mark));
  return nullptr;
}

std::shared_ptr<Body> Parser::ParseOperand() {
  if (Is(Tok::kLBrace)) {
    Scan();
    std::optional<Body> body = ParseBody(Tok::kRBrace);
    if (!body) return nullptr;
    if (body->exprs.empty()) return Fail("an operand's body is empty"), nullptr;
    Scan();
    return std::make_shared<Body>(std::move(*body));
  }
  std::optional<Expr> expr = ParseUnit();
  return expr ? BodyOf(std::move(*expr)) : nullptr;
}

// `first` and the operands behind it that `and` joins.
std::shared_ptr<Body> Parser::ParseAnds(std::shared_ptr<Body> first) {
  if (!Is(Tok::kLogicAnd)) return first;
  Expr all;
  all.kind = ExprKind::kAnd;
  all.at = first->at;
  all.operands.push_back(std::move(first));
  while (Accept(Tok::kLogicAnd)) {
    std::shared_ptr<Body> next = ParseOperand();
    if (next == nullptr) return nullptr;
    all.operands.push_back(std::move(next));
  }
  return BodyOf(std::move(all));
}

std::optional<Expr> Parser::ParseLogic(std::shared_ptr<Body> first) {
  Expr any;
  any.kind = ExprKind::kOr;
  any.at = first->at;
  first = ParseAnds(std::move(first));
  if (first == nullptr) return std::nullopt;
  any.operands.push_back(std::move(first));
  while (Accept(Tok::kLogicOr)) {
    std::shared_ptr<Body> next = ParseOperand();
    if (next != nullptr) next = ParseAnds(std::move(next));
    if (next == nullptr) return std::nullopt;
    any.operands.push_back(std::move(next));
  }
  if (any.operands.size() == 1) return std::move(any.operands[0]->exprs[0]);
  return any;
}

}  // namespace intentgate::rego
