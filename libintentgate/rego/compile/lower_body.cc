// Expressions to steps.

#include <algorithm>

#include "rego/compile/lower.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego {

const Block* Lowering::Close(Open& open) {
  FindJoins(context_, open.steps);
  Block* block = context_.arena->New<Block>();
  block->steps = ToArena(*context_.arena, open.steps);
  block->straight = std::none_of(open.steps.begin(), open.steps.end(), [](const Step& step) {
    return step.op == StepOp::kScan || step.op == StepOp::kOutputs || step.op == StepOp::kWith;
  });
  return block;
}

const Block* Lowering::LowerBody(const Body* body) {
  Open open;
  if (body != nullptr) LowerExprs(*body, open);
  return Close(open);
}

void Lowering::LowerExprs(const Body& body, Open& open) {
  for (const Expr& expr : body.exprs) LowerExpr(expr, open);
}

void Lowering::LowerExpr(const Expr& expr, Open& open) {
  if (expr.kind == ExprKind::kSome) return;
  const bool is_print = expr.kind == ExprKind::kTerm && expr.terms[0].IsCall() && expr.terms[0].items[0].IsVar("print");
  if (is_print) return LowerPrint(expr, open);
  if (!expr.withs.empty()) {
    LowerWith(expr, open);
  } else {
    LowerPlain(expr, open);
  }
}

void Lowering::LowerPrint(const Expr& expr, Open& open) {
  if (!context_.print) return;  // the call is erased, as OPA does
  std::vector<const Node*> outcomes;
  const Term& call = expr.terms[0];
  for (std::size_t i = 1; i < call.items.size(); ++i) outcomes.push_back(LowerOutcomes(call.items[i]));
  Node* node = New(Op::kArray, expr.at);
  node->args = ToArena(*context_.arena, outcomes);
  Step step;
  step.op = StepOp::kPrint;
  step.at = expr.at;
  step.node = node;
  open.steps.push_back(step);
}

void Lowering::LowerPlain(const Expr& expr, Open& open) {
  if (expr.negated) return LowerNegated(expr, open);
  if (expr.kind == ExprKind::kSomeIn) return LowerSomeIn(expr, open);
  if (expr.kind == ExprKind::kEvery) return LowerEvery(expr, open);
  if (expr.kind == ExprKind::kAnd || expr.kind == ExprKind::kOr) return LowerLogic(expr, open);
  const Term& term = expr.terms[0];
  if (IsUnify(expr)) return LowerUnify(term.items[1], term.items[2], open, expr.at);
  if (term.IsCall() && LowerOutputCall(term, open, expr.at)) return;
  Step step;
  step.op = StepOp::kTest;
  step.at = expr.at;
  step.node = LowerTerm(term, open);
  open.steps.push_back(step);
}

// Without the new `not`, what a negated expression is made of is evaluated outside of the negation: calls inside calls, and
// references but for the outermost ones of `not ref` and `not ref == value`. Where one of them is undefined, the expression
// fails.
Term Lowering::HoistOperands(const Term& term, Open& open) {
  if (!term.IsCall() && !term.IsRef()) return Hoist(term, open);
  Term out = term;
  const bool equality = term.IsCall() && (term.items[0].IsVar("eq") || term.items[0].IsVar("equal"));
  for (std::size_t i = 1; i < out.items.size(); ++i) {
    Term& item = out.items[i];
    item = equality && item.IsRef() ? HoistOperands(item, open) : Hoist(item, open);
  }
  return out;
}

Term Lowering::Hoist(const Term& term, Open& open) {
  switch (term.kind) {
    case TermKind::kArray:
    case TermKind::kSet:
    case TermKind::kObject: {
      Term out = term;
      for (Term& item : out.items) item = Hoist(item, open);
      return out;
    }
    case TermKind::kRef:
    case TermKind::kCall: break;
    default: return term;
  }
  Term inner = term;
  for (std::size_t i = 1; i < inner.items.size(); ++i) inner.items[i] = Hoist(inner.items[i], open);
  Step step;
  step.op = StepOp::kAssign;
  step.at = term.at;
  step.node = LowerTerm(inner, open);
  step.slot = slots_++;
  open.steps.push_back(step);
  Term var = MakeVar("_", term.at);
  var.var = static_cast<std::int32_t>(step.slot);
  bound_.Add(var.var);
  return var;
}

void Lowering::LowerNegated(const Expr& expr, Open& open) {
  Step step;
  step.op = StepOp::kNot;
  step.at = expr.at;
  const VarSet saved = bound_;
  Open inner;
  if (expr.kind == ExprKind::kBlock) {
    LowerExprs(*expr.body, inner);
  } else {
    Expr positive = expr;
    positive.negated = false;
    if (!new_not_ && positive.kind == ExprKind::kTerm) {
      positive.terms[0] = HoistOperands(positive.terms[0], open);
    }
    LowerPlain(positive, inner);
  }
  step.block = Close(inner);
  bound_ = saved;
  open.steps.push_back(step);
}

Step Lowering::NotStep(const Body& body, Location at) {
  Step step;
  step.op = StepOp::kNot;
  step.at = at;
  const VarSet saved = bound_;
  step.block = LowerBody(&body);
  bound_ = saved;
  return step;
}

// a or b is not (not a; not b); each operand of `and` is not (not a). Either way an operand is a scope of its own that
// gives one answer at most, and the first operand that decides is the last one to run.
void Lowering::LowerLogic(const Expr& expr, Open& open) {
  std::vector<Open> groups(expr.kind == ExprKind::kOr ? 1 : expr.operands.size());
  for (std::size_t i = 0; i < expr.operands.size(); ++i) {
    groups[expr.kind == ExprKind::kOr ? 0 : i].steps.push_back(NotStep(*expr.operands[i], expr.at));
  }
  for (Open& group : groups) {
    Step step;
    step.op = StepOp::kNot;
    step.at = expr.at;
    step.block = Close(group);
    open.steps.push_back(step);
  }
}

void Lowering::LowerSomeIn(const Expr& expr, Open& open) {
  Step scan;
  scan.op = StepOp::kScan;
  scan.at = expr.at;
  scan.node = LowerTerm(expr.terms.back(), open);
  if (expr.has_key) scan.key = LowerPattern(expr.terms[0], open);
  scan.value = LowerPattern(expr.terms[expr.has_key ? 1 : 0], open);
  open.steps.push_back(scan);
}

void Lowering::LowerEvery(const Expr& expr, Open& open) {
  Step step;
  step.op = StepOp::kEvery;
  step.at = expr.at;
  step.node = LowerTerm(expr.terms.back(), open);
  const VarSet saved = bound_;
  Open inner;
  if (expr.has_key) step.key = LowerPattern(expr.terms[0], inner);
  step.value = LowerPattern(expr.terms[expr.has_key ? 1 : 0], inner);
  LowerExprs(*expr.body, inner);
  step.block = Close(inner);
  bound_ = saved;
  open.steps.push_back(step);
}

// f(x, out) with one argument more than f has: `out` is matched against the result.
bool Lowering::LowerOutputCall(const Term& call, Open& open, Location at) {
  const int arity = ArityOf(*context_.tree, call.items[0]);
  if (arity < 0 || call.items.size() != static_cast<std::size_t>(arity) + 2) return false;
  Term inputs = call;
  inputs.items.pop_back();
  const Node* node = LowerTerm(inputs, open);
  EmitMatch(call.items.back(), node, open, at);
  return true;
}

void Lowering::EmitMatch(const Term& pattern, const Node* node, Open& open, Location at) {
  Step step;
  step.at = at;
  step.node = node;
  if (pattern.IsVar() && pattern.var != kNoVar && !bound_.Has(pattern.var)) {
    step.op = StepOp::kAssign;
    step.slot = static_cast<std::uint32_t>(pattern.var);
    bound_.Add(pattern.var);
  } else {
    step.op = StepOp::kMatch;
    step.value = LowerPattern(pattern, open);
    if (step.value->kind == PatternKind::kTest) {
      // Both sides known: an equality test.
      Node* equal = New(Op::kCompare, at);
      equal->left = node;
      const std::vector<const Node*> right = {step.value->node};
      equal->args = ToArena(*context_.arena, right);
      step.op = StepOp::kTest;
      step.node = equal;
    }
  }
  open.steps.push_back(step);
}

void Lowering::LowerUnify(const Term& a, const Term& b, Open& open, Location at) {
  if (a.kind == TermKind::kArray && b.kind == TermKind::kArray && !(IsBound(a) && IsBound(b))) {
    return LowerUnifyArrays(a, b, open, at);
  }
  if (a.kind == TermKind::kObject && b.kind == TermKind::kObject && !(IsBound(a) && IsBound(b)) &&
      LowerUnifyObjects(a, b, open, at)) {
    return;
  }
  VarSet attempt = bound_;
  const VarSet none;
  const bool b_known = ready_.Term(b, attempt, none) && ready_.Pattern(a, attempt, none);
  const Term& value = b_known ? b : a;
  const Term& pattern = b_known ? a : b;
  EmitMatch(pattern, LowerTerm(value, open), open, at);
}

void Lowering::LowerUnifyArrays(const Term& a, const Term& b, Open& open, Location at) {
  if (a.items.size() != b.items.size()) {
    Step never;
    never.at = at;
    never.node = Constant(Value::Bool(false), at);
    open.steps.push_back(never);
    return;
  }
  std::vector<bool> done(a.items.size(), false);
  const VarSet none;
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t i = 0; i < done.size(); ++i) {
      VarSet attempt = bound_;
      if (done[i] || !ready_.Unify(a.items[i], b.items[i], attempt, none)) continue;
      LowerUnify(a.items[i], b.items[i], open, at);
      done[i] = progress = true;
    }
  }
}

// Pairs members by constant keys. False, and nothing emitted, if a key is no constant.
bool Lowering::LowerUnifyObjects(const Term& a, const Term& b, Open& open, Location at) {
  if (a.items.size() != b.items.size()) return false;
  std::vector<std::pair<const Term*, const Term*>> pairs;
  for (std::size_t i = 0; i + 1 < a.items.size(); i += 2) {
    const Term* found = nullptr;
    for (std::size_t j = 0; j + 1 < b.items.size(); j += 2) {
      if (!a.items[i].IsScalar() || !b.items[j].IsScalar()) return false;
      if (a.items[i].kind == b.items[j].kind && a.items[i].text == b.items[j].text && a.items[i].flag == b.items[j].flag) found = &b.items[j + 1];
    }
    if (found == nullptr) return false;
    pairs.emplace_back(&a.items[i + 1], found);
  }
  const VarSet none;
  std::vector<bool> done(pairs.size(), false);
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      VarSet attempt = bound_;
      if (done[i] || !ready_.Unify(*pairs[i].first, *pairs[i].second, attempt, none)) continue;
      LowerUnify(*pairs[i].first, *pairs[i].second, open, at);
      done[i] = progress = true;
    }
  }
  return true;
}

bool Lowering::LowerWithItem(const With& with, Open& open, WithItem& item) {
  const Term& target = with.target;
  const bool is_document = target.IsRef() && target.items[0].IsVar() && (target.items[0].text == "input" || target.items[0].text == "data");
  const RuleGroup* function = GroupOf(*context_.tree, target);
  if (function != nullptr && function->kind != GroupKind::kFunction) function = nullptr;
  if (is_document && function == nullptr) {
    item.target = target.items[0].text == "input" ? WithItem::Target::kInput : WithItem::Target::kData;
    std::vector<Value> path;
    for (std::size_t i = 1; i < target.items.size(); ++i) {
      if (!target.items[i].IsScalar()) return false;
      path.push_back(ConstantOf(*context_.arena, target.items[i]));
    }
    item.path = ToArena(*context_.arena, path);
    item.value = LowerTerm(with.value, open);
    return true;
  }
  const auto mock = context_.mocks.find(function != nullptr ? TermText(target) : target.text);
  if (mock == context_.mocks.end()) return false;
  item.target = WithItem::Target::kFunction;
  item.mock = mock->second;
  const RuleGroup* by = GroupOf(*context_.tree, with.value);
  if (by != nullptr && by->kind == GroupKind::kFunction) {
    item.function = context_.sets[by->id];
  } else if (with.value.IsVar() && with.value.var == kNoVar) {
    item.builtin = FindBuiltin(with.value.text);
  } else {
    item.value = LowerTerm(with.value, open);
  }
  return true;
}

void Lowering::LowerWith(const Expr& expr, Open& open) {
  Step step;
  step.op = StepOp::kWith;
  step.at = expr.at;
  std::vector<WithItem> items;
  for (const With& with : expr.withs) {
    WithItem item;
    if (!LowerWithItem(with, open, item)) {
      context_.diagnostics->Type(with.at, "with keyword target must reference existing input, data, or a function",
                                 "write input, input.path, data.path or the name of a function before `as`");
      return;
    }
    items.push_back(item);
  }
  Expr plain = expr;
  plain.withs.clear();
  Open inner;
  LowerPlain(plain, inner);
  step.block = Close(inner);
  step.withs = ToArena(*context_.arena, items);
  open.steps.push_back(step);
}

}  // namespace intentgate::rego
