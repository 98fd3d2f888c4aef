#include "rego/partial/evaluator.h"

#include <algorithm>

#include "rego/compile/lower.h"
#include "rego/partial/support.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego::partial {
namespace {

bool IsPlain(const Expr& expr) { return expr.kind == ExprKind::kTerm && !expr.negated && expr.withs.empty(); }

bool IsPrint(const Expr& expr) { return expr.kind == ExprKind::kTerm && expr.terms[0].IsCall() && expr.terms[0].items[0].IsVar("print"); }

// Equal or not, where that is plain to see.
std::optional<bool> Compare(const Term& a, const Term& b) {
  const bool numbers = a.kind == TermKind::kNumber && b.kind == TermKind::kNumber;
  if (!a.IsScalar() || !b.IsScalar() || (numbers && a.text != b.text)) return std::nullopt;
  return MayBeEqual(a, b);
}

// Numbers the variables of a body from 0.
class Compact {
 public:
  explicit Compact(const std::vector<Pending>& batch) {
    for (const Pending& pending : batch) body_.exprs.push_back(pending.expr);
    EditTerms(body_, [this](Term& t) {
      if (t.IsVar() && t.var != kNoVar) t.var = numbers_.emplace(t.var, static_cast<std::int32_t>(numbers_.size())).first->second;
      return true;
    });
    for (const Pending& pending : batch) OpenVars(pending.expr, open_);
  }

  const Body& body() const { return body_; }
  std::int32_t size() const { return static_cast<std::int32_t>(numbers_.size()); }
  // The answer of a frame: the variables outside of closures, but `_`.
  Bindings Read(Machine& machine, const Value* frame, const VarSet& bound, const World& world, Budget& budget) const {
    Bindings answer;
    for (const std::int32_t var : open_) {
      const std::int32_t number = numbers_.at(var);
      if (world.names[var] == "_" || !bound.Has(number)) continue;
      answer.emplace(var, LiteralOf(machine.Whole(frame[number]), {}, budget));
    }
    return answer;
  }

 private:
  Body body_;
  std::map<std::int32_t, std::int32_t> numbers_;
  std::set<std::int32_t> open_;
};

std::string TextOf(const Bindings& answer) {
  std::string text;
  for (const auto& [var, value] : answer) text += std::to_string(var) + "=" + TermText(value) + ";";
  return text;
}

}  // namespace

void State::PushBody(const Body& body, bool new_not) {
  for (auto expr = body.exprs.rbegin(); expr != body.exprs.rend(); ++expr) Push(*expr, new_not);
}

std::vector<State> Evaluator::Run(State state, Mode mode) {
  std::vector<State> out;
  Step(std::move(state), mode, out);
  return out;
}

void Evaluator::Step(State state, Mode mode, std::vector<State>& out) {
  while (!state.todo.empty()) {
    if (!Next(state, mode, out)) return;
  }
  out.push_back(std::move(state));
}

bool Evaluator::Next(State& state, Mode mode, std::vector<State>& out) {
  Pending pending = *state.todo.back();
  state.todo.pop_back();
  Expr& expr = pending.expr;
  if (expr.kind == ExprKind::kSome || IsPrint(expr)) return true;
  Substitute(expr, state.known, world_.budget);
  Term* term = expr.kind == ExprKind::kTerm ? &expr.terms[0] : nullptr;
  if (term != nullptr && IsPlain(expr)) {
    if (IsConstant(*term)) return !IsFalse(*term);
    if (IsEquality(*term)) {
      Term& a = term->items[1];
      Term& b = term->items[2];
      if (const std::optional<bool> equal = Compare(a, b)) return *equal;
      const auto is_free = [&](const Term& t) { return t.IsVar() && t.var != kNoVar && state.symbolic.count(t.var) == 0; };
      if (IsUnify(expr) && !is_free(a) && is_free(b)) std::swap(a, b);
      if (IsUnify(expr) && is_free(a) && IsConstant(b)) {
        return state.known.emplace(a.var, std::move(b)), true;
      }
      // Two names of one unknown value.
      if (IsUnify(expr) && is_free(a) && b.IsVar() && state.symbolic.count(b.var) > 0) return state.known.emplace(a.var, std::move(b)), true;
    }
  }
  if (!world_.unknowns.Depends(expr, state.symbolic)) {
    std::vector<Pending> batch = {std::move(pending)};
    while (mode == Mode::kSplit && !state.todo.empty() && state.todo.back()->new_not == batch[0].new_not) {
      Pending next = *state.todo.back();
      Substitute(next.expr, state.known, world_.budget);
      if (IsPrint(next.expr) || world_.unknowns.Depends(next.expr, state.symbolic)) break;
      batch.push_back(std::move(next));
      state.todo.pop_back();
    }
    return RunBatch(state, std::move(batch), mode, out);
  }
  return Dependent(state, std::move(pending), mode, out);
}

bool Evaluator::RunBatch(State& state, std::vector<Pending> batch, Mode mode, std::vector<State>& out) {
  const Compact compact(batch);
  const std::size_t most = mode == Mode::kSplit ? world_.options.limits.max_alternatives : 1;
  std::size_t count = 0;
  std::vector<Bindings> answers;
  std::set<std::string> seen;
  world_.run(compact.body(), compact.size(), batch[0].new_not, world_.input, world_.budget, [&](Machine& machine, const Value* frame, const VarSet& bound) {
    if (count > most) return;
    Bindings answer = compact.Read(machine, frame, bound, world_, world_.budget);
    if (mode == Mode::kSplit && !seen.insert(TextOf(answer)).second) return;
    ++count;
    answers.push_back(std::move(answer));
  });
  if (count > most) {
    return std::all_of(batch.begin(), batch.end(), [&](const Pending& pending) {
      return pending.expr.withs.empty() ? SaveExpr(state, pending) : SaveWith(state, pending);
    });
  }
  for (std::size_t i = 0; i + 1 < answers.size(); ++i) {
    State next = state;
    next.known.merge(answers[i]);
    Step(std::move(next), mode, out);
  }
  if (answers.empty()) return false;
  state.known.merge(answers.back());
  return true;
}

bool Evaluator::Dependent(State& state, Pending pending, Mode mode, std::vector<State>& out) {
  Expr& expr = pending.expr;
  if (std::optional<std::vector<Expr>> neutral = Neutral(expr, pending.new_not, world_.names)) {
    for (auto one = neutral->rbegin(); one != neutral->rend(); ++one) state.Push(std::move(*one), pending.new_not);
    return true;
  }
  if (!expr.withs.empty()) return SaveWith(state, std::move(pending));
  if (expr.negated) return Negated(state, pending, mode);
  if (expr.kind == ExprKind::kTerm && expr.terms[0].IsCall()) {
    // f(x, out) is out = f(x).
    Term& call = expr.terms[0];
    const int arity = call.items[0].IsRef() ? ArityOf(world_.tree, call.items[0]) : -1;
    if (arity >= 0 && call.items.size() == static_cast<std::size_t>(arity) + 2) {
      Term result = std::move(call.items.back());
      call.items.pop_back();
      call = Call("eq", {std::move(result), std::move(call)}, expr.at);
    }
  }
  bool done = false;
  const bool goes_on = Inline(state, pending, mode, out, &done);
  return done ? goes_on : SaveExpr(state, pending);
}

// A negation of something simple (neutral.cc), which depends on an unknown.
bool Evaluator::Negated(State& state, const Pending& pending, Mode) {
  const Expr& expr = pending.expr;
  const Term& term = expr.terms[0];
  bool done = false;
  if (term.IsRef()) {
    const bool goes_on = NegatedRule(state, expr, term, nullptr, &done);
    if (done) return goes_on;
  }
  if (IsEquality(term)) {
    const bool first = term.items[1].IsRef();
    const Term& ref = term.items[first ? 1 : 2];
    const Term& other = term.items[first ? 2 : 1];
    if (ref.IsRef() && other.IsScalar()) {
      const bool goes_on = NegatedRule(state, expr, ref, &other, &done);
      if (done) return goes_on;
    }
  }
  std::optional<Term> settled = Settle(state, term, pending.new_not);
  if (!settled) return true;
  if (IsConstant(*settled)) return IsFalse(*settled);
  Expr saved = Statement(std::move(*settled));
  saved.negated = true;
  world_.budget.Terms(CountTerms(saved));
  state.residual.push_back(std::move(saved));
  return true;
}

// not p: none of the ways of p holds. Written out where each way is one expression that can be negated on its own.
bool Evaluator::NegatedRule(State& state, const Expr&, const Term& ref, const Term* compared, bool* done) {
  if (!ref.items[0].IsVar() || ref.items[0].var != kNoVar) return true;
  const Place place = world_.unknowns.PlaceOf(ref);
  if (place.kind != Place::Kind::kGroup || place.group->kind != GroupKind::kComplete || place.used != ref.items.size()) return true;
  Term copy = ref;
  const std::optional<std::vector<Option>> options = RuleOptions(state, {&copy, compared == nullptr, compared}, place, Mode::kSplit);
  if (!options) return true;
  std::vector<Expr> negations;
  for (const Option& option : *options) {
    if (!option.value.IsScalar()) return true;
    const std::optional<bool> holds = compared == nullptr ? !IsFalse(option.value) : Compare(option.value, *compared);
    if (!holds) return true;
    if (!*holds) continue;
    if (option.residual.empty()) return *done = true, false;
    Expr one = option.residual[0];
    std::set<std::int32_t> vars;
    AllVars(one, vars);
    if (option.residual.size() > 1 || one.kind != ExprKind::kTerm || !one.withs.empty() || !vars.empty()) return true;
    one.negated = !one.negated;
    if (one.negated && Neutral(one, true, world_.names)) return true;
    negations.push_back(std::move(one));
  }
  *done = true;
  state.residual.insert(state.residual.end(), negations.begin(), negations.end());
  return true;
}

void Evaluator::MarkSymbolic(State& state, const Expr& expr) { OpenVars(expr, state.symbolic); }

std::optional<Body> Evaluator::Close(const State& outer, const Body& body, bool new_not, State* end) {
  State state;
  state.symbolic = outer.symbolic;
  state.PushBody(body, new_not);
  std::vector<State> states = Run(std::move(state), Mode::kClosed);
  if (states.empty()) return std::nullopt;
  Body out;
  out.at = body.at;
  out.exprs = states[0].residual;
  if (end != nullptr) *end = std::move(states[0]);
  return out;
}

bool Evaluator::SaveExpr(State& state, const Pending& pending) {
  Expr expr = pending.expr;
  const auto settle = [&](Term& term) {
    std::optional<Term> settled = Settle(state, term, pending.new_not);
    if (settled) term = std::move(*settled);
    return settled.has_value();
  };
  if (expr.negated) {
    Pending again = pending;
    return Negated(state, again, Mode::kClosed);
  }
  if (expr.kind == ExprKind::kTerm || expr.kind == ExprKind::kSomeIn) {
    if (!std::all_of(expr.terms.begin(), expr.terms.end(), settle)) return false;
    if (expr.kind == ExprKind::kTerm && IsConstant(expr.terms[0])) return !IsFalse(expr.terms[0]);
    const bool folded = expr.kind == ExprKind::kTerm && expr.terms[0].IsCall() && expr.terms[0].items[0].IsVar() && !world_.unknowns.IsLate(expr.terms[0].items[0]) &&
                        std::all_of(expr.terms[0].items.begin() + 1, expr.terms[0].items.end(), IsConstant);
    if (folded) return state.Push(std::move(expr), pending.new_not), true;
  } else if (expr.kind == ExprKind::kEvery) {
    if (!settle(expr.terms.back())) return false;
    State inner;
    inner.symbolic = state.symbolic;
    for (std::size_t i = 0; i + 1 < expr.terms.size(); ++i) inner.symbolic.insert(expr.terms[i].var);
    std::optional<Body> body = Close(inner, *expr.body, pending.new_not);
    if (!body) body = Body{{Statement(MakeBool(false, expr.at))}, expr.at};
    if (body->exprs.empty()) body->exprs.push_back(Statement(MakeBool(true, expr.at)));
    expr.body = std::make_shared<Body>(std::move(*body));
  }
  world_.budget.Terms(CountTerms(expr));
  MarkSymbolic(state, expr);
  state.residual.push_back(std::move(expr));
  return true;
}

// Under `with` everything is read anew, so the rules stay as they are, and what is known of the documents is set as well.
bool Evaluator::SaveWith(State& state, Pending pending) {
  Expr& expr = pending.expr;
  if (std::optional<std::vector<Expr>> neutral = Neutral(expr, pending.new_not, world_.names)) {
    for (auto one = neutral->rbegin(); one != neutral->rend(); ++one) state.Push(std::move(*one), pending.new_not);
    return true;
  }
  support_.NeutralInside(expr, pending.new_not);
  for (With& with : expr.withs) {
    if (support_.IsFunctionName(with.value)) continue;
    std::optional<Term> value = Settle(state, with.value, pending.new_not);
    if (!value) return false;
    with.value = std::move(*value);
  }
  support_.AddKnown(expr);
  world_.budget.Terms(CountTerms(expr));
  MarkSymbolic(state, expr);
  state.residual.push_back(std::move(expr));
  return true;
}

std::vector<State> Evaluator::RunRule(const GroupedRule& grouped, const RuleRun& run) {
  State state;
  state.symbolic = run.symbolic;
  for (const auto& [var, head] : run.heads) state.Push(Unify(Var(var, "v", head.at), head), grouped.new_not);
  if (run.body != nullptr) {
    Body body = *run.body;
    Renumber(body, run.base);
    state.PushBody(body, grouped.new_not);
  }
  for (auto expr = run.first.rbegin(); expr != run.first.rend(); ++expr) state.Push(*expr, grouped.new_not);
  return Run(std::move(state), run.mode);
}

}  // namespace intentgate::rego::partial
