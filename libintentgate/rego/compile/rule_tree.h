// The tree of virtual documents: packages, rules and functions by path, below "data".
//
// Rules that share their ground prefix form one group. A group with keys (p[x] := ...) swallows rules
// below it (p.a := ...), which become rules of the group with constant keys, so that every path leads to at most one
// group.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rego/compile/diagnostics.h"
#include "rego/syntax/ast.h"

namespace intentgate::rego {

// A rule as its group sees it.
struct GroupedRule {
  Rule rule;               // resolved: names are references or numbered variables
  std::vector<Term> keys;  // what of the head's reference lies behind the group's path
  std::int32_t var_count = 0;
  Dialect dialect = Dialect::kV1;
  bool new_not = false;
  bool strict = false;   // deprecated builtins are errors in v0 too
  bool skip_safety = false;  // its calls are wrong: what they would bind is unknown
  std::vector<std::string> var_names;
};

enum class GroupKind : std::uint8_t { kComplete, kPartial, kFunction };

struct RuleGroup {
  std::uint32_t id = 0;
  GroupKind kind = GroupKind::kComplete;
  std::vector<std::string> path;  // without "data"
  std::vector<GroupedRule> rules;
  const GroupedRule* default_rule() const;
  std::string Name() const;  // "data.a.b"
  std::size_t arity() const { return rules.empty() ? 0 : rules[0].rule.args.size(); }
};

struct TreeNode {
  std::map<std::string, std::unique_ptr<TreeNode>, std::less<>> children;
  std::unique_ptr<RuleGroup> group;

  const TreeNode* Child(std::string_view name) const {
    const auto found = children.find(name);
    return found == children.end() ? nullptr : found->second.get();
  }
};

// Builds the tree. Conflicts (a complete rule beside a function, differing arity, two defaults, a package
// below a rule) become diagnostics. `groups` lists all groups by id.
class RuleTree {
 public:
  void AddPackage(const Term& package);
  void Add(GroupedRule rule, const Term& full_ref);
  // The same rules and numbers, with trees of their own.
  RuleTree Copy() const;
  // Call once after the last Add.
  void Finish(Diagnostics& diagnostics);

  // Builtins that may reach outside the process; set before the type check.
  void Grant(const std::vector<std::string>& builtins) { granted_.insert(builtins.begin(), builtins.end()); }
  bool IsGranted(std::string_view builtin) const { return granted_.count(builtin) > 0; }
  // The only builtins that may be called; set before the type check. Never called: all.
  void AllowOnly(const std::vector<std::string>& builtins) { allowed_.emplace(builtins.begin(), builtins.end()); }
  bool IsAllowed(std::string_view builtin) const { return !allowed_ || allowed_->count(builtin) > 0; }

  const TreeNode& root() const { return root_; }
  const std::vector<RuleGroup*>& groups() const { return groups_; }
  // The group at a dotted ground reference "data.a.b"; null if none.
  const RuleGroup* Find(std::string_view reference) const;

 private:
  void CopyNode(const TreeNode& from, TreeNode& to);
  void Hoist(TreeNode& node);
  void Collect(TreeNode& node, std::vector<std::string>& path, Diagnostics& diagnostics);
  static void Check(RuleGroup& group, const TreeNode& node, Diagnostics& diagnostics);
  TreeNode root_;
  std::vector<RuleGroup*> groups_;
  std::set<std::string, std::less<>> granted_;
  std::optional<std::set<std::string, std::less<>>> allowed_;
};

}  // namespace intentgate::rego
