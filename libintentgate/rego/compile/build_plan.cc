#include "rego/compile/build_plan.h"

#include <algorithm>

#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

int ArityOfOp(const void* tree, const Term& op) { return ArityOf(*static_cast<const RuleTree*>(tree), op); }

bool AddMock(PlanContext& context, const Term& target) {
  const RuleGroup* group = GroupOf(*context.tree, target);
  const bool is_function = group != nullptr && group->kind == GroupKind::kFunction;
  if (!is_function && !target.IsVar()) return false;
  const auto number = static_cast<std::int32_t>(context.mocks.size());
  return context.mocks.emplace(target.IsVar() ? target.text : TermText(target), number).second;
}

// Of the comprehensions in a term.
bool AddMocks(PlanContext& context, const Term& term) {
  bool added = term.body && AddMocks(context, *term.body);
  for (const Term& item : term.items) added = AddMocks(context, item) || added;
  return added;
}

class PlanBuilder {
 public:
  explicit PlanBuilder(PlanContext& context)
      : context_(context), arena_(*context.arena), safety_(ArityOfOp, context.tree, *context.diagnostics) {}

  void Build(const Value& data) {
    for (RuleGroup* group : context_.tree->groups()) context_.sets.push_back(Declare(*group));
    context_.root = BuildDoc(context_.tree->root(), data, {});
    for (RuleGroup* group : context_.tree->groups()) CollectMocks(*group);
    for (RuleGroup* group : context_.tree->groups()) Fill(*group);
    // Behind all others: a test may read a rule that stands further down.
    for (RuleSet* set : context_.sets) BuildIndex(arena_, *set);
    ChooseRemembered(context_.sets);
  }

 private:
  RuleSet* Declare(const RuleGroup& group) {
    RuleSet* set = arena_.New<RuleSet>();
    set->id = group.id;
    set->name = arena_.Copy(group.Name());
    set->arity = static_cast<std::uint8_t>(std::min<std::size_t>(group.arity(), 255));
    std::vector<Value> path;
    for (const std::string& part : group.path) path.push_back(Value::StringCopy(arena_, part));
    set->path = ToArena(arena_, path);
    switch (group.kind) {
      case GroupKind::kComplete: set->kind = SetKind::kComplete; break;
      case GroupKind::kFunction: set->kind = SetKind::kFunction; break;
      case GroupKind::kPartial: {
        const bool plain = std::all_of(group.rules.begin(), group.rules.end(),
                                       [](const GroupedRule& r) { return r.keys.empty() && r.rule.multi_value; });
        set->kind = plain ? SetKind::kPartialSet : SetKind::kPartialObject;
      }
    }
    return set;
  }

  const DocNode* BuildDoc(const TreeNode& node, const Value& base, std::vector<Value> path) {
    DocNode* doc = arena_.New<DocNode>();
    doc->base = base;
    doc->path = ToArena(arena_, path);
    context_.docs[&node] = doc;
    if (node.group != nullptr) {
      doc->rules = context_.sets[node.group->id];
      if (base.defined()) {
        context_.diagnostics->Compile(node.group->rules[0].rule.at, "conflicting rule for data path " + node.group->Name() + " found",
                                      "rename the rule or take the value out of the data document");
      }
      if (node.group->kind != GroupKind::kFunction) return doc;
    }
    std::vector<Value> names;
    std::vector<const DocNode*> children;
    for (const auto& [name, child] : node.children) {
      names.push_back(Value::StringCopy(arena_, name));
      path.push_back(names.back());
      children.push_back(BuildDoc(*child, base.Get(names.back()), path));
      path.pop_back();
    }
    doc->names = ToArena(arena_, names);
    doc->children = ToArena(arena_, children);
    return doc;
  }

  void CollectMocks(const RuleGroup& group) {
    const auto branch = [&](const Rule& rule) {
      if (rule.body) AddMocks(context_, *rule.body);
      if (rule.key) AddMocks(context_, *rule.key);
      if (rule.value) AddMocks(context_, *rule.value);
    };
    for (const GroupedRule& grouped : group.rules) {
      for (const Term& key : grouped.keys) AddMocks(context_, key);
      branch(grouped.rule);
      for (const Rule& other : grouped.rule.otherwise) branch(other);
    }
  }

  void Fill(RuleGroup& group) {
    RuleSet& set = *context_.sets[group.id];
    std::vector<PlanRule> rules;
    for (GroupedRule& grouped : group.rules) {
      if (grouped.skip_safety) continue;
      GroupedRule keyed = grouped;
      safety_.OrderRule(grouped, VarSet());
      if (!context_.diagnostics->empty()) continue;
      PlanRule plan = Lower(grouped);
      // A value at the group's own path, beside others below it, has no key.
      const bool has_key = !grouped.keys.empty() || grouped.rule.multi_value;
      if (group.kind == GroupKind::kPartial && has_key && grouped.rule.otherwise.empty()) {
        Unshare(keyed.rule);
        LowerKeyed(keyed, plan);
      }
      if (grouped.rule.is_default) {
        PlanRule* fallback = arena_.New<PlanRule>();
        *fallback = plan;
        set.fallback = fallback;
      } else {
        rules.push_back(plan);
      }
    }
    set.rules = ToArena(arena_, rules);
    if (set.kind == SetKind::kPartialObject) set.empties = EmptyDocuments(group);
    set.early_exit = set.kind != SetKind::kPartialObject && set.kind != SetKind::kPartialSet && SameConstants(set);
  }

  // None where a rule of the group begins with a computed key: then OPA takes all rules of the group together. Elsewhere each level of constant keys is a
  // document of its own; behind it stands a set, or members with computed keys, or a value, which is no document.
  std::span<const EmptyDocument> EmptyDocuments(const RuleGroup& group) {
    std::vector<std::vector<Value>> computed;  // paths of constants with a computed key behind them
    std::vector<EmptyDocument> out;
    for (const GroupedRule& rule : group.rules) {
      std::vector<Value> path;
      for (std::size_t i = 0; i < rule.keys.size() && rule.keys[i].IsScalar(); ++i) path.push_back(ConstantOf(arena_, rule.keys[i]));
      const bool whole = path.size() == rule.keys.size();
      if (!whole) computed.push_back(path);
      const bool is_set = whole && rule.rule.multi_value;
      if (whole && !is_set) path.pop_back();
      out.push_back({ToArena(arena_, path), is_set});
    }
    std::erase_if(out, [&](const EmptyDocument& empty) {
      return empty.keys.empty() || std::any_of(computed.begin(), computed.end(), [&](const std::vector<Value>& path) {
        return path.size() < empty.keys.size() && std::equal(path.begin(), path.end(), empty.keys.begin());
      });
    });
    return ToArena(arena_, out);
  }

  static bool SameConstants(const RuleSet& set) {
    const Value* first = nullptr;
    for (const PlanRule& rule : set.rules) {
      for (const Branch& branch : rule.branches) {
        if (branch.value->op != Op::kConst) return false;
        if (first == nullptr) first = &branch.value->value;
        if (!(branch.value->value == *first)) return false;
      }
    }
    return true;
  }

  Branch LowerBranch(Lowering& lowering, const Rule& rule, std::span<const Term> keys) {
    Branch branch;
    branch.at = rule.at;
    Lowering::Open open;
    if (rule.body) lowering.LowerExprs(*rule.body, open);
    std::vector<const Node*> key_nodes;
    for (const Term& key : keys) key_nodes.push_back(lowering.LowerTerm(key, open));
    const Term& value = rule.multi_value ? *rule.key : *rule.value;
    branch.value = lowering.LowerTerm(value, open);
    branch.keys = ToArena(arena_, key_nodes);
    branch.block = lowering.Close(open);
    return branch;
  }

  PlanRule Lower(const GroupedRule& grouped) {
    Lowering lowering(context_, grouped.var_count, grouped.new_not);
    PlanRule plan;
    plan.at = grouped.rule.at;
    plan.set_leaf = grouped.rule.multi_value;
    Lowering::Open none;
    std::vector<const Pattern*> args;
    for (const Term& arg : grouped.rule.args) args.push_back(lowering.LowerPattern(arg, none));
    plan.args = ToArena(arena_, args);
    const VarSet bound = lowering.bound();
    std::vector<Branch> branches = {LowerBranch(lowering, grouped.rule, grouped.keys)};
    for (const Rule& other : grouped.rule.otherwise) {
      lowering.bound() = bound;
      branches.push_back(LowerBranch(lowering, other, grouped.keys));
    }
    plan.branches = ToArena(arena_, branches);
    plan.constant = std::all_of(branches.begin(), branches.end(), [](const Branch& b) { return b.value->op == Op::kConst; });
    plan.slots = lowering.slots();
    return plan;
  }

  // Variables and literals only: what can be matched before the body runs.
  static bool IsPurePattern(const Term& t) {
    if (t.IsScalar() || t.IsVar()) return true;
    if (t.kind != TermKind::kArray) return false;
    return std::all_of(t.items.begin(), t.items.end(), IsPurePattern);
  }

  void LowerKeyed(GroupedRule& grouped, PlanRule& plan) {
    const Term first = grouped.keys.empty() ? *grouped.rule.key : grouped.keys[0];
    Lowering lowering(context_, grouped.var_count, grouped.new_not);
    const std::span<const Term> rest = std::span(grouped.keys).subspan(grouped.keys.empty() ? 0 : 1);
    if (IsPurePattern(first)) {
      VarSet bound;
      CollectOpenVars(first, bound);
      safety_.OrderRule(grouped, bound);
      Lowering::Open none;
      plan.first_key = lowering.LowerPattern(first, none);
      plan.keyed = LowerBranch(lowering, grouped.rule, rest);
    } else {
      // The key is known only behind the body: it is computed there and compared.
      safety_.OrderRule(grouped, VarSet());
      Pattern* bind = arena_.New<Pattern>();
      bind->kind = PatternKind::kBind;
      bind->slot = static_cast<std::uint32_t>(grouped.var_count);
      plan.first_key = bind;
      Lowering shifted(context_, grouped.var_count + 1, grouped.new_not);
      Body body = grouped.rule.body ? *grouped.rule.body : Body{};
      Term known = MakeVar("_", first.at);
      known.var = grouped.var_count;
      Expr equal;
      equal.at = first.at;
      equal.terms.push_back(MakeComposite(TermKind::kCall, {MakeVar("equal", first.at), first, known}, first.at));
      body.exprs.push_back(std::move(equal));
      grouped.rule.body = std::move(body);
      shifted.bound().Add(grouped.var_count);
      plan.keyed = LowerBranch(shifted, grouped.rule, rest);
      plan.slots = std::max(plan.slots, shifted.slots());
      return;
    }
    plan.slots = std::max(plan.slots, lowering.slots());
  }

  PlanContext& context_;
  Arena& arena_;
  SafetyPass safety_;
};

}  // namespace

bool AddMocks(PlanContext& context, const Body& body) {
  bool added = false;
  for (const Expr& expr : body.exprs) {
    for (const With& with : expr.withs) {
      added = AddMock(context, with.target) || added;
      added = AddMocks(context, with.value) || added;
    }
    if (expr.body) added = AddMocks(context, *expr.body) || added;
    for (const auto& operand : expr.operands) added = AddMocks(context, *operand) || added;
    for (const Term& term : expr.terms) added = AddMocks(context, term) || added;
  }
  return added;
}

void BuildPlans(PlanContext& context, const Value& data) { PlanBuilder(context).Build(data); }

}  // namespace intentgate::rego
