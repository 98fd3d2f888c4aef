#include "rego/compile/rule_tree.h"

#include <algorithm>

#include "rego/syntax/visit.h"

namespace intentgate::rego {

const GroupedRule* RuleGroup::default_rule() const {
  const auto found = std::find_if(rules.begin(), rules.end(), [](const GroupedRule& r) { return r.rule.is_default; });
  return found == rules.end() ? nullptr : &*found;
}

std::string RuleGroup::Name() const {
  Term ref;
  ref.kind = TermKind::kRef;
  ref.items.push_back(MakeVar("data", {}));
  for (const std::string& part : path) ref.items.push_back(MakeString(part, {}));
  return TermText(ref);
}

namespace {

TreeNode& ChildOf(TreeNode& node, const std::string& name) {
  std::unique_ptr<TreeNode>& child = node.children[name];
  if (child == nullptr) child = std::make_unique<TreeNode>();
  return *child;
}

bool HasGroup(const TreeNode& node) {
  return node.group != nullptr || std::any_of(node.children.begin(), node.children.end(), [](const auto& child) { return HasGroup(*child.second); });
}

bool HasKeys(const RuleGroup& group) {
  return std::any_of(group.rules.begin(), group.rules.end(),
                     [](const GroupedRule& r) { return !r.keys.empty() || r.rule.multi_value; });
}

// Takes the rules below `node` into `group`; the path to them becomes constant keys.
void Swallow(TreeNode& node, std::vector<Term>& path, RuleGroup& group) {
  for (auto& [name, child] : node.children) {
    path.push_back(MakeString(name, {}));
    if (child->group != nullptr && !child->group->rules[0].rule.is_function) {
      for (GroupedRule& rule : child->group->rules) {
        rule.keys.insert(rule.keys.begin(), path.begin(), path.end());
        group.rules.push_back(std::move(rule));
      }
      child->group.reset();
    }
    Swallow(*child, path, group);
    path.pop_back();
  }
}

// The heads of one group by their constant keys, as deep as these go.
struct HeadNode {
  std::map<std::pair<TermKind, std::string>, HeadNode> below;
  std::vector<const GroupedRule*> rules;
};

std::size_t ConstantKeys(const GroupedRule& rule) {
  const auto end = std::find_if_not(rule.keys.begin(), rule.keys.end(), [](const Term& key) { return key.IsScalar(); });
  return static_cast<std::size_t>(end - rule.keys.begin());
}

std::string HeadName(const RuleGroup& group, const GroupedRule& rule) {
  Term ref;
  ref.kind = TermKind::kRef;
  ref.items.push_back(MakeVar(group.Name(), {}));
  ref.items.insert(ref.items.end(), rule.keys.begin(), rule.keys.end());
  return TermText(ref);
}

// What OPA asks of the rules that share the constant part of their heads: none with a whole head beside rules below it, and all of one kind.
void CheckHeads(const RuleGroup& group, const HeadNode& node, Diagnostics& diagnostics) {
  bool whole = false;
  bool open = false;
  bool sets = false;
  bool values = false;
  for (const GroupedRule* rule : node.rules) {
    (ConstantKeys(*rule) == rule->keys.size() ? whole : open) = true;
    (rule->rule.multi_value ? sets : values) = true;
  }
  if (!node.rules.empty()) {
    const GroupedRule& first = *node.rules[0];
    if (whole && !node.below.empty()) {
      diagnostics.Type(first.rule.at, "rule " + HeadName(group, first) + " conflicts with rules below it", "a set or a value cannot have members of other rules");
      return;
    }
    if ((sets && values) || (whole && open)) {
      diagnostics.Type(first.rule.at, "conflicting rules " + HeadName(group, first) + " found", "give all rules of that name the same kind");
      return;
    }
  }
  for (const auto& [key, below] : node.below) CheckHeads(group, below, diagnostics);
}

void CheckHeads(const RuleGroup& group, Diagnostics& diagnostics) {
  HeadNode root;
  for (const GroupedRule& rule : group.rules) {
    HeadNode* node = &root;
    for (std::size_t i = 0; i < ConstantKeys(rule); ++i) node = &node->below[{rule.keys[i].kind, rule.keys[i].text + (rule.keys[i].flag ? "true" : "")}];
    node->rules.push_back(&rule);
  }
  CheckHeads(group, root, diagnostics);
}

bool BySource(const GroupedRule& a, const GroupedRule& b) {
  if (a.rule.at.file != b.rule.at.file) return a.rule.at.file < b.rule.at.file;
  if (a.rule.at.line != b.rule.at.line) return a.rule.at.line < b.rule.at.line;
  return a.rule.at.column < b.rule.at.column;
}

}  // namespace

void RuleTree::AddPackage(const Term& package) {
  TreeNode* node = &root_;
  for (std::size_t i = 1; i < package.items.size(); ++i) node = &ChildOf(*node, package.items[i].text);
}

void RuleTree::Add(GroupedRule rule, const Term& full_ref) {
  TreeNode* node = &root_;
  std::size_t i = 1;
  for (; i < full_ref.items.size() && full_ref.items[i].IsString(); ++i) node = &ChildOf(*node, full_ref.items[i].text);
  for (; i < full_ref.items.size(); ++i) rule.keys.push_back(full_ref.items[i]);
  if (node->group == nullptr) node->group = std::make_unique<RuleGroup>();
  node->group->rules.push_back(std::move(rule));
}

void RuleTree::Finish(Diagnostics& diagnostics) {
  Hoist(root_);
  std::vector<std::string> path;
  Collect(root_, path, diagnostics);
}

RuleTree RuleTree::Copy() const {
  RuleTree out;
  out.groups_.resize(groups_.size());
  out.granted_ = granted_;
  out.allowed_ = allowed_;
  out.CopyNode(root_, out.root_);
  return out;
}

void RuleTree::CopyNode(const TreeNode& from, TreeNode& to) {
  if (from.group != nullptr) {
    to.group = std::make_unique<RuleGroup>(*from.group);
    for (GroupedRule& rule : to.group->rules) Unshare(rule.rule);
    groups_[to.group->id] = to.group.get();
  }
  for (const auto& [name, child] : from.children) CopyNode(*child, ChildOf(to, name));
}

void RuleTree::Hoist(TreeNode& node) {
  if (node.group != nullptr && HasKeys(*node.group)) {
    std::vector<Term> path;
    Swallow(node, path, *node.group);
    std::stable_sort(node.group->rules.begin(), node.group->rules.end(), BySource);
  }
  for (auto& [name, child] : node.children) Hoist(*child);
}

void RuleTree::Collect(TreeNode& node, std::vector<std::string>& path, Diagnostics& diagnostics) {
  if (node.group != nullptr) {
    node.group->path = path;
    node.group->id = static_cast<std::uint32_t>(groups_.size());
    groups_.push_back(node.group.get());
    Check(*node.group, node, diagnostics);
  }
  for (auto& [name, child] : node.children) {
    path.push_back(name);
    Collect(*child, path, diagnostics);
    path.pop_back();
  }
}

void RuleTree::Check(RuleGroup& group, const TreeNode& node, Diagnostics& diagnostics) {
  const Rule& first = group.rules[0].rule;
  group.kind = first.is_function ? GroupKind::kFunction : (HasKeys(group) ? GroupKind::kPartial : GroupKind::kComplete);
  const std::string name = group.Name();
  int defaults = 0;
  for (const GroupedRule& grouped : group.rules) {
    const Rule& rule = grouped.rule;
    if (rule.is_function != first.is_function || (rule.is_function && rule.args.size() != first.args.size())) {
      diagnostics.Type(rule.at, "conflicting rules " + name + " found", "give all rules of that name the same kind and number of arguments");
    }
    if (rule.is_default && ++defaults > 1) diagnostics.Type(rule.at, "multiple default rules " + name + " found");
  }
  if (group.kind == GroupKind::kPartial) CheckHeads(group, diagnostics);
  if (!node.children.empty()) {
    // What stands below a partial rule has become part of it, but for functions.
    const bool partial = group.kind == GroupKind::kPartial;
    const auto below = std::find_if(node.children.begin(), node.children.end(), [&](const auto& c) { return partial ? HasGroup(*c.second) : c.second->group != nullptr || !c.second->children.empty(); });
    if (below != node.children.end()) {
      diagnostics.Type(first.at, "rule " + name + " conflicts with [" + name + "." + below->first + "]", "rename the rule or the rules and packages below it");
    }
  }
}

const RuleGroup* RuleTree::Find(std::string_view reference) const {
  if (reference.substr(0, 5) != "data.") return nullptr;
  reference.remove_prefix(5);
  const TreeNode* node = &root_;
  while (node != nullptr && !reference.empty()) {
    const std::string_view part = reference.substr(0, reference.find('.'));
    node = node->Child(part);
    reference.remove_prefix(std::min(reference.size(), part.size() + 1));
  }
  return node == nullptr ? nullptr : node->group.get();
}

}  // namespace intentgate::rego
