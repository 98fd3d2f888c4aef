#include "rego/partial/support.h"

#include <algorithm>

#include "rego/compile/lower.h"
#include "rego/partial/print.h"
#include "rego/partial/tidy.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego::partial {
namespace {

// Constants up to this many terms are written where they are used.
constexpr std::size_t kMaxLiteralTerms = 32;

bool StartsWith(const Path& path, const Path& prefix) {
  return prefix.size() <= path.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

}  // namespace

bool Support::IsKept(const RuleGroup& group) const {
  return std::any_of(kept_.begin(), kept_.end(), [&](const Path& path) { return StartsWith(group.path, path); });
}

Path Support::Here(const Path& path) const {
  Path full = {world_.options.support_namespace};
  full.insert(full.end(), path.begin(), path.end());
  return full;
}

Term Support::RuleRef(const RuleGroup& group, Location at) {
  if (asked_.insert(&group).second) queue_.push_back(&group);
  return DataRef(Here(group.path), at);
}

void Support::Add(const Path& package, Rule rule) {
  if (++rules_ > world_.options.limits.max_rules) {
    throw EvalAbort{"eval_limit_error", "partial evaluation makes more than " + std::to_string(world_.options.limits.max_rules) +
                                            " support rules: raise max_rules, or lower max_alternatives"};
  }
  out_[package].push_back(std::move(rule));
}

namespace {

Rule ValueRule(std::string_view name, Term value) {
  Rule rule;
  rule.ref = MakeComposite(TermKind::kRef, {MakeVar(name, {})}, {});
  rule.value = std::move(value);
  return rule;
}

}  // namespace

Term Support::Constant(const Term& constant, bool as_head) {
  if (constant.IsScalar() && !as_head) return constant;
  if (!as_head && CountTerms(constant) <= kMaxLiteralTerms) return constant;
  const Path package = Here({"__known"});
  const auto [found, fresh] = known_.emplace(TermText(constant), "v" + std::to_string(known_.size() + 1));
  if (fresh) Add(package, ValueRule(found->second, constant));
  Path path = package;
  path.push_back(found->second);
  return DataRef(path, constant.at);
}

Term Support::Undefined(Location at) {
  if (!std::exchange(undefined_, true)) {
    Rule rule = ValueRule("__none", MakeBool(true, {}));
    rule.body = Body{{Statement(MakeBool(false, {}))}, {}};
    Add(Here({}), std::move(rule));
  }
  return DataRef(Here({"__none"}), at);
}

Term Support::WholeInput(Location at) {
  Term input = MakeComposite(TermKind::kRef, {MakeVar("input", at)}, at);
  if (!world_.input.is_object() || world_.input.object().empty()) return input;
  if (!std::exchange(whole_input_, true)) {
    Term known = JsonTerm(world_.input, at);
    Add(Here({}), ValueRule("__input", Call("object.union", {std::move(known), std::move(input)}, at)));
  }
  return DataRef(Here({"__input"}), at);
}

Term Support::JsonTerm(const json::Value& value, Location at) {
  Arena arena(world_.options.eval.limits.max_memory_bytes);
  return LiteralOf(Value::FromJson(arena, value), at, world_.budget);
}

namespace {

const json::Value* Find(const json::Value& value, const Path& path) {
  const json::Value* found = &value;
  for (const std::string& name : path) {
    found = found->is_object() ? found->Find(name) : nullptr;
    if (found == nullptr) return nullptr;
  }
  return found;
}

// {"name": v | v = value}: an object of one member, or of none if the value is undefined.
Term Member(const std::string& name, Term value, Names& names) {
  const Location at = value.at;
  Term var = Var(names.Fresh("v"), "v", at);
  Term object = MakeComposite(TermKind::kObjectComprehension, {MakeString(name, at), var}, at);
  object.body = std::make_shared<Body>();
  object.body->exprs.push_back(Unify(std::move(var), std::move(value)));
  return object;
}

}  // namespace

Term Support::Document(const Path& path, const TreeNode* node, Location at) {
  if (Unknowns::Covered(world_.unknowns.data(), path)) return DataRef(path, at);
  if (node != nullptr && node->group != nullptr) return RuleRef(*node->group, at);
  const json::Value* base = Find(world_.data, path);
  std::set<std::string> names;
  for (const Path& unknown : world_.unknowns.data()) {
    if (unknown.size() > path.size() && StartsWith(unknown, path)) names.insert(unknown[path.size()]);
  }
  if (node != nullptr) {
    for (const auto& [name, child] : node->children) names.insert(name);
  }
  if (path.empty()) names.erase(world_.options.support_namespace);
  std::vector<Term> parts;
  json::Value known = json::Object{};
  if (base != nullptr && base->is_object()) {
    for (const auto& [name, value] : base->object()) {
      if (names.count(name) == 0) known.Set(name, value);
    }
  }
  parts.push_back(JsonTerm(known, at));
  for (const std::string& name : names) {
    const TreeNode* child = node == nullptr ? nullptr : node->Child(name);
    if (child != nullptr && child->group != nullptr && child->group->kind == GroupKind::kFunction && child->children.empty()) continue;
    Path below = path;
    below.push_back(name);
    world_.budget.Terms(8);
    parts.push_back(Member(name, Document(below, child, at), world_.names));
  }
  return Call("object.union_n", {MakeComposite(TermKind::kArray, std::move(parts), at)}, at);
}

std::map<Path, std::vector<Rule>> Support::Write(Evaluator& evaluator) {
  while (!queue_.empty() || !raw_queue_.empty()) {
    const bool raw = queue_.empty();
    std::vector<const RuleGroup*>& queue = raw ? raw_queue_ : queue_;
    const RuleGroup* group = queue.back();
    queue.pop_back();
    if (raw) {
      WriteRaw(*group);
    } else {
      WriteGroup(*group, evaluator);
    }
  }
  return std::move(out_);
}

// The last part of the path that can be a rule's name; what lies behind it stands in brackets.
Support::Head Support::Split(const RuleGroup& group, Path path) const {
  std::size_t at = path.size();
  while (at > 1 && !IsName(path[at - 1])) --at;
  if (at <= 1) {
    throw EvalAbort{"rego_partial_error", "no module can hold the rule " + group.Name() + ": none of its names can be written without brackets"};
  }
  std::vector<Term> items = {MakeVar(path[at - 1], {})};
  for (std::size_t i = at; i < path.size(); ++i) items.push_back(MakeString(path[i], {}));
  path.resize(at - 1);
  return {group, std::move(path), MakeComposite(TermKind::kRef, std::move(items), {})};
}

void Support::WriteGroup(const RuleGroup& group, Evaluator& evaluator) {
  const Head head = Split(group, Here(group.path));
  std::map<std::string, const GroupedRule*> missing;  // by the form of their heads
  std::set<std::string> there;
  const auto form = [](const GroupedRule& grouped) {
    std::string text = grouped.rule.multi_value ? "set" : "value";
    for (const Term& key : grouped.keys) text += key.IsScalar() ? "/" + TermText(key) : "/_";
    return text;
  };
  for (const GroupedRule& grouped : group.rules) {
    bool written = true;
    if (grouped.rule.is_default) {
      WriteDefault(head, grouped, evaluator);
    } else if (!grouped.rule.otherwise.empty()) {
      written = WriteChain(head, grouped, evaluator);
    } else {
      written = WriteRule(head, grouped, evaluator);
    }
    if (written) {
      there.insert(form(grouped));
    } else {
      missing.emplace(form(grouped), &grouped);
    }
  }
  const bool stays = group.kind == GroupKind::kPartial || there.empty();
  for (const auto& [text, grouped] : missing) {
    if (stays && there.count(text) == 0) WriteNever(head, *grouped);
  }
}

Rule Support::HeadOf(const Head& head, const GroupedRule& grouped, std::int32_t base) {
  Rule rule;
  rule.ref = head.name;
  rule.is_function = grouped.rule.is_function;
  rule.multi_value = grouped.rule.multi_value;
  for (Term arg : grouped.rule.args) {
    Renumber(arg, base);
    rule.args.push_back(std::move(arg));
  }
  return rule;
}

namespace {

Term ValueOf(const State& state, std::int32_t var, const Names& names) {
  const auto known = state.known.find(var);
  return known != state.known.end() ? known->second : Var(var, names[var], {});
}

// What a head names: variables for its keys and its value.
struct HeadVars {
  std::vector<std::pair<std::int32_t, Term>> terms;
  std::vector<std::optional<std::int32_t>> keys;  // none for constants
  std::int32_t value = kNoVar;
};

HeadVars HeadTerms(const GroupedRule& grouped, const Rule& branch, std::int32_t base, Names& names) {
  HeadVars out;
  const auto take = [&](Term term) {
    Renumber(term, base);
    out.terms.emplace_back(names.Fresh("v"), std::move(term));
    return out.terms.back().first;
  };
  for (const Term& key : grouped.keys) out.keys.push_back(key.IsScalar() ? std::nullopt : std::optional(take(key)));
  out.value = take(branch.multi_value ? *branch.key : *branch.value);
  return out;
}

}  // namespace

bool Support::WriteRule(const Head& head, const GroupedRule& grouped, Evaluator& evaluator) {
  const std::int32_t base = world_.names.Take(grouped.var_names);
  const HeadVars vars = HeadTerms(grouped, grouped.rule, base, world_.names);
  const Rule written = HeadOf(head, grouped, base);
  RuleRun run;
  run.body = grouped.rule.body ? &*grouped.rule.body : nullptr;
  run.base = base;
  run.heads = vars.terms;
  for (const Term& arg : written.args) OpenVars(arg, run.symbolic);
  std::vector<State> states = evaluator.RunRule(grouped, run);
  if (states.size() > world_.options.limits.max_alternatives) {
    run.mode = Mode::kClosed;
    states = evaluator.RunRule(grouped, run);
  }
  for (const State& state : states) {
    Rule rule = written;
    std::vector<Expr> body = state.residual;
    for (std::size_t i = 0; i < grouped.keys.size(); ++i) {
      if (!vars.keys[i]) {
        rule.ref.items.push_back(grouped.keys[i]);
        continue;
      }
      // A constant would make another rule of it: p["a"] for p[x].
      Term var = Var(*vars.keys[i], "v", {});
      const auto known = state.known.find(*vars.keys[i]);
      if (known != state.known.end()) body.push_back(Unify(var, known->second));
      rule.ref.items.push_back(std::move(var));
    }
    Term value = ValueOf(state, vars.value, world_.names);
    (rule.multi_value ? rule.key : rule.value) = std::move(value);
    if (!body.empty()) rule.body = Body{std::move(body), {}};
    TidyRule(rule, world_.budget);
    Add(head.package, std::move(rule));
  }
  return !states.empty();
}

// A rule with else: each body stays one body, so that their order decides as before.
bool Support::WriteChain(const Head& head, const GroupedRule& grouped, Evaluator& evaluator) {
  const std::int32_t base = world_.names.Take(grouped.var_names);
  Rule written = HeadOf(head, grouped, base);
  std::vector<const Rule*> branches = {&grouped.rule};
  for (const Rule& other : grouped.rule.otherwise) branches.push_back(&other);
  std::vector<Rule> kept;
  for (const Rule* branch : branches) {
    const HeadVars vars = HeadTerms(grouped, *branch, base, world_.names);
    RuleRun run;
    run.body = branch->body ? &*branch->body : nullptr;
    run.base = base;
    run.heads = vars.terms;
    run.mode = Mode::kClosed;
    for (const Term& arg : written.args) OpenVars(arg, run.symbolic);
    const std::vector<State> states = evaluator.RunRule(grouped, run);
    if (states.empty()) continue;
    Rule rule = kept.empty() ? written : Rule();
    rule.value = ValueOf(states[0], vars.value, world_.names);
    if (!states[0].residual.empty()) {
      rule.body = Body{states[0].residual, {}};
      TidyRule(rule, world_.budget);
      if (!rule.body) rule.body = Body{{Statement(MakeBool(true, {}))}, {}};  // the value may be undefined, and then the next body counts
    }
    kept.push_back(std::move(rule));
    if (states[0].residual.empty()) break;
  }
  if (kept.empty()) return false;
  Rule first = std::move(kept[0]);
  first.otherwise.assign(std::make_move_iterator(kept.begin() + 1), std::make_move_iterator(kept.end()));
  Add(head.package, std::move(first));
  return true;
}

// A rule that never holds, where there must be one: a set that is empty, a function that is called.
void Support::WriteNever(const Head& head, const GroupedRule& grouped) {
  Rule rule = HeadOf(head, grouped, world_.names.Take(grouped.var_names));
  rule.body = Body{};
  const auto bound = [&] {
    Term var = Var(world_.names.Fresh("v"), "v", {});
    Term zero;
    zero.kind = TermKind::kNumber;
    zero.text = "0";
    rule.body->exprs.push_back(Unify(var, std::move(zero)));
    return var;
  };
  for (const Term& key : grouped.keys) rule.ref.items.push_back(key.IsScalar() ? key : bound());
  if (rule.multi_value) {
    rule.key = bound();
  } else {
    rule.value = MakeBool(true, {});
  }
  rule.body->exprs.push_back(Statement(MakeBool(false, {})));
  Add(head.package, std::move(rule));
}

void Support::WriteDefault(const Head& head, const GroupedRule& grouped, Evaluator& evaluator) {
  const std::int32_t base = world_.names.Take(grouped.var_names);
  Rule rule = HeadOf(head, grouped, base);
  rule.is_default = true;
  Term value = *grouped.rule.value;
  Renumber(value, base);
  State state;
  for (const Term& arg : rule.args) OpenVars(arg, state.symbolic);
  std::optional<Term> settled = evaluator.Settle(state, value, grouped.new_not);
  rule.value = settled ? std::move(*settled) : std::move(value);
  Add(head.package, std::move(rule));
}

}  // namespace intentgate::rego::partial
