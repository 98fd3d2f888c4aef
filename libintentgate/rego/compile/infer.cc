#include "rego/compile/infer.h"

#include <algorithm>
#include <utility>

#include "rego/builtins/registry.h"
#include "rego/compile/dependencies.h"
#include "rego/compile/lower.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

// Rules that read rules are followed this far; behind it anything may come.
constexpr int kMaxChain = 32;

constexpr Shape Of(std::uint16_t kinds, std::uint16_t elements = 0, std::uint16_t keys = 0, bool vague = false) {
  return Shape{kinds, elements, keys, vague};
}

constexpr Shape kAnything = Of(ty::kAny);
// Of what OPA may know nothing, or anything.
constexpr Shape kVague = Of(ty::kAny, 0, 0, true);

bool Known(const Shape& shape) { return shape.kinds != 0; }
bool IsCollection(const Shape& shape) { return (shape.kinds & ty::kCollection) != 0; }

Shape Element(const Shape& collection) { return collection.vague || collection.elements == 0 ? kAnything : Of(collection.elements); }

Shape Key(const Shape& collection) {
  std::uint16_t kinds = 0;
  if (collection.vague) return kAnything;
  // Of a list that may be the empty one OPA does not learn a key.
  if ((collection.kinds & ty::kArray) != 0) kinds |= collection.elements == 0 ? ty::kAny : ty::kNumber;
  if ((collection.kinds & ty::kSet) != 0) kinds |= Element(collection).kinds;
  if ((collection.kinds & ty::kObject) != 0) kinds |= collection.keys != 0 ? collection.keys : ty::kAny;
  return Of(kinds);
}

// Either of two; what is unknown may be anything.
Shape Join(const Shape& a, const Shape& b) {
  if (!Known(a) || !Known(b)) return kAnything;
  const auto both = [&](Shape (*part)(const Shape&)) {
    return static_cast<std::uint16_t>((IsCollection(a) ? part(a).kinds : 0) | (IsCollection(b) ? part(b).kinds : 0));
  };
  return Of(a.kinds | b.kinds, both(Element), both(Key), a.vague || b.vague);
}

// False if no value has both.
bool Fits(const Shape& a, const Shape& b) {
  if (!Known(a) || !Known(b)) return true;
  const auto common = static_cast<std::uint16_t>(a.kinds & b.kinds);
  if (common == 0) return false;
  return (common & ~ty::kCollection) != 0 || (Element(a).kinds & Element(b).kinds) != 0;
}

Shape OfSpec(const TypeSpec& spec) { return Of(spec.kinds, spec.elements); }

bool HasRules(const TreeNode& node) {
  return node.group != nullptr || std::any_of(node.children.begin(), node.children.end(), [](const auto& child) { return HasRules(*child.second); });
}

class Inference {
 public:
  // `known`: what an earlier pass found, for a query; null for the rules themselves.
  Inference(const RuleTree& tree, const RuleTypes* known, Diagnostics& diagnostics) : tree_(tree), diagnostics_(diagnostics), known_(known) {}

  RuleTypes CheckRules() {
    groups_.resize(tree_.groups().size());
    for (const RuleGroup* group : tree_.groups()) OfGroup(*group);
    return std::move(groups_);
  }

  void CheckQuery(const Body& body, std::size_t vars) {
    vars_.assign(vars, Shape());
    CheckBody(body);
  }

 private:
  // ---- rules

  const GroupTypes& OfGroup(const RuleGroup& group) {
    static const GroupTypes kUnknown;
    if (known_ != nullptr) return (*known_)[group.id];
    GroupTypes& types = groups_[group.id];
    if (types.state == GroupTypes::State::kDone) return types;
    if (types.state == GroupTypes::State::kRunning || chain_ == kMaxChain) return kUnknown;
    types.state = GroupTypes::State::kRunning;
    std::vector<Shape> vars = std::exchange(vars_, {});
    std::vector<Lesson> learned = std::exchange(learned_, {});
    std::vector<const Term*> replaced = std::exchange(replaced_, {});
    const bool new_not = new_not_;
    ++chain_;
    GroupTypes found;
    const std::size_t before = diagnostics_.size();
    bool first = true;
    for (const GroupedRule& rule : group.rules) {
      vars_.assign(static_cast<std::size_t>(rule.var_count), Shape());
      learned_.clear();
      new_not_ = rule.new_not;
      AddBranch(group, rule, rule.rule, first, found);
      for (const Rule& other : rule.rule.otherwise) AddBranch(group, rule, other, first, found);
    }
    --chain_;
    vars_ = std::move(vars);
    learned_ = std::move(learned);
    replaced_ = std::move(replaced);
    new_not_ = new_not;
    types = diagnostics_.size() == before ? found : GroupTypes();
    types.state = GroupTypes::State::kDone;
    return types;
  }

  Shape ValueOf(const RuleGroup& group) {
    const Shape value = OfGroup(group).value;
    return Known(value) ? value : kAnything;
  }

  void AddBranch(const RuleGroup& group, const GroupedRule& grouped, const Rule& branch, bool& first, GroupTypes& out) {
    if (branch.body) CheckBody(*branch.body);
    for (const Term& key : grouped.keys) Settle(key);
    const bool in_set = grouped.rule.multi_value;
    Shape value = in_set ? Settle(*grouped.rule.key) : (branch.value ? Settle(*branch.value) : OfScalar(TermKind::kBool));
    if (group.kind == GroupKind::kPartial) value = Member(grouped, value);
    out.value = first ? value : Join(out.value, value);
    for (std::size_t i = 0; i < grouped.rule.args.size(); ++i) {
      const Shape arg = Settle(grouped.rule.args[i]);
      if (first) {
        out.args.push_back(arg);
      } else if (i < out.args.size()) {
        out.args[i] = Join(out.args[i], arg);
      }
    }
    first = false;
    Forget(0);
  }

  // The partial document that a rule with one answer makes. OPA files constant keys apart, and expects anything beside them.
  static Shape Member(const GroupedRule& grouped, const Shape& value) {
    if (!grouped.keys.empty() && grouped.keys[0].IsScalar()) return Of(ty::kObject, 0, 0, value.vague);
    const std::size_t depth = grouped.keys.size() + (grouped.rule.multi_value ? 1 : 0);
    return Of(grouped.keys.empty() ? ty::kSet : ty::kObject, depth == 1 && !value.vague ? value.kinds : 0, 0, value.vague);
  }

  // ---- bodies

  void CheckBody(const Body& body) {
    for (const Expr& expr : body.exprs) CheckExpr(expr);
  }

  void CheckExpr(const Expr& expr) {
    for (const With& with : expr.withs) CheckWith(with, expr.withs);
    const std::size_t outside = replaced_.size();
    for (const With& with : expr.withs) replaced_.push_back(&with.target);
    switch (expr.kind) {
      case ExprKind::kTerm:
        if (expr.negated && new_not_) {
          CheckClosures(expr);
        } else if (IsEquation(expr.terms[0])) {
          Unify(expr.terms[0].items[1], expr.terms[0].items[2], expr.at);
        } else {
          Eval(expr.terms[0]);
        }
        break;
      case ExprKind::kSomeIn: CheckSomeIn(expr); break;
      case ExprKind::kEvery:
        Settle(expr.terms.back());
        CheckClosures(*expr.body);
        break;
      default: CheckClosures(expr);
    }
    replaced_.resize(outside);
  }

  // a = b; in modules also a == b as an expression of its own, which OPA makes an equation there. In a query it stays a call.
  bool IsEquation(const Term& term) const {
    return term.IsCall() && term.items.size() == 3 && (term.items[0].IsVar("eq") || (known_ == nullptr && term.items[0].IsVar("equal")));
  }

  // Takes what is not known yet outside of comprehensions for anything.
  void Loosen(const Term& term) {
    VisitTerms(term, [this](const Term& t) {
      if (IsOpen(t)) Learn(t.var, kVague);
      return !t.IsComprehension();
    });
  }

  // The comprehensions of what is not looked into otherwise. What is read there may be anything, as OPA takes what a reference reads for.
  template <typename Tree>
  void CheckClosures(const Tree& tree) {
    VisitTerms(tree, [this](const Term& term) {
      if (IsOpen(term)) Learn(term.var, kVague);
      if (term.IsComprehension()) Eval(term);
      return !term.IsComprehension();
    });
  }

  void CheckSomeIn(const Expr& expr) {
    const Term& domain = expr.terms.back();
    const Shape shape = Settle(domain);
    if (!IsCollection(shape)) return Undefined(domain, shape);
    bool fits = !expr.has_key || Assign(expr.terms[0], Key(shape));
    fits = Assign(expr.terms[expr.has_key ? 1 : 0], Element(shape)) && fits;
    if (!fits) Mismatch(expr.at);
  }

  // A function stands in for another one only if some arguments fit both.
  void CheckWith(const With& with, const std::vector<With>& all) {
    const std::vector<Shape> target = Parameters(with.target);
    const std::vector<Shape> value = Parameters(with.value);
    if (value.empty()) {
      Loosen(with.value);
      Settle(with.value);
    }
    if (target.empty() || target.size() != value.size()) return;
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (Fits(target[i], value[i])) continue;
      if (MayBeReplaced(with.value, all)) return;
      diagnostics_.Type(with.at, TermText(with.target) + ": arity mismatch", Argument(i, value[i], target[i]));
      return;
    }
  }

  // Of a function that reads what is replaced here, OPA takes nothing for known.
  bool MayBeReplaced(const Term& function, const std::vector<With>& withs) const {
    const RuleGroup* group = GroupOf(tree_, function);
    const auto reads = [&](const Term& target) { return ReadsReplaced(*group, target, tree_); };
    return group != nullptr && (std::any_of(replaced_.begin(), replaced_.end(), [&](const Term* target) { return reads(*target); }) ||
                                std::any_of(withs.begin(), withs.end(), [&](const With& with) { return reads(with.target); }));
  }

  std::vector<Shape> Parameters(const Term& function) {
    const Builtin* builtin = function.IsVar() && function.var == kNoVar ? FindBuiltin(function.text) : nullptr;
    if (builtin != nullptr) {
      std::vector<Shape> out;
      for (std::size_t i = 0; i < builtin->arity; ++i) out.push_back(OfSpec(builtin->args[i]));
      return out;
    }
    const RuleGroup* group = GroupOf(tree_, function);
    if (group == nullptr || group->kind != GroupKind::kFunction) return {};
    return OfGroup(*group).args;
  }

  // What a side of an equation tells of the other: of a reference that may hold an empty set, nothing.
  static Shape Given(const Term& side, const Shape& shape) { return shape.vague && (side.IsRef() || side.IsVar()) ? kVague : shape; }

  void Unify(const Term& a, const Term& b, Location at) {
    const bool later = a.IsVar() || (HoldsCall(b) && !HoldsCall(a));  // calls in `b` may tell more of it
    Shape left = later ? Shape() : Eval(a);
    const Shape right = Eval(b);
    if (later) left = Eval(a);
    const bool open_left = HasOpen(a) || (IsLiteral(a) && left.vague);
    const bool open_right = HasOpen(b) || (IsLiteral(b) && right.vague);
    bool fits = true;
    if (open_left && open_right) {
      // What a literal holds is settled first: in `x = [x]` it is anything, and so is `x`.
      for (const Term* side : {&a, &b}) {
        if (IsLiteral(*side) && side->kind != TermKind::kSet) static_cast<void>(Assign(*side, kAnything));
      }
      if (IsOpen(a)) Learn(a.var, right);
      if (IsOpen(b)) Learn(b.var, left);
    } else if (open_left) {
      fits = Assign(a, Given(b, right));
    } else if (open_right) {
      fits = Assign(b, Given(a, left));
    } else {
      fits = Fits(left, right);
    }
    if (!fits) diagnostics_.Type(at, "match error", "one side is " + DescribeKinds(left.kinds) + ", the other is " + DescribeKinds(right.kinds));
  }

  // ---- terms

  static Shape OfScalar(TermKind kind) {
    switch (kind) {
      case TermKind::kNull: return Of(ty::kNull);
      case TermKind::kBool: return Of(ty::kBoolean);
      case TermKind::kNumber: return Of(ty::kNumber);
      case TermKind::kString: return Of(ty::kString);
      default: return kAnything;
    }
  }

  // Not known where variables are met for the first time.
  Shape Eval(const Term& term) {
    switch (term.kind) {
      case TermKind::kVar: return term.var == kNoVar ? kAnything : vars_[static_cast<std::size_t>(term.var)];
      case TermKind::kArray: return Literal(term, ty::kArray);
      case TermKind::kSet: return Literal(term, ty::kSet);
      case TermKind::kObject: return Literal(term, ty::kObject);
      case TermKind::kRef: return EvalRef(term);
      case TermKind::kCall: return EvalCall(term);
      case TermKind::kArrayComprehension: return Closure(term, ty::kArray);
      case TermKind::kSetComprehension: return Closure(term, ty::kSet);
      case TermKind::kObjectComprehension: return Closure(term, ty::kObject);
      case TermKind::kTemplate: Closure(term, ty::kArray); return Of(ty::kString);
      default: return OfScalar(term.kind);
    }
  }

  // A collection of these items, or members.
  static void AddItem(Shape& collection, bool is_key, const Shape& item) {
    const bool known = Known(item) && !item.vague;
    (is_key ? collection.keys : collection.elements) |= known ? item.kinds : ty::kAny;
    collection.vague = collection.vague || !known;
  }

  Shape Literal(const Term& term, std::uint16_t kind) {
    Shape out = Of(kind, 0, 0, kind == ty::kSet && term.items.empty());
    // OPA looks at the calls in sets and objects in the order of its sorting.
    const auto call = [](const Term& item) { return item.IsCall(); };
    if (kind != ty::kArray && std::count_if(term.items.begin(), term.items.end(), call) > 1) Loosen(term);
    const std::vector<Shape> items = EvalAll(term.items, 0);
    for (std::size_t i = 0; i < items.size(); ++i) AddItem(out, kind == ty::kObject && i % 2 == 0, items[i]);
    return out;
  }

  // The terms from `first` on. As in OPA, what holds calls comes before what only reads.
  std::vector<Shape> EvalAll(const std::vector<Term>& terms, std::size_t first) {
    std::vector<Shape> out(terms.size() - first);
    for (const bool calls : {true, false}) {
      for (std::size_t i = first; i < terms.size(); ++i) {
        if (HoldsCall(terms[i]) == calls) out[i - first] = Eval(terms[i]);
      }
    }
    return out;
  }
  static bool HoldsCall(const Term& term) {
    return term.IsCall() || ((IsLiteral(term) || term.IsRef()) && std::any_of(term.items.begin(), term.items.end(), HoldsCall));
  }

  // A scope of its own: what is learned inside is forgotten behind it.
  Shape Closure(const Term& term, std::uint16_t kind) {
    const std::size_t outer = learned_.size();
    if (term.body) CheckBody(*term.body);
    Shape out = Of(kind);
    for (std::size_t i = 0; i < term.items.size(); ++i) AddItem(out, kind == ty::kObject && i % 2 == 0, Eval(term.items[i]));
    Forget(outer);
    return out;
  }

  void Learn(std::int32_t var, const Shape& shape) {
    Shape& known = vars_[static_cast<std::size_t>(var)];
    learned_.push_back({var, known});
    known = Known(shape) ? shape : kAnything;
  }
  void Forget(std::size_t down_to) {
    for (; learned_.size() > down_to; learned_.pop_back()) vars_[static_cast<std::size_t>(learned_.back().var)] = learned_.back().before;
  }

  // Evaluates, and takes variables that are met for the first time for anything.
  Shape Settle(const Term& term) {
    const Shape shape = Eval(term);
    SettleOpen(term);
    return Known(shape) ? shape : kAnything;
  }

  static bool IsLiteral(const Term& term) { return term.kind == TermKind::kArray || term.kind == TermKind::kSet || term.kind == TermKind::kObject; }

  bool IsOpen(const Term& term) const { return term.IsVar() && term.var != kNoVar && !Known(vars_[static_cast<std::size_t>(term.var)]); }

  bool HasOpen(const Term& term) const {
    return IsOpen(term) || (IsLiteral(term) && std::any_of(term.items.begin(), term.items.end(), [this](const Term& item) { return HasOpen(item); }));
  }

  void SettleOpen(const Term& term) {
    if (IsOpen(term)) Learn(term.var, kAnything);
    if (!IsLiteral(term)) return;
    for (const Term& item : term.items) SettleOpen(item);
  }

  // Gives variables that are met for the first time what `shape` says of their place. False if the term cannot have that shape. As in OPA, a
  // variable in a literal that stands for one of several kinds becomes wider (`widen`).
  bool Assign(const Term& term, const Shape& shape, bool widen = false) {
    if (term.IsVar() && term.var != kNoVar) {
      const Shape known = vars_[static_cast<std::size_t>(term.var)];
      if (Known(known) && !widen) return Fits(known, shape);
      Learn(term.var, widen ? Join(known, shape) : shape);
      return true;
    }
    if (!IsLiteral(term)) return !term.IsScalar() || Fits(OfScalar(term.kind), shape);
    const bool object = term.kind == TermKind::kObject;
    const std::uint16_t kind = object ? ty::kObject : (term.kind == TermKind::kArray ? ty::kArray : ty::kSet);
    bool fits = !Known(shape) || (shape.kinds & kind) != 0;
    for (std::size_t i = 0; i < term.items.size(); ++i) {
      const bool is_key = object && i % 2 == 0;
      fits = Assign(term.items[i], is_key ? kAnything : Element(shape), widen || shape.kinds != kind) && fits;
    }
    return fits;
  }

  // ---- references

  Shape EvalRef(const Term& ref) {
    const Term& head = ref.items[0];
    std::size_t next = 1;
    Shape shape = kAnything;
    if (head.IsVar() && head.var == kNoVar) {
      shape = OfDocument(ref, next);
    } else if (IsOpen(head)) {
      Learn(head.var, kAnything);
    } else {
      shape = Settle(head);
    }
    for (; next < ref.items.size(); ++next) {
      const Term& key = ref.items[next];
      const Shape known = Eval(key);
      const bool certain = (shape.kinds & ~ty::kCollection) == 0;
      if (!IsCollection(shape) || (certain && !Fits(known, Key(shape)))) {
        Undefined(ref, shape);
        return kAnything;
      }
      if (IsOpen(key)) Learn(key.var, certain ? Key(shape) : kAnything);
      SettleOpen(key);
      shape = certain ? Element(shape) : kAnything;
    }
    return shape;
  }

  // What the constant names at the beginning of a reference below data or input lead to; `next` moves behind them.
  Shape OfDocument(const Term& ref, std::size_t& next) {
    while (next < ref.items.size() && ref.items[next].IsString()) ++next;
    if (!replaced_.empty()) return AboveReplaced(ref, next) ? Of(ty::kObject) : kAnything;
    if (!ref.items[0].IsVar("data")) return kAnything;
    const TreeNode* node = &tree_.root();
    for (std::size_t i = 1; i < next; ++i) {
      node = node->Child(ref.items[i].text);
      if (node == nullptr) return kAnything;
      if (node->group == nullptr) continue;
      next = i + 1;
      return node->group->kind == GroupKind::kFunction ? kAnything : ValueOf(*node->group);
    }
    return HasRules(*node) ? Of(ty::kObject) : kAnything;
  }

  // True if `with` replaces something below the first `end` names of the reference, and neither them nor what holds them.
  // Of a query OPA knows less there.
  bool AboveReplaced(const Term& ref, std::size_t end) const {
    bool above = false;
    if (known_ != nullptr) return false;
    for (const Term* target : replaced_) {
      if (!target->IsRef() || target->items[0].text != ref.items[0].text) continue;
      std::size_t same = 1;
      while (same < end && same < target->items.size() && target->items[same].IsString() && target->items[same].text == ref.items[same].text) ++same;
      if (same == target->items.size()) return false;
      above = above || same == end;
    }
    return above;
  }

  // ---- calls

  Shape EvalCall(const Term& call) {
    const Term& op = call.items[0];
    if (op.IsVar("internal.member_2") || op.IsVar("internal.member_3")) return EvalMember(call);
    const Builtin* builtin = op.IsVar() ? FindBuiltin(op.text) : nullptr;
    const RuleGroup* group = builtin == nullptr ? GroupOf(tree_, op) : nullptr;
    std::vector<Shape> parameters;
    Shape result = kAnything;
    if (builtin != nullptr) {
      parameters = Parameters(op);
      if ((builtin->flags & kBuiltinRelation) == 0) result = OfSpec(builtin->result);
    } else if (group != nullptr && replaced_.empty()) {
      parameters = Parameters(op);
      result = ValueOf(*group);
    }
    // Calls inside of the arguments tell first what they take.
    std::vector<Shape> have = EvalAll(call.items, 1);
    std::size_t i = 0;
    for (; i < parameters.size() && i + 1 < call.items.size(); ++i) {
      const Term& argument = call.items[i + 1];
      if (argument.IsVar()) have[i] = Eval(argument);
      if (Takes(argument, have[i], parameters[i])) continue;
      diagnostics_.Type(call.at, TermText(op) + ": invalid argument(s)", Argument(i, have[i], parameters[i]));
      return kAnything;
    }
    const bool output = builtin != nullptr && i + 1 < call.items.size();
    for (++i; i < call.items.size(); ++i) {
      if (output && !Assign(call.items[i], result)) Mismatch(call.at);
      SettleOpen(call.items[i]);
    }
    return result;
  }

  bool Takes(const Term& argument, const Shape& shape, const Shape& parameter) {
    bool fits = HasOpen(argument) || Fits(shape, parameter);
    fits = Assign(argument, parameter) && fits;
    SettleOpen(argument);
    return fits;
  }

  // x in xs: some element can be x.
  Shape EvalMember(const Term& call) {
    const std::size_t last = call.items[0].IsVar("internal.member_2") ? 2 : 3;
    if (call.items.size() <= last) return kAnything;
    const Shape collection = Eval(call.items[last]);
    const bool certain = Known(collection) && (collection.kinds & ~ty::kCollection) == 0;
    const Term& element = call.items[last - 1];
    if (!Takes(element, Eval(element), certain ? Element(collection) : kAnything)) Mismatch(call.at);
    for (std::size_t i = 1; i < call.items.size(); ++i) Assign(call.items[i], kAnything);
    for (std::size_t i = 1; i < call.items.size(); ++i) {
      if (i != last && i + 1 != last) Settle(call.items[i]);
    }
    return Of(ty::kBoolean);
  }

  // ---- errors

  static std::string Argument(std::size_t index, const Shape& have, const Shape& want) {
    return "argument " + std::to_string(index + 1) + " is " + DescribeKinds(have.kinds) + ", must be " + DescribeKinds(want.kinds);
  }
  void Mismatch(Location at) { diagnostics_.Type(at, "match error", "the two sides have no value in common"); }
  void Undefined(const Term& ref, const Shape& have) {
    diagnostics_.Type(ref.at, "undefined ref: " + TermText(ref), "it looks into " + DescribeKinds(have.kinds));
  }

  struct Lesson {
    std::int32_t var;
    Shape before;
  };

  const RuleTree& tree_;
  Diagnostics& diagnostics_;
  const RuleTypes* known_;
  RuleTypes groups_;
  std::vector<Shape> vars_;  // by number, of the rule that is looked at
  std::vector<Lesson> learned_;
  std::vector<const Term*> replaced_;  // what `with` replaces around the expression that is looked at
  bool new_not_ = false;               // `not` keeps all of its expression inside, and is not looked into
  int chain_ = 0;
};

}  // namespace

RuleTypes InferTypes(const RuleTree& tree, Diagnostics& diagnostics) { return Inference(tree, nullptr, diagnostics).CheckRules(); }

void InferQueryTypes(const Body& body, std::size_t vars, const RuleTree& tree, const RuleTypes& rules, Diagnostics& diagnostics) {
  Inference(tree, &rules, diagnostics).CheckQuery(body, vars);
}

}  // namespace intentgate::rego
