// Terms to nodes. References that still have unbound brackets append scan steps.

#include <algorithm>
#include <array>

#include "rego/compile/lower.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

constexpr std::array<std::string_view, 6> kComparisons = {"equal", "neq", "lt", "lte", "gt", "gte"};
constexpr std::array<std::string_view, 4> kArithmetics = {"plus", "minus", "mul", "rem"};

std::string PathText(const Term& ref, std::size_t end) {
  std::string out;
  for (std::size_t i = 1; i < end; ++i) out += "/" + TermText(ref.items[i]);
  return out;
}

bool AllConstant(const Node& node) {
  return std::all_of(node.args.begin(), node.args.end(), [](const Node* a) { return a->op == Op::kConst; });
}

}  // namespace

Value ConstantOf(Arena& arena, const Term& t) {
  Value v;
  switch (t.kind) {
    case TermKind::kNull: return Value::Null();
    case TermKind::kBool: return Value::Bool(t.flag);
    case TermKind::kNumber: return Value::NumberCopy(arena, t.text);
    case TermKind::kString: return Value::StringCopy(arena, t.text);
    default: return v;
  }
}

const RuleGroup* GroupOf(const RuleTree& tree, const Term& op) {
  if (!op.IsRef() || !op.items[0].IsVar("data")) return nullptr;
  const TreeNode* node = &tree.root();
  for (std::size_t i = 1; i < op.items.size() && node != nullptr; ++i) {
    node = op.items[i].IsString() ? node->Child(op.items[i].text) : nullptr;
  }
  return node == nullptr ? nullptr : node->group.get();
}

int ArityOf(const RuleTree& tree, const Term& op) {
  if (op.IsVar()) {
    const Builtin* builtin = FindBuiltin(op.text);
    return builtin == nullptr ? -1 : builtin->arity;
  }
  const RuleGroup* group = GroupOf(tree, op);
  return group == nullptr || group->kind != GroupKind::kFunction ? -1 : static_cast<int>(group->arity());
}

Node* Lowering::New(Op op, Location at) {
  Node* node = context_.arena->New<Node>();
  node->op = op;
  node->at = at;
  return node;
}

const Node* Lowering::Constant(const Value& value, Location at) {
  Node* node = New(Op::kConst, at);
  node->value = value;
  return node;
}

const Node* Lowering::SlotNode(std::uint32_t slot, Location at) {
  Node* node = New(Op::kSlot, at);
  node->index = slot;
  return node;
}

bool Lowering::IsBound(const Term& term) const {
  bool bound = true;
  VisitTerms(term, [&](const Term& t) {
    if (t.IsComprehension()) return false;
    if (t.IsVar() && t.var != kNoVar && !bound_.Has(t.var)) bound = false;
    return bound;
  });
  return bound;
}

const Node* Lowering::LowerVar(const Term& term) {
  if (term.var == kNoVar || !bound_.Has(term.var)) {
    // The safety pass has reported it; anything goes.
    return Constant(Value(), term.at);
  }
  return SlotNode(static_cast<std::uint32_t>(term.var), term.at);
}

void Lowering::LowerIterations(const Term& term, Open& open) {
  if (IsBound(term)) return;
  for (const Term* iteration : ready_.Iterations(term, bound_)) {
    const Node* node = LowerTerm(*iteration, open);
    iterations_.emplace(iteration, node);
  }
}

const Node* Lowering::LowerTerm(const Term& t, Open& open) {
  if (const auto found = iterations_.find(&t); found != iterations_.end()) {
    const Node* node = found->second;
    iterations_.erase(found);
    return node;
  }
  switch (t.kind) {
    case TermKind::kVar: return LowerVar(t);
    case TermKind::kRef: return LowerRef(t, open);
    case TermKind::kCall: return LowerCall(t, open);
    case TermKind::kArray: return LowerComposite(Op::kArray, t, open);
    case TermKind::kObject: return LowerComposite(Op::kObject, t, open);
    case TermKind::kSet: return LowerComposite(Op::kSet, t, open);
    case TermKind::kTemplate: return LowerTemplate(t);
    case TermKind::kArrayComprehension:
    case TermKind::kSetComprehension:
    case TermKind::kObjectComprehension: return LowerComprehension(t);
    default: return Constant(ConstantOf(*context_.arena, t), t.at);
  }
}

const Node* Lowering::LowerComposite(Op op, const Term& term, Open& open) {
  LowerIterations(term, open);
  std::vector<const Node*> args;
  args.reserve(term.items.size());
  for (const Term& item : term.items) args.push_back(LowerTerm(item, open));
  // Of equal numbers that are written in two ways, a set keeps the constant one, as in OPA.
  if (op == Op::kSet) std::stable_partition(args.begin(), args.end(), [](const Node* a) { return a->op == Op::kConst; });
  Node* node = New(op, term.at);
  node->args = ToArena(*context_.arena, args);
  return FoldConstants(node);
}

// Literals of constants become constants.
const Node* Lowering::FoldConstants(Node* node) {
  if (!AllConstant(*node)) return node;
  Arena& arena = *context_.arena;
  Value value;
  if (node->op == Op::kArray) {
    ArrayBuilder items(arena);
    for (const Node* a : node->args) items.Add(a->value);
    value = items.Finish();
  } else if (node->op == Op::kSet) {
    SetBuilder items(arena);
    for (const Node* a : node->args) items.Add(a->value);
    value = items.Finish();
  } else {
    ObjectBuilder members(arena);
    for (std::size_t i = 0; i + 1 < node->args.size(); i += 2) {
      members.Set(node->args[i]->value, node->args[i + 1]->value);  // of a literal's equal keys the last counts, as in OPA
    }
    value = members.Finish();
  }
  return Constant(value, node->at);
}

const Node* Lowering::LowerRef(const Term& ref, Open& open) {
  const Term& head = ref.items[0];
  std::size_t next = 1;
  const Node* base = nullptr;
  if (head.IsVar("input") && head.var == kNoVar) {
    base = LowerInput(ref, &next);
  } else if (head.IsVar("data") && head.var == kNoVar) {
    base = LowerData(ref, open, &next);
  } else {
    base = LowerTerm(head, open);
  }
  return LowerKeys(base, ref, next, open);
}

const Node* Lowering::LowerInput(const Term& ref, std::size_t* next) {
  std::size_t end = 1;
  while (end < ref.items.size() && ref.items[end].IsScalar()) ++end;
  *next = end;
  if (end == 1) return New(Op::kInput, ref.at);
  std::vector<const Node*> keys;
  for (std::size_t i = 1; i < end; ++i) keys.push_back(Constant(ConstantOf(*context_.arena, ref.items[i]), ref.items[i].at));
  Node* node = New(Op::kInputPath, ref.at);
  node->args = ToArena(*context_.arena, keys);
  const auto number = static_cast<std::uint32_t>(context_.input_paths.size());
  node->index = context_.input_paths.emplace(PathText(ref, end), number).first->second;
  return node;
}

const Node* Lowering::LowerData(const Term& ref, Open& open, std::size_t* next) {
  const TreeNode* at = &context_.tree->root();
  std::size_t i = 1;
  for (; i < ref.items.size() && ref.items[i].IsString(); ++i) {
    const TreeNode* child = at->Child(ref.items[i].text);
    if (child == nullptr) break;
    at = child;
    if (at->group == nullptr) continue;
    RuleSet* set = context_.sets[at->group->id];
    *next = i + 1;
    if (set->kind == SetKind::kFunction) return Constant(Value(), ref.at);  // functions are no documents
    if (set->kind != SetKind::kComplete && i + 1 < ref.items.size() && IsBound(ref.items[i + 1])) {
      Node* node = New(Op::kRuleKey, ref.at);
      node->rules = set;
      const std::vector<const Node*> key = {LowerTerm(ref.items[i + 1], open)};
      node->args = ToArena(*context_.arena, key);
      *next = i + 2;
      return node;
    }
    Node* node = New(Op::kRule, ref.at);
    node->rules = set;
    return node;
  }
  Node* doc = New(Op::kDoc, ref.at);
  doc->doc = context_.docs.at(at);
  *next = i;
  const bool leaves_tree = i < ref.items.size() && ref.items[i].IsScalar();
  if (!leaves_tree) return doc;
  // Base data only: constants as far as they go.
  std::vector<const Node*> keys;
  Value base = doc->doc->base;
  for (const Value& key : doc->doc->path) keys.push_back(Constant(key, ref.at));
  for (; i < ref.items.size() && ref.items[i].IsScalar(); ++i) {
    Value key = ConstantOf(*context_.arena, ref.items[i]);
    // A number names the member spelled like it, as in OPA's storage paths.
    if (base.is_object() && key.is_number()) key = Value::StringCopy(*context_.arena, key.ToText());
    keys.push_back(Constant(key, ref.items[i].at));
    base = base.Get(key);
  }
  *next = i;
  Node* node = New(Op::kData, ref.at);
  node->args = ToArena(*context_.arena, keys);
  node->value = base;
  return node;
}

const Node* Lowering::Index(const Node* base, const Node* key, Location at) {
  Node* node = New(Op::kIndex, at);
  node->left = base;
  const std::vector<const Node*> keys = {key};
  node->args = ToArena(*context_.arena, keys);
  return node;
}

const Node* Lowering::LowerKeys(const Node* base, const Term& ref, std::size_t next, Open& open) {
  for (std::size_t i = next; i < ref.items.size(); ++i) {
    const Term& key = ref.items[i];
    if (IsBound(key)) {
      base = Index(base, LowerTerm(key, open), ref.at);
      continue;
    }
    if (key.IsRef() || key.IsCall()) {
      // foo[bar[x]]: the inner reference iterates first.
      base = Index(base, LowerTerm(key, open), ref.at);
      continue;
    }
    Step scan;
    scan.op = StepOp::kScan;
    scan.at = ref.at;
    scan.node = base;
    scan.key = LowerPattern(key, open);
    scan.keep_document = i + 1 < ref.items.size();
    Pattern* bind = context_.arena->New<Pattern>();
    bind->kind = PatternKind::kBind;
    bind->slot = slots_++;
    scan.value = bind;
    open.steps.push_back(scan);
    base = SlotNode(bind->slot, ref.at);
  }
  return base;
}

const Pattern* Lowering::LowerPattern(const Term& t, Open& open) {
  Pattern* pattern = context_.arena->New<Pattern>();
  if (t.IsVar() && t.var != kNoVar && !bound_.Has(t.var)) {
    bound_.Add(t.var);
    if (t.IsWildcard()) return pattern;
    pattern->kind = PatternKind::kBind;
    pattern->slot = static_cast<std::uint32_t>(t.var);
    return pattern;
  }
  if (!IsBound(t) && t.kind == TermKind::kArray) {
    pattern->kind = PatternKind::kArray;
    std::vector<const Pattern*> items;
    for (const Term& item : t.items) items.push_back(LowerPattern(item, open));
    pattern->items = ToArena(*context_.arena, items);
    return pattern;
  }
  if (!IsBound(t) && t.kind == TermKind::kObject) {
    pattern->kind = PatternKind::kObject;
    std::vector<const Pattern*> items;
    std::vector<const Node*> keys;
    for (std::size_t i = 0; i + 1 < t.items.size(); i += 2) {
      keys.push_back(LowerTerm(t.items[i], open));
      items.push_back(LowerPattern(t.items[i + 1], open));
    }
    pattern->keys = ToArena(*context_.arena, keys);
    pattern->items = ToArena(*context_.arena, items);
    return pattern;
  }
  pattern->kind = PatternKind::kTest;
  pattern->node = LowerTerm(t, open);
  return pattern;
}

const Node* Lowering::LowerCall(const Term& call, Open& open) {
  const Term& op = call.items[0];
  LowerIterations(call, open);
  std::vector<const Node*> args;
  for (std::size_t i = 1; i < call.items.size(); ++i) args.push_back(LowerTerm(call.items[i], open));
  const std::string name = op.IsVar() ? op.text : TermText(op);
  const auto mock = context_.mocks.find(name);
  Node* node = New(Op::kBuiltin, call.at);
  if (mock != context_.mocks.end()) node->mock = mock->second;
  if (const RuleGroup* group = GroupOf(*context_.tree, op)) {
    node->op = Op::kFunction;
    node->rules = context_.sets[group->id];
    node->args = ToArena(*context_.arena, args);
    return node;
  }
  const auto comparison = op.IsVar() ? std::find(kComparisons.begin(), kComparisons.end(), op.text == "eq" ? "equal" : std::string_view(op.text)) : kComparisons.end();
  if (comparison != kComparisons.end() && args.size() == 2 && node->mock < 0) {
    node->op = Op::kCompare;
    node->index = static_cast<std::uint32_t>(comparison - kComparisons.begin());
    node->left = args[0];
    args.erase(args.begin());
    node->args = ToArena(*context_.arena, args);
    return node;
  }
  node->builtin = op.IsVar() ? FindBuiltin(op.text) : nullptr;
  node->args = ToArena(*context_.arena, args);
  if (node->builtin == nullptr || node->builtin->arity != args.size()) return Constant(Value(), call.at);  // reported by the type check
  const auto arithmetic = std::find(kArithmetics.begin(), kArithmetics.end(), node->builtin->name);
  if (arithmetic != kArithmetics.end() && node->mock < 0) {
    node->op = Op::kArithmetic;
    node->index = static_cast<std::uint32_t>(arithmetic - kArithmetics.begin());
    return node;
  }
  if ((node->builtin->flags & kBuiltinRelation) != 0) {
    // walk(x) as a value: iterate over its outputs.
    Step step;
    step.op = StepOp::kOutputs;
    step.at = call.at;
    step.node = node;
    Pattern* bind = context_.arena->New<Pattern>();
    bind->kind = PatternKind::kBind;
    bind->slot = slots_++;
    step.value = bind;
    open.steps.push_back(step);
    return SlotNode(bind->slot, call.at);
  }
  return node;
}

const Node* Lowering::LowerComprehension(const Term& term) {
  const VarSet saved = bound_;
  Open open;
  LowerExprs(*term.body, open);
  std::vector<const Node*> heads;
  for (const Term& head : term.items) heads.push_back(LowerTerm(head, open));
  const Op op = term.kind == TermKind::kArrayComprehension  ? Op::kArrayComprehension
                : term.kind == TermKind::kSetComprehension ? Op::kSetComprehension
                                                           : Op::kObjectComprehension;
  Node* node = New(op, term.at);
  node->block = Close(open);
  node->args = ToArena(*context_.arena, heads);
  node->reads = FindOuterReads(context_, *node);
  bound_ = saved;
  return node;
}

// Each expression becomes an array of its outcomes: none renders <undefined>, two different ones are a conflict.
// The set of a term's values: empty where it is undefined.
const Node* Lowering::LowerOutcomes(const Term& part) {
  const VarSet saved = bound_;
  Open open;
  const Node* value = LowerTerm(part, open);
  Node* outcomes = New(Op::kSetComprehension, part.at);
  const std::vector<const Node*> head = {value};
  outcomes->args = ToArena(*context_.arena, head);
  outcomes->block = Close(open);
  bound_ = saved;
  return outcomes;
}

const Node* Lowering::LowerTemplate(const Term& term) {
  std::vector<const Node*> parts;
  for (const Term& part : term.items) {
    if (part.IsString() && part.flag) {
      parts.push_back(Constant(ConstantOf(*context_.arena, part), part.at));
      continue;
    }
    if (part.IsComprehension() && part.flag) {
      parts.push_back(LowerComprehension(part));
      continue;
    }
    parts.push_back(LowerOutcomes(part));
  }
  Node* node = New(Op::kTemplate, term.at);
  node->args = ToArena(*context_.arena, parts);
  return node;
}

}  // namespace intentgate::rego
