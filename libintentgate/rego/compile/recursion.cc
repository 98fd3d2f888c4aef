// A depth-first search with its own stack: chains of rules may be long.

#include "rego/compile/recursion.h"

#include <algorithm>
#include <set>
#include <vector>

#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

void CollectBelow(const TreeNode& node, std::set<std::uint32_t>& out) {
  if (node.group != nullptr) out.insert(node.group->id);
  for (const auto& [name, child] : node.children) CollectBelow(*child, out);
}

// Every group that the reference may reach; a variable stands for any name.
void CollectReached(const TreeNode& node, const Term& ref, std::size_t at, std::set<std::uint32_t>& out) {
  if (node.group != nullptr) {
    out.insert(node.group->id);
    if (node.group->kind != GroupKind::kFunction) return;
  }
  if (at == ref.items.size()) return CollectBelow(node, out);
  const Term& key = ref.items[at];
  if (key.IsString()) {
    if (const TreeNode* child = node.Child(key.text)) CollectReached(*child, ref, at + 1, out);
  } else if (!key.IsScalar()) {
    for (const auto& [name, child] : node.children) CollectReached(*child, ref, at + 1, out);
  }
}

std::set<std::uint32_t> ReachedBy(const RuleGroup& group, const RuleTree& tree) {
  std::set<std::uint32_t> out;
  const auto visit = [&](const Term& t) {
    if (t.IsRef() && t.items[0].IsVar("data") && t.items[0].var == kNoVar) CollectReached(tree.root(), t, 1, out);
    return true;
  };
  const auto branch = [&](const Rule& rule) {
    for (const Term& arg : rule.args) VisitTerms(arg, visit);
    if (rule.key) VisitTerms(*rule.key, visit);
    if (rule.value) VisitTerms(*rule.value, visit);
    if (rule.body) VisitTerms(*rule.body, visit);
  };
  for (const GroupedRule& grouped : group.rules) {
    for (const Term& key : grouped.keys) VisitTerms(key, visit);
    branch(grouped.rule);
    for (const Rule& other : grouped.rule.otherwise) branch(other);
  }
  return out;
}

}  // namespace

void CheckRecursion(const RuleTree& tree, Diagnostics& diagnostics) {
  const auto& groups = tree.groups();
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(groups.size(), Mark::kNew);
  struct Visit {
    std::uint32_t id;
    std::vector<std::uint32_t> next;
  };
  for (std::uint32_t start = 0; start < groups.size(); ++start) {
    if (marks[start] != Mark::kNew) continue;
    std::vector<Visit> stack;
    const auto push = [&](std::uint32_t id) {
      const std::set<std::uint32_t> next = ReachedBy(*groups[id], tree);
      marks[id] = Mark::kOpen;
      stack.push_back({id, {next.rbegin(), next.rend()}});
    };
    push(start);
    while (!stack.empty()) {
      Visit& top = stack.back();
      if (top.next.empty()) {
        marks[top.id] = Mark::kDone;
        stack.pop_back();
        continue;
      }
      const std::uint32_t id = top.next.back();
      top.next.pop_back();
      if (marks[id] == Mark::kNew) {
        push(id);
      } else if (marks[id] == Mark::kOpen) {
        const auto from = std::find_if(stack.begin(), stack.end(), [&](const Visit& v) { return v.id == id; });
        std::string cycle;
        for (auto at = from; at != stack.end(); ++at) cycle += groups[at->id]->Name() + " -> ";
        diagnostics.Add("rego_recursion_error", groups[id]->rules[0].rule.at,
                        "rule " + groups[id]->Name() + " is recursive: " + cycle + groups[id]->Name());
      }
    }
  }
}

}  // namespace intentgate::rego
