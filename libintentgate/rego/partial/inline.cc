// Writing rules, and the elements of known collections, into the expressions that read them.

#include <algorithm>

#include "rego/compile/lower.h"
#include "rego/partial/evaluator.h"
#include "rego/partial/support.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego::partial {
namespace {

// Rules that are written into rules that are written into rules.
constexpr std::uint32_t kMaxInlineDepth = 24;

class DepthGuard {
 public:
  explicit DepthGuard(std::uint32_t& depth) : depth_(depth) { ++depth_; }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  std::uint32_t& depth_;
};

bool IsLocalVar(const Term& t) { return t.IsVar() && t.var != kNoVar; }

// f(x, y) of variables and constants.
bool HasPlainArguments(const Term& call) {
  return std::all_of(call.items.begin() + 1, call.items.end(), [](const Term& t) { return IsLocalVar(t) || IsConstant(t); });
}

}  // namespace

// Innermost first: what an outer term is made of is settled before it.
void Evaluator::FindSites(Term& term, bool top, const Term* compared, std::vector<Site>& out) {
  if (term.IsComprehension() || term.kind == TermKind::kTemplate) return;
  const bool skips_head = term.IsCall() || (term.IsRef() && term.items[0].IsVar());
  const bool equality = top && IsEquality(term);
  for (std::size_t i = skips_head ? 1 : 0; i < term.items.size(); ++i) {
    FindSites(term.items[i], false, equality ? &term.items[3 - i] : nullptr, out);
  }
  if (term.IsRef() || term.IsCall()) out.push_back({&term, top, compared});
}

bool Evaluator::Inline(State& state, const Pending& pending, Mode mode, std::vector<State>& out, bool* done) {
  Expr expr = pending.expr;
  std::vector<Site> sites;
  if (expr.kind == ExprKind::kTerm) FindSites(expr.terms[0], true, nullptr, sites);
  if (expr.kind == ExprKind::kSomeIn || expr.kind == ExprKind::kEvery) FindSites(expr.terms.back(), false, nullptr, sites);
  for (const Site& site : sites) {
    if (ArgumentsToVars(state, expr, pending.new_not, site)) return *done = true;
    std::optional<std::vector<Option>> options = OptionsOf(state, site, pending.new_not, mode);
    if (!options) continue;
    *done = true;
    const State before = state;
    for (std::size_t i = 0; i < options->size(); ++i) {
      Option& option = (*options)[i];
      State next = before;
      *site.term = std::move(option.value);
      world_.budget.Terms(CountTerms(expr));
      next.Push(expr, pending.new_not);
      for (Expr& extra : option.pending) next.Push(std::move(extra), pending.new_not);
      for (Expr& saved : option.residual) {
        MarkSymbolic(next, saved);
        next.residual.push_back(std::move(saved));
      }
      if (i + 1 == options->size()) {
        state = std::move(next);
        return true;
      }
      Step(std::move(next), mode, out);
    }
    return false;
  }
  return true;
}

// f(input.x) becomes v = input.x; f(v), so that every body of f sees one and the same argument. True if it did; `site` is
// in `expr`.
bool Evaluator::ArgumentsToVars(State& state, const Expr& expr, bool new_not, const Site& site) {
  Term& call = *site.term;
  if (!call.IsCall() || !call.items[0].IsRef() || HasPlainArguments(call)) return false;
  const RuleGroup* group = GroupOf(world_.tree, call.items[0]);
  if (group == nullptr || !MayInline(*group) || group->default_rule() != nullptr) return false;
  std::vector<Expr> binds;
  for (std::size_t i = 1; i < call.items.size(); ++i) {
    if (IsLocalVar(call.items[i]) || IsConstant(call.items[i])) continue;
    Term var = Var(world_.names.Fresh("v"), "v", call.at);
    binds.push_back(Unify(var, std::move(call.items[i])));
    call.items[i] = std::move(var);
  }
  state.Push(expr, new_not);
  for (Expr& bind : binds) state.Push(std::move(bind), new_not);
  return true;
}

Evaluator::Options Evaluator::OptionsOf(State& state, const Site& site, bool new_not, Mode mode) {
  const Term& term = *site.term;
  if (term.IsCall()) {
    const RuleGroup* group = term.items[0].IsRef() ? GroupOf(world_.tree, term.items[0]) : nullptr;
    if (group == nullptr || group->kind != GroupKind::kFunction || !world_.unknowns.Depends(term, state.symbolic)) return std::nullopt;
    return FunctionOptions(state, term, *group, mode);
  }
  const Term& head = term.items[0];
  if (head.IsVar() && head.var != kNoVar) return std::nullopt;
  if (!head.IsVar()) return IsConstant(head) && mode == Mode::kSplit ? KeyOptions(term, 1, new_not) : std::nullopt;
  const Place place = world_.unknowns.PlaceOf(term);
  switch (place.kind) {
    case Place::Kind::kKnown: return mode == Mode::kSplit ? KeyOptions(term, place.used, new_not) : std::nullopt;
    case Place::Kind::kGroup: break;
    default: return std::nullopt;
  }
  if (place.group->kind == GroupKind::kFunction) return std::nullopt;
  if (!world_.unknowns.Depends(*place.group)) return mode == Mode::kSplit ? KeyOptions(term, place.used, new_not) : std::nullopt;
  if (place.group->kind == GroupKind::kComplete) return RuleOptions(state, site, place, mode);
  return mode == Mode::kSplit ? SetOptions(term, place) : std::nullopt;
}

bool Evaluator::MayInline(const RuleGroup& group) const {
  if (world_.options.shallow_inlining || depth_ >= kMaxInlineDepth) return false;
  if (support_.IsKept(group)) return false;
  return std::all_of(group.rules.begin(), group.rules.end(), [](const GroupedRule& grouped) { return grouped.rule.otherwise.empty(); });
}

const Evaluator::GroupWays& Evaluator::WaysOf(const RuleGroup& group) {
  GroupWays& found = ways_[&group];
  if (found.ready) return found;
  const DepthGuard guard(depth_);
  GroupWays ways{true, true, {}};
  for (const GroupedRule& grouped : group.rules) {
    if (grouped.rule.is_default) continue;
    RuleRun run;
    run.base = world_.names.Take(grouped.var_names);
    run.body = grouped.rule.body ? &*grouped.rule.body : nullptr;
    Term head = grouped.rule.multi_value ? *grouped.rule.key : *grouped.rule.value;
    Renumber(head, run.base);
    const std::int32_t value = world_.names.Fresh("v");
    run.heads.emplace_back(value, std::move(head));
    for (State& state : RunRule(grouped, run)) ways.ways.push_back(WayOf(std::move(state), value));
    if (ways.ways.size() > world_.options.limits.max_alternatives) {
      ways = {true, false, {}};
      break;
    }
  }
  return ways_[&group] = std::move(ways);
}

Way Evaluator::WayOf(State state, std::int32_t value) const {
  const auto known = state.known.find(value);
  return {std::move(state.residual), known != state.known.end() ? known->second : Var(value, world_.names[value], {})};
}

// The way with variables of its own.
Way Evaluator::Instance(const Way& way) {
  Way out = way;
  std::map<std::int32_t, std::int32_t> numbers;
  const TermEdit edit = [&](Term& t) {
    world_.budget.Terms(1);
    if (!IsLocalVar(t)) return true;
    const auto found = numbers.find(t.var);
    if (found == numbers.end()) {
      const std::string name = world_.names[t.var];
      t.var = numbers.emplace(t.var, world_.names.Fresh(name)).first->second;
    } else {
      t.var = found->second;
    }
    return true;
  };
  for (Expr& expr : out.body) EditTerms(expr, edit);
  EditTerms(out.value, edit);
  return out;
}

// True if nothing in the body iterates.
bool Evaluator::OneAnswer(const Way& way, const std::set<std::int32_t>& outer) const {
  std::set<std::int32_t> bound = outer;
  const auto iterates = [&](const Term& term) {
    bool found = false;
    VisitTerms(term, [&](const Term& t) {
      if (IsRelation(t)) found = true;
      if (t.IsRef()) {
        std::set<std::int32_t> vars;
        for (std::size_t i = 1; i < t.items.size(); ++i) OpenVars(t.items[i], vars);
        found = found || std::any_of(vars.begin(), vars.end(), [&](std::int32_t var) { return bound.count(var) == 0; });
      }
      return !found && !t.IsComprehension() && t.kind != TermKind::kTemplate;
    });
    return found;
  };
  for (const Expr& expr : way.body) {
    if (expr.kind == ExprKind::kSomeIn) return false;
    const std::size_t from = expr.kind == ExprKind::kEvery ? expr.terms.size() - 1 : 0;
    for (std::size_t i = from; i < expr.terms.size(); ++i) {
      if (iterates(expr.terms[i])) return false;
    }
    for (const With& with : expr.withs) {
      if (iterates(with.value)) return false;
    }
    OpenVars(expr, bound);
  }
  return !iterates(way.value);
}

// True if no conflict between values can be lost, and no answer be counted twice where answers count.
bool Evaluator::Agree(const std::vector<Way>& ways, Mode mode, const std::set<std::int32_t>& outer) const {
  if (ways.empty()) return true;
  const bool constant = IsConstant(ways[0].value);
  if (ways.size() == 1) return (constant && mode == Mode::kSplit) || OneAnswer(ways[0], outer);
  const std::string text = TermText(ways[0].value);
  return mode == Mode::kSplit && constant &&
         std::all_of(ways.begin(), ways.end(), [&](const Way& way) { return IsConstant(way.value) && way.value.kind == ways[0].value.kind && TermText(way.value) == text; });
}

Evaluator::Options Evaluator::RuleOptions(State&, const Site& site, const Place& place, Mode mode) {
  const Term& ref = *site.term;
  const RuleGroup& group = *place.group;
  const bool whole = place.used == ref.items.size();
  if (!MayInline(group)) return std::nullopt;
  if (const GroupedRule* fallback = group.default_rule()) {
    // The default changes nothing where the expression fails with it as without.
    const Term& value = *fallback->rule.value;
    const bool tested = whole && site.top && IsFalse(value);
    const bool differs = whole && site.compared != nullptr && site.compared->IsScalar() && value.IsScalar() && !MayBeEqual(value, *site.compared);
    if (!tested && !differs) return std::nullopt;
  }
  const GroupWays& ways = WaysOf(group);
  if (!ways.possible || !Agree(ways.ways, mode, {})) return std::nullopt;
  std::vector<Option> options;
  for (const Way& way : ways.ways) {
    if (!whole && !way.value.IsVar() && !IsConstant(way.value)) return std::nullopt;
    Way own = Instance(way);
    options.push_back({std::move(own.body), {}, WithKeys(std::move(own.value), ref, place.used)});
  }
  return options;
}

// p[x] of a set rule: x = element, one rule after the other.
Evaluator::Options Evaluator::SetOptions(const Term& ref, const Place& place) {
  const RuleGroup& group = *place.group;
  const bool set = std::all_of(group.rules.begin(), group.rules.end(), [](const GroupedRule& r) { return r.rule.multi_value && r.keys.empty(); });
  if (!set || place.used == ref.items.size() || !MayInline(group)) return std::nullopt;
  const GroupWays& ways = WaysOf(group);
  if (!ways.possible) return std::nullopt;
  const Term& key = ref.items[place.used];
  std::vector<Option> options;
  for (const Way& way : ways.ways) {
    Way own = Instance(way);
    Option option{std::move(own.body), {}, WithKeys(own.value, ref, place.used + 1)};
    if (!key.IsWildcard()) option.pending.push_back(Unify(key, std::move(own.value)));
    options.push_back(std::move(option));
  }
  return options;
}

// The keys and values of a known collection; none of what is no collection. False if there are too many.
bool Evaluator::Members(const std::optional<Term>& value, std::vector<std::pair<Term, Term>>& members) const {
  if (!value || value->IsScalar()) return true;
  const bool object = value->kind == TermKind::kObject;
  const std::size_t size = value->items.size() / (object ? 2 : 1);
  if (size > world_.options.limits.max_alternatives) return false;
  for (std::size_t i = 0; i < size; ++i) {
    if (object) {
      members.emplace_back(value->items[2 * i], value->items[2 * i + 1]);
      continue;
    }
    Term index;
    index.kind = TermKind::kNumber;
    index.text = std::to_string(i);
    members.emplace_back(value->kind == TermKind::kSet ? value->items[i] : std::move(index), value->items[i]);
  }
  return true;
}

// A known collection under a key that is not: each of its keys in turn. `from`: items of the reference that are known.
Evaluator::Options Evaluator::KeyOptions(const Term& ref, std::size_t from, bool new_not) {
  while (from < ref.items.size() && IsConstant(ref.items[from])) ++from;
  if (from == ref.items.size()) return std::nullopt;
  Term known = ref;
  known.items.resize(from);
  if (known.items.size() == 1 && !known.items[0].IsVar()) known = Term(known.items[0]);
  std::vector<std::pair<Term, Term>> members;
  const std::optional<std::optional<Term>> collection = KnownValue(known, new_not);
  if (!collection || !Members(*collection, members)) return std::nullopt;
  const Term& key = ref.items[from];
  std::vector<Option> options;
  for (auto& [name, value] : members) {
    Option option{{}, {}, WithKeys(std::move(value), ref, from + 1)};
    if (!key.IsWildcard()) option.pending.push_back(Unify(key, std::move(name)));
    options.push_back(std::move(option));
  }
  return options;
}

Evaluator::Options Evaluator::FunctionOptions(State& state, const Term& call, const RuleGroup& group, Mode mode) {
  if (!MayInline(group) || group.default_rule() != nullptr || call.items.size() != group.arity() + 1 || !HasPlainArguments(call)) return std::nullopt;
  const DepthGuard guard(depth_);
  std::vector<Way> ways;
  for (const GroupedRule& grouped : group.rules) {
    RuleRun run;
    run.base = world_.names.Take(grouped.var_names);
    run.body = grouped.rule.body ? &*grouped.rule.body : nullptr;
    run.symbolic = state.symbolic;
    for (std::size_t i = 0; i < grouped.rule.args.size(); ++i) {
      Term pattern = grouped.rule.args[i];
      Renumber(pattern, run.base);
      if (!pattern.IsWildcard()) run.first.push_back(Unify(std::move(pattern), call.items[i + 1]));
    }
    Term head = *grouped.rule.value;
    Renumber(head, run.base);
    const std::int32_t value = world_.names.Fresh("v");
    run.heads.emplace_back(value, std::move(head));
    for (State& end : RunRule(grouped, run)) ways.push_back(WayOf(std::move(end), value));
    if (ways.size() > world_.options.limits.max_alternatives) return std::nullopt;
  }
  if (!Agree(ways, mode, state.symbolic)) return std::nullopt;
  std::vector<Option> options;
  for (Way& way : ways) options.push_back({std::move(way.body), {}, std::move(way.value)});
  return options;
}

}  // namespace intentgate::rego::partial
