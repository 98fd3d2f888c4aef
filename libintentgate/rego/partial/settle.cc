// Terms with everything known put in, for expressions that are written down.

#include <algorithm>

#include "rego/compile/lower.h"
#include "rego/partial/evaluator.h"
#include "rego/partial/support.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego::partial {
std::optional<std::optional<Term>> Evaluator::KnownValue(const Term& term, bool new_not) {
  if (IsConstant(term)) return std::optional<Term>(term);
  Term copy = term;
  Term result = Var(world_.names.Fresh("v"), "v", term.at);
  Body body;
  body.exprs.push_back(Unify(result, std::move(copy)));
  std::map<std::int32_t, std::int32_t> numbers;
  EditTerms(body, [&](Term& t) {
    if (t.IsVar() && t.var != kNoVar) t.var = numbers.emplace(t.var, static_cast<std::int32_t>(numbers.size())).first->second;
    return true;
  });
  const auto slot = static_cast<std::size_t>(numbers.at(result.var));
  std::vector<Term> values;
  world_.run(body, static_cast<std::int32_t>(numbers.size()), new_not, world_.input, world_.budget, [&](Machine& machine, const Value* frame, const VarSet&) {
    if (values.size() < 2) values.push_back(LiteralOf(machine.Whole(frame[slot]), term.at, world_.budget));
  });
  if (values.size() > 1) return std::nullopt;
  if (values.empty()) return std::optional<Term>();
  return std::optional<Term>(std::move(values[0]));
}

std::optional<Term> Evaluator::Settle(const State& state, const Term& term, bool new_not) {
  world_.budget.Steps(1);
  if (term.IsScalar() || term.IsVar() || IsConstant(term)) return term;
  const bool computed = term.IsRef() || term.IsCall() || term.IsComprehension();
  if (computed && !world_.unknowns.Depends(term, state.symbolic)) {
    std::set<std::int32_t> open;
    OpenVars(term, open);
    if (open.empty()) {
      if (const std::optional<std::optional<Term>> value = KnownValue(term, new_not)) return *value ? support_.Constant(**value, false) : *value;
    }
  }
  switch (term.kind) {
    case TermKind::kRef: return SettleRef(state, term, new_not);
    case TermKind::kCall: return SettleCall(state, term, new_not);
    case TermKind::kTemplate: return SettleTemplate(state, term, new_not);
    case TermKind::kArrayComprehension:
    case TermKind::kSetComprehension:
    case TermKind::kObjectComprehension: return SettleClosure(state, term, new_not);
    default: return SettleItems(state, term, 0, new_not);
  }
}

std::optional<Term> Evaluator::SettleItems(const State& state, const Term& term, std::size_t from, bool new_not) {
  std::vector<Term> items(term.items.begin(), term.items.begin() + static_cast<std::ptrdiff_t>(from));
  for (std::size_t i = from; i < term.items.size(); ++i) {
    std::optional<Term> item = Settle(state, term.items[i], new_not);
    if (!item) return std::nullopt;
    items.push_back(std::move(*item));
  }
  Term out = MakeComposite(term.kind, std::move(items), term.at);
  out.flag = term.flag;
  return out;
}

// The known document at the head of a reference, as far as its keys are constant.
std::optional<Term> Evaluator::SettleKnownHead(const Term& ref, std::size_t* used, bool new_not) {
  while (*used < ref.items.size() && IsConstant(ref.items[*used])) ++*used;
  Term head = ref;
  head.items.resize(*used);
  const std::optional<std::optional<Term>> value = KnownValue(head, new_not);
  return value && *value ? std::optional<Term>(support_.Constant(**value, *used < ref.items.size())) : std::nullopt;
}

std::optional<Term> Evaluator::SettleRef(const State& state, const Term& ref, bool new_not) {
  const Term& first = ref.items[0];
  if (!first.IsVar()) {
    std::optional<Term> head = Settle(state, first, new_not);
    if (!head) return std::nullopt;
    if (IsConstant(*head)) *head = support_.Constant(*head, true);
    return SettleItems(state, WithKeys(std::move(*head), ref, 1), 1, new_not);
  }
  if (first.var != kNoVar) return SettleItems(state, ref, 1, new_not);
  const Place place = world_.unknowns.PlaceOf(ref);
  std::size_t used = place.used;
  std::optional<Term> head;
  const auto path = [&] {
    Path names;
    for (std::size_t i = 1; i < place.used; ++i) names.push_back(ref.items[i].text);
    return names;
  };
  switch (place.kind) {
    case Place::Kind::kUnknown: return SettleItems(state, ref, place.used, new_not);
    case Place::Kind::kKnown: head = SettleKnownHead(ref, &used, new_not); break;
    case Place::Kind::kOver:
      head = first.IsVar("input") ? WithKeys(support_.WholeInput(ref.at), ref, 1) : support_.Document(path(), nullptr, ref.at);
      if (first.IsVar("input")) used = ref.items.size();
      break;
    case Place::Kind::kPackage: head = support_.Document(path(), place.node, ref.at); break;
    case Place::Kind::kGroup:
      if (place.group->kind == GroupKind::kFunction) return std::nullopt;
      head = world_.unknowns.Depends(*place.group) ? support_.RuleRef(*place.group, ref.at) : SettleKnownHead(ref, &used, new_not);
  }
  if (!head) return std::nullopt;
  const std::size_t settled = head->IsRef() && !(first.IsVar("input") && place.kind == Place::Kind::kOver) ? head->items.size() : 1;
  Term whole = WithKeys(std::move(*head), ref, used);
  return whole.IsRef() ? SettleItems(state, whole, settled, new_not) : whole;
}

std::optional<Term> Evaluator::SettleCall(const State& state, const Term& call, bool new_not) {
  std::optional<Term> out = SettleItems(state, call, 1, new_not);
  if (!out) return std::nullopt;
  if (!world_.options.eval.strict_builtin_errors && NeverFits(*out)) return std::nullopt;
  if (out->items[0].IsRef()) {
    const RuleGroup* group = GroupOf(world_.tree, out->items[0]);
    if (group != nullptr) out->items[0] = support_.RuleRef(*group, call.at);
  }
  return out;
}

std::optional<Term> Evaluator::SettleClosure(const State& state, const Term& term, bool new_not) {
  const auto literal = [&](std::vector<Term> items) {
    const TermKind kind = term.kind == TermKind::kArrayComprehension ? TermKind::kArray : term.kind == TermKind::kSetComprehension ? TermKind::kSet : TermKind::kObject;
    return MakeComposite(kind, std::move(items), term.at);
  };
  State end;
  std::optional<Body> body = Close(state, *term.body, new_not, &end);
  if (!body) return literal({});
  std::vector<Term> heads;
  std::set<std::int32_t> open;
  for (Term head : term.items) {
    Substitute(head, end.known, world_.budget);
    std::optional<Term> settled = Settle(end, head, new_not);
    if (!settled) return literal({});
    OpenVars(*settled, open);
    heads.push_back(std::move(*settled));
  }
  const bool iterates = std::any_of(open.begin(), open.end(), [&](std::int32_t var) { return state.symbolic.count(var) == 0; });
  const bool defined = std::all_of(heads.begin(), heads.end(), [](const Term& head) { return IsConstant(head) || head.IsVar(); });
  if (body->exprs.empty() && !iterates && defined) return literal(std::move(heads));
  if (body->exprs.empty()) body->exprs.push_back(Statement(MakeBool(true, term.at)));
  Term out = MakeComposite(term.kind, std::move(heads), term.at);
  out.body = std::make_shared<Body>(std::move(*body));
  return out;
}

// Undefined parts of a template are shown as such.
Term Evaluator::SettleTemplate(const State& state, const Term& term, bool new_not) {
  Term out = term;
  for (Term& part : out.items) {
    if (part.IsString() && part.flag) continue;
    if (part.IsComprehension() && part.flag) {
      throw EvalAbort{"rego_partial_error", "a template string with `with` inside cannot be evaluated in part: assign the value to a variable before it", part.at.file, part.at.line, part.at.column};
    }
    std::optional<Term> settled = Settle(state, part, new_not);
    part = settled ? std::move(*settled) : support_.Undefined(part.at);
    if (part.IsString()) part.flag = true;
    if (IsConstant(part) && !part.IsScalar()) part = support_.Constant(part, true);
  }
  return out;
}

}  // namespace intentgate::rego::partial
