#include "rego/partial/terms.h"

#include <algorithm>

#include "rego/arena.h"
#include "rego/builtins/registry.h"
#include "rego/meter.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego::partial {
namespace {

constexpr int kMaxLiteralDepth = 100;

Term Literal(const Value& value, Location at, Budget& budget, int depth) {
  if (depth > kMaxLiteralDepth) {
    throw EvalAbort{"eval_limit_error", "a known value is nested too deeply to be written down: more than " + std::to_string(kMaxLiteralDepth) + " levels"};
  }
  budget.Terms(1);
  Term term;
  term.at = at;
  std::string scratch;
  std::vector<Term> items;
  switch (value.type()) {
    case Type::kBoolean: return MakeBool(value.bool_value(), at);
    case Type::kString: return MakeString(value.string(), at);
    case Type::kNumber:
      term.kind = TermKind::kNumber;
      term.text = value.number_text(scratch);
      return term;
    case Type::kArray:
    case Type::kSet:
      for (const Value& item : value.elements()) items.push_back(Literal(item, at, budget, depth + 1));
      return MakeComposite(value.is_array() ? TermKind::kArray : TermKind::kSet, std::move(items), at);
    case Type::kObject:
      for (const Entry& entry : value.entries()) {
        items.push_back(Literal(entry.key, at, budget, depth + 1));
        items.push_back(Literal(entry.value, at, budget, depth + 1));
      }
      return MakeComposite(TermKind::kObject, std::move(items), at);
    default: return term;
  }
}

}  // namespace

void Budget::Steps(std::uint64_t count) { steps_.Take(count); }

void Budget::Terms(std::size_t count) {
  Steps(count);
  const std::size_t size = count * sizeof(Term);
  if (size > bytes_) throw EvalAbort{"eval_limit_error", "partial evaluation needs more memory than max_memory_bytes allows"};
  bytes_ -= size;
}

std::int32_t Names::Take(const std::vector<std::string>& names) {
  const auto first = static_cast<std::int32_t>(names_.size());
  names_.insert(names_.end(), names.begin(), names.end());
  return first;
}

std::int32_t Names::Fresh(std::string_view name) {
  names_.emplace_back(name);
  return static_cast<std::int32_t>(names_.size()) - 1;
}

void EditTerms(Term& term, const TermEdit& edit) {
  if (!edit(term)) return;
  for (Term& item : term.items) EditTerms(item, edit);
  if (term.body) {
    term.body = std::make_shared<Body>(*term.body);
    EditTerms(*term.body, edit);
  }
}

void EditTerms(Expr& expr, const TermEdit& edit) {
  for (Term& term : expr.terms) EditTerms(term, edit);
  if (expr.body) {
    expr.body = std::make_shared<Body>(*expr.body);
    EditTerms(*expr.body, edit);
  }
  for (auto& operand : expr.operands) {
    operand = std::make_shared<Body>(*operand);
    EditTerms(*operand, edit);
  }
  for (With& with : expr.withs) {
    EditTerms(with.target, edit);
    EditTerms(with.value, edit);
  }
}

void EditTerms(Body& body, const TermEdit& edit) {
  for (Expr& expr : body.exprs) EditTerms(expr, edit);
}

std::size_t CountTerms(const Term& term) {
  std::size_t count = 0;
  VisitTerms(term, [&](const Term&) { return ++count, true; });
  return count;
}

std::size_t CountTerms(const Expr& expr) {
  std::size_t count = 1;
  VisitTerms(expr, [&](const Term&) { return ++count, true; });
  return count;
}

Term Var(std::int32_t var, const std::string& name, Location at) {
  Term term = MakeVar(name, at);
  term.var = var;
  return term;
}

Term Call(std::string_view op, std::vector<Term> args, Location at) {
  args.insert(args.begin(), MakeVar(op, at));
  return MakeComposite(TermKind::kCall, std::move(args), at);
}

Expr Statement(Term term) {
  Expr expr;
  expr.at = term.at;
  expr.terms.push_back(std::move(term));
  return expr;
}

Expr Unify(Term a, Term b) {
  const Location at = b.at;
  return Statement(Call("eq", {std::move(a), std::move(b)}, at));
}

Term DataRef(const std::vector<std::string>& path, Location at) {
  std::vector<Term> items = {MakeVar("data", at)};
  for (const std::string& name : path) items.push_back(MakeString(name, at));
  return MakeComposite(TermKind::kRef, std::move(items), at);
}

Term WithKeys(Term head, const Term& ref, std::size_t from) {
  if (from >= ref.items.size()) return head;
  std::vector<Term> items;
  if (head.IsRef()) {
    items = std::move(head.items);
  } else {
    items.push_back(std::move(head));
  }
  items.insert(items.end(), ref.items.begin() + static_cast<std::ptrdiff_t>(from), ref.items.end());
  return MakeComposite(TermKind::kRef, std::move(items), ref.at);
}

Term LiteralOf(const Value& value, Location at, Budget& budget) { return Literal(value, at, budget, 0); }

bool IsConstant(const Term& term) {
  if (term.IsScalar()) return true;
  const bool collection = term.kind == TermKind::kArray || term.kind == TermKind::kObject || term.kind == TermKind::kSet;
  return collection && std::all_of(term.items.begin(), term.items.end(), IsConstant);
}

bool MayBeEqual(const Term& a, const Term& b) {
  if (!a.IsScalar() || !b.IsScalar()) return true;
  if (a.kind != b.kind) return false;
  if (a.kind == TermKind::kBool) return a.flag == b.flag;
  return a.kind != TermKind::kString || a.text == b.text;
}

bool IsFalse(const Term& term) { return term.kind == TermKind::kBool && !term.flag; }

void OpenVars(const Term& term, std::set<std::int32_t>& out) {
  VisitTerms(term, [&](const Term& t) {
    if (t.IsVar() && t.var != kNoVar) out.insert(t.var);
    return !t.IsComprehension() && t.kind != TermKind::kTemplate;
  });
}

void OpenVars(const Expr& expr, std::set<std::int32_t>& out) {
  const std::size_t own = expr.kind == ExprKind::kEvery ? expr.terms.size() - 1 : 0;
  for (std::size_t i = own; i < expr.terms.size(); ++i) OpenVars(expr.terms[i], out);
  for (const With& with : expr.withs) OpenVars(with.value, out);
}

void AllVars(const Expr& expr, std::set<std::int32_t>& out) {
  VisitTerms(expr, [&](const Term& t) {
    if (t.IsVar() && t.var != kNoVar) out.insert(t.var);
    return true;
  });
}

bool IsRelation(const Term& term) {
  if (!term.IsCall() || !term.items[0].IsVar()) return false;
  const Builtin* builtin = FindBuiltin(term.items[0].text);
  return builtin != nullptr && (builtin->flags & kBuiltinRelation) != 0;
}

bool IsEquality(const Term& term) {
  return term.IsCall() && term.items.size() == 3 && (term.items[0].IsVar("eq") || term.items[0].IsVar("equal"));
}

namespace {

std::uint16_t KindOf(const Term& t) {
  switch (t.kind) {
    case TermKind::kNull: return ty::kNull;
    case TermKind::kBool: return ty::kBoolean;
    case TermKind::kNumber: return ty::kNumber;
    case TermKind::kString: return ty::kString;
    case TermKind::kArray:
    case TermKind::kArrayComprehension: return ty::kArray;
    case TermKind::kObject:
    case TermKind::kObjectComprehension: return ty::kObject;
    case TermKind::kSet:
    case TermKind::kSetComprehension: return ty::kSet;
    default: return ty::kAny;
  }
}

}  // namespace

bool NeverFits(const Term& call) {
  const Builtin* builtin = call.items[0].IsVar() ? FindBuiltin(call.items[0].text) : nullptr;
  if (builtin == nullptr || (builtin->flags & kBuiltinUncheckedArgs) != 0) return false;
  for (std::size_t i = 0; i < builtin->arity && i + 1 < call.items.size(); ++i) {
    if ((builtin->args[i].kinds & KindOf(call.items[i + 1])) == 0) return true;
  }
  return false;
}

}  // namespace intentgate::rego::partial
