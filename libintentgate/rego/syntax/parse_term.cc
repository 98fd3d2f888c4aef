// Terms and operators. Precedence, loosest first: in, comparisons, |, &, + -, * / %.
// A head before "|" is tried as a comprehension first and read again as a union if that fails.

#include <algorithm>
#include <array>
#include <utility>

#include "rego/syntax/parser_state.h"

namespace intentgate::rego {
namespace {

struct Operator {
  Tok token;
  int level;
  std::string_view name;
};
constexpr std::array<Operator, 13> kOperators = {{{Tok::kEq, 0, "equal"},
                                                  {Tok::kNeq, 0, "neq"},
                                                  {Tok::kLt, 0, "lt"},
                                                  {Tok::kLte, 0, "lte"},
                                                  {Tok::kGt, 0, "gt"},
                                                  {Tok::kGte, 0, "gte"},
                                                  {Tok::kOr, 1, "or"},
                                                  {Tok::kAnd, 2, "and"},
                                                  {Tok::kPlus, 3, "plus"},
                                                  {Tok::kMinus, 3, "minus"},
                                                  {Tok::kMul, 4, "mul"},
                                                  {Tok::kDiv, 4, "div"},
                                                  {Tok::kRem, 4, "rem"}}};
constexpr int kTightest = 5;

std::string_view OperatorName(Tok token, int level) {
  for (const Operator& op : kOperators) {
    if (op.token == token && op.level == level) return op.name;
  }
  return {};
}

}  // namespace

std::optional<Term> Parser::Composite(TermKind kind, std::vector<Term> items, Location at) {
  Term t = MakeComposite(kind, std::move(items), at);
  if (t.depth > kMaxTermDepth) {
    FailAt(at, "expression is nested too deeply (limit " + std::to_string(kMaxTermDepth) + ")",
           "split it up with rules or local variables");
    return std::nullopt;
  }
  return t;
}

std::optional<Term> Parser::BinaryCall(std::string_view name, Term left, Term right, Location at) {
  std::vector<Term> items;
  items.push_back(MakeVar(name, at));
  items.push_back(std::move(left));
  items.push_back(std::move(right));
  return Composite(TermKind::kCall, std::move(items), at);
}

std::optional<Term> Parser::ParseInfix(bool allow_pair, std::optional<Term> first) {
  const NestingGuard guard(*this);
  if (!guard.ok()) return Fail("expression is nested too deeply"), std::nullopt;
  std::optional<Term> left = ParseBinary(0, std::move(first));
  if (!left) return std::nullopt;
  if (allow_pair && Is(Tok::kComma)) {
    Mark mark = Save();
    silent_ = true;
    Scan();
    std::optional<Term> value = ParseBinary(0);
    if (value && Is(Tok::kIn)) {
      silent_ = mark.silent;
      const Location at = left->at;
      Scan();
      std::optional<Term> domain = ParseBinary(0);
      if (!domain) return std::nullopt;
      std::vector<Term> items;
      items.push_back(MakeVar("internal.member_3", at));
      items.push_back(std::move(*left));
      items.push_back(std::move(*value));
      items.push_back(std::move(*domain));
      left = Composite(TermKind::kCall, std::move(items), at);
    } else {
      Restore(std::move(mark));
    }
  }
  while (left && Is(Tok::kIn)) {
    const Location at = left->at;
    Scan();
    std::optional<Term> domain = ParseBinary(0);
    if (!domain) return std::nullopt;
    left = BinaryCall("internal.member_2", std::move(*left), std::move(*domain), at);
  }
  return left;
}

// `first`: the leftmost operand, if it has been read.
std::optional<Term> Parser::ParseBinary(int level, std::optional<Term> first) {
  if (level == kTightest) return first ? std::move(first) : ParseTerm();
  std::optional<Term> left = ParseBinary(level + 1, std::move(first));
  while (left) {
    const std::string_view name = OperatorName(token_.kind, level);
    if (name.empty()) break;
    const Location at = left->at;
    Scan();
    std::optional<Term> right = ParseBinary(level + 1);
    if (!right) return std::nullopt;
    left = BinaryCall(name, std::move(*left), std::move(*right), at);
  }
  return left;
}

std::optional<Term> Parser::ParseTerm() {
  const NestingGuard guard(*this);
  if (!guard.ok()) return Fail("expression is nested too deeply"), std::nullopt;
  std::optional<Term> head = ParseTermHead();
  return head ? ParseTail(std::move(*head)) : std::nullopt;
}

std::optional<Term> Parser::ParseTermHead() {
  const Location at = token_.at;
  Term t;
  t.at = at;
  switch (token_.kind) {
    case Tok::kNull: return Scan(), t;
    case Tok::kTrue: return Scan(), MakeBool(true, at);
    case Tok::kFalse: return Scan(), MakeBool(false, at);
    case Tok::kMinus: {
      Scan();
      if (!Is(Tok::kNumber) || token_.space_before) return Fail("a minus sign stands before something that is no number"), std::nullopt;
      return ParseNumber(true);
    }
    case Tok::kNumber: return ParseNumber(false);
    case Tok::kString:
    case Tok::kRawString:
      t = MakeString(token_.text, at);
      return Scan(), t;
    case Tok::kTemplate:
    case Tok::kRawTemplate: return ParseTemplate();
    case Tok::kIdent:
    case Tok::kContains:
      t = MakeVar(token_.text, at);
      return Scan(), t;
    case Tok::kLogicAnd:
    case Tok::kLogicOr:
      // The set operators' names, called: and(x, y).
      t = MakeVar(token_.text, at);
      Scan();
      if (Is(Tok::kLParen) && !token_.space_before) return t;
      return FailAt(at, "unexpected keyword " + t.text, "it stands between two expressions"), std::nullopt;
    case Tok::kLBrack: return ParseArray();
    case Tok::kLBrace: return ParseBraces();
    case Tok::kLParen: {
      Scan();
      std::optional<Term> inner = ParseInfix();
      if (!inner || !Expect(Tok::kRParen, ")")) return std::nullopt;
      return inner;
    }
    default: break;
  }
  Fail("unexpected " + Found());
  return std::nullopt;
}

std::optional<Term> Parser::ParseNumber(bool negative) {
  Term t;
  t.kind = TermKind::kNumber;
  t.at = token_.at;
  t.text = (negative ? "-" : "") + token_.text;
  constexpr std::size_t kMaxDigits = 10'000;
  const std::size_t e = t.text.find_first_of("eE");
  if (t.text.size() > kMaxDigits || (e != std::string::npos && t.text.size() - e > 6)) {
    return Fail("number is too long", "write it with fewer digits"), std::nullopt;
  }
  Scan();
  return t;
}

// References and calls: no blank may stand before ".", "[" or "(".
std::optional<Term> Parser::ParseTail(Term head) {
  const Location at = head.at;
  for (;;) {
    if (token_.space_before) return head;
    if (Is(Tok::kDot) || Is(Tok::kLBrack)) {
      if (head.IsScalar() || head.kind == TermKind::kTemplate) return head;
      std::vector<Term> items;
      if (head.IsRef()) {
        items = std::move(head.items);
      } else {
        items.push_back(std::move(head));
      }
      if (Accept(Tok::kDot)) {
        const bool word = !token_.raw.empty() && (token_.raw[0] == '_' || std::isalpha(static_cast<unsigned char>(token_.raw[0])));
        if (!word || token_.space_before) return Fail("a name must follow the dot, not " + Found()), std::nullopt;
        items.push_back(MakeString(token_.raw, token_.at));
        Scan();
      } else {
        Scan();
        std::optional<Term> key = ParseInfix();
        if (!key || !Expect(Tok::kRBrack, "]")) return std::nullopt;
        items.push_back(std::move(*key));
      }
      constexpr std::size_t kMaxRefParts = 200;
      if (items.size() > kMaxRefParts) return Fail("a reference has more than 200 parts"), std::nullopt;
      std::optional<Term> ref = Composite(TermKind::kRef, std::move(items), at);
      if (!ref) return std::nullopt;
      head = std::move(*ref);
      continue;
    }
    if (!Is(Tok::kLParen) || !(head.IsVar() || (head.IsRef() && head.items[0].IsVar() && IsGroundStrings(head, 1)))) return head;
    Scan();
    std::vector<Term> items;
    items.push_back(std::move(head));
    if (!ParseTermList(items, Tok::kRParen)) return std::nullopt;
    if (items.size() == 1 && items[0].IsVar("set")) {
      Term empty;
      empty.kind = TermKind::kSet;
      empty.at = at;
      head = std::move(empty);
      continue;
    }
    std::optional<Term> call = Composite(TermKind::kCall, std::move(items), at);
    if (!call) return std::nullopt;
    head = std::move(*call);
  }
}

bool Parser::ParseTermList(std::vector<Term>& out, Tok end) {
  while (!Is(end)) {
    std::optional<Term> item = ParseInfix(false);
    if (!item) return false;
    out.push_back(std::move(*item));
    if (Is(end)) break;
    if (!Accept(Tok::kComma)) return Fail("expected a comma or the end of the list, not " + Found());
  }
  Scan();
  return true;
}

std::optional<Term> Parser::ParseComprehension(TermKind kind, std::vector<Term> head, Tok end, Location at) {
  Scan();  // the bar
  std::optional<Body> body = ParseBody(end);
  if (!body || body->exprs.empty()) return std::nullopt;
  Scan();
  std::optional<Term> t = Composite(kind, std::move(head), at);
  if (!t) return std::nullopt;
  for (const Expr& e : body->exprs) {
    for (const Term& item : e.terms) t->depth = std::max(t->depth, static_cast<std::uint16_t>(item.depth + 1));
  }
  if (t->depth > kMaxTermDepth) return FailAt(at, "comprehension is nested too deeply"), std::nullopt;
  t->body = std::make_shared<Body>(std::move(*body));
  return t;
}

// At the bar behind `head`: a comprehension if it reads as one, else the start of a union, which is returned as
// nullopt with the parser back at the bar. `failed_` tells a real error from that.
std::optional<Term> Parser::ComprehensionOrUnion(TermKind kind, const std::vector<Term>& head, Tok end, Location at) {
  Mark bar = Save();
  silent_ = true;
  std::optional<Term> t = ParseComprehension(kind, head, end, at);
  silent_ = bar.silent;
  if (t) return t;
  Restore(bar);
  silent_ = true;
  std::optional<Term> united = ParseInfix(false, head.back());
  const bool is_union = united && (Is(Tok::kComma) || Is(Tok::kColon) || Is(Tok::kRBrace) || Is(Tok::kRBrack));
  Restore(bar);
  // Neither reads: the comprehension's error is the one that helps.
  return is_union ? std::nullopt : ParseComprehension(kind, head, end, at);
}

std::optional<Term> Parser::ParseArray() {
  const Location at = token_.at;
  Scan();
  if (Accept(Tok::kRBrack)) return Composite(TermKind::kArray, {}, at);
  std::optional<Term> first = ParseTerm();
  if (!first) return std::nullopt;
  if (Is(Tok::kOr)) {
    std::optional<Term> t = ComprehensionOrUnion(TermKind::kArrayComprehension, {*first}, Tok::kRBrack, at);
    if (t || failed_) return t;
  }
  first = ParseInfix(false, std::move(first));
  if (!first) return std::nullopt;
  std::vector<Term> items;
  items.push_back(std::move(*first));
  if (Accept(Tok::kRBrack)) return Composite(TermKind::kArray, std::move(items), at);
  if (!Expect(Tok::kComma, "a comma or ]") || !ParseTermList(items, Tok::kRBrack)) return std::nullopt;
  return Composite(TermKind::kArray, std::move(items), at);
}

std::optional<Term> Parser::ParseBraces() {
  const Location at = token_.at;
  Scan();
  if (Accept(Tok::kRBrace)) return Composite(TermKind::kObject, {}, at);
  std::optional<Term> head = ParseTerm();
  if (!head) return std::nullopt;
  if (Is(Tok::kOr)) {
    std::optional<Term> t = ComprehensionOrUnion(TermKind::kSetComprehension, {*head}, Tok::kRBrace, at);
    if (t || failed_) return t;
  }
  head = ParseInfix(false, std::move(head));
  if (!head) return std::nullopt;
  if (Accept(Tok::kColon)) return ParseObjectRest(std::move(*head), at);
  return ParseSetRest(std::move(*head), at);
}

std::optional<Term> Parser::ParseSetRest(Term first, Location at) {
  std::vector<Term> items;
  items.push_back(std::move(first));
  if (Accept(Tok::kComma)) {
    if (!ParseTermList(items, Tok::kRBrace)) return std::nullopt;
  } else if (!Expect(Tok::kRBrace, "a comma or }")) {
    return std::nullopt;
  }
  return Composite(TermKind::kSet, std::move(items), at);
}

std::optional<Term> Parser::ParseObjectRest(Term first_key, Location at) {
  std::vector<Term> items;
  items.push_back(std::move(first_key));
  std::optional<Term> first = ParseTerm();
  if (!first) return std::nullopt;
  if (Is(Tok::kOr)) {
    std::optional<Term> t = ComprehensionOrUnion(TermKind::kObjectComprehension, {items[0], *first}, Tok::kRBrace, at);
    if (t || failed_) return t;
  }
  for (;;) {
    std::optional<Term> value = ParseInfix(false, std::exchange(first, std::nullopt));
    if (!value) return std::nullopt;
    items.push_back(std::move(*value));
    if (Accept(Tok::kRBrace)) break;
    if (!Expect(Tok::kComma, "a comma or }")) return std::nullopt;
    if (Accept(Tok::kRBrace)) break;
    std::optional<Term> key = ParseInfix(false);
    if (!key || !Expect(Tok::kColon, ":")) return std::nullopt;
    items.push_back(std::move(*key));
  }
  return Composite(TermKind::kObject, std::move(items), at);
}

bool Parser::AddTemplateText(std::vector<Term>& parts, std::string_view raw, bool is_raw, Location at) {
  if (raw.empty()) return true;
  Term t = MakeString("", at);
  t.flag = true;
  std::string message;
  if (is_raw) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '\\' && i + 1 < raw.size() && raw[i + 1] == '{') ++i;
      t.text += raw[i];
    }
  } else if (!DecodeString(raw, true, t.text, message)) {
    return Fail(std::move(message));
  }
  parts.push_back(std::move(t));
  return true;
}

// {f(x) with input as y}: the set of its outcomes, marked as such by the flag.
std::optional<Term> Parser::ParseTemplateWith(Term value) {
  const Location at = value.at;
  Expr expr;
  expr.at = at;
  std::optional<Term> assign = BinaryCall("assign", MakeVar("__part", at), std::move(value), at);
  if (!assign || !ParseWiths(expr)) return std::nullopt;
  expr.terms.push_back(std::move(*assign));
  Term set = MakeComposite(TermKind::kSetComprehension, {MakeVar("__part", at)}, at);
  set.flag = true;
  set.body = std::make_shared<Body>();
  set.body->exprs.push_back(std::move(expr));
  return set;
}

std::optional<Term> Parser::ParseTemplate() {
  if (dialect_ == Dialect::kV0 || dialect_ == Dialect::kV0RegoV1) {
    Fail("template strings are not part of Rego v0");
    return std::nullopt;
  }
  const bool is_raw = Is(Tok::kRawTemplate);
  const Token whole = token_;
  const std::string_view inner = whole.raw.substr(2, whole.raw.size() - 3);
  std::vector<Term> parts;
  Location at = whole.at;
  at.column += 2;
  std::size_t start = 0;
  std::size_t i = 0;
  for (; i < inner.size(); ++i) {
    if (inner[i] == '\\') {
      ++i;
      continue;
    }
    if (inner[i] != '{') continue;
    if (!AddTemplateText(parts, inner.substr(start, i - start), is_raw, at)) return std::nullopt;
    Location expr_at = at;
    for (std::size_t k = 0; k <= i; ++k) {
      if (inner[k] == '\n') {
        ++expr_at.line;
        expr_at.column = 1;
      } else {
        ++expr_at.column;
      }
    }
    Parser sub(inner.substr(i + 1), expr_at, dialect_, diagnostics_);
    sub.keywords_ = keywords_;
    sub.silent_ = silent_;
    sub.nesting_ = nesting_;
    sub.scans_left_ = scans_left_;
    std::optional<Term> expr = sub.ParseInfix();
    if (expr && sub.Is(Tok::kWith)) expr = sub.ParseTemplateWith(std::move(*expr));
    scans_left_ = sub.scans_left_;
    if (!expr || !sub.Is(Tok::kRBrace)) {
      if (expr) sub.Fail("expected } at the end of a template expression, not " + sub.Found());
      failed_ = true;
      return std::nullopt;
    }
    i = static_cast<std::size_t>(sub.token_.raw.data() - inner.data());
    start = i + 1;
    if (expr->IsString()) expr->flag = true;
    parts.push_back(std::move(*expr));
  }
  if (!AddTemplateText(parts, inner.substr(std::min(start, inner.size())), is_raw, at)) return std::nullopt;
  Scan();
  std::optional<Term> out = Composite(TermKind::kTemplate, std::move(parts), whole.at);
  if (out) out->flag = is_raw;
  return out;
}

}  // namespace intentgate::rego
