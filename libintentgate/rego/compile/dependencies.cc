#include "rego/compile/dependencies.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

class Walk {
 public:
  explicit Walk(const RuleTree& tree) : tree_(tree) {}

  void Read(const Body& body) {
    VisitTerms(body, [this](const Term& t) { return Read(t); });
  }

  void ReadGroup(const RuleGroup& group) {
    if (rules_.insert(group.Name()).second) open_.push_back(&group);
  }

  // The rules that were named; those behind them once Finish was called.
  const std::set<std::string>& rules() const { return rules_; }

  void ReadTarget(const Term& target) { Read(target); }

  Dependencies Finish() {
    while (!open_.empty()) {
      const RuleGroup* group = open_.back();
      open_.pop_back();
      for (const GroupedRule& grouped : group->rules) ReadRule(grouped);
    }
    return {{base_.begin(), base_.end()}, {rules_.begin(), rules_.end()}};
  }

 private:
  bool Read(const Term& t) {
    if (t.IsVar("input") && t.var == kNoVar) base_.insert("input");
    if (!t.IsRef() || t.items[0].var != kNoVar) return true;
    const bool input = t.items[0].IsVar("input");
    if (!input && !t.items[0].IsVar("data")) return true;
    // What is inside the brackets is read as well.
    for (std::size_t i = 1; i < t.items.size(); ++i) VisitTerms(t.items[i], [this](const Term& key) { return Read(key); });
    if (input) {
      base_.insert(ConstantPart(t, t.items.size()));
    } else {
      ReadData(tree_.root(), t, 1);
    }
    return false;
  }

  // A variable stands for any name.
  void ReadData(const TreeNode& node, const Term& ref, std::size_t at) {
    if (node.group != nullptr) return ReadGroup(*node.group);
    if (at == ref.items.size()) return ReadBelow(node);
    const Term& key = ref.items[at];
    if (const TreeNode* child = key.IsString() ? node.Child(key.text) : nullptr) return ReadData(*child, ref, at + 1);
    if (!key.IsScalar() && !node.children.empty()) {
      for (const auto& [name, child] : node.children) ReadData(*child, ref, at + 1);
      return;
    }
    base_.insert(ConstantPart(ref, ref.items.size()));
  }

  void ReadBelow(const TreeNode& node) {
    if (node.group != nullptr) ReadGroup(*node.group);
    for (const auto& [name, child] : node.children) ReadBelow(*child);
  }

  void ReadRule(const GroupedRule& grouped) {
    const auto visit = [this](const Term& t) { return Read(t); };
    for (const Term& key : grouped.keys) VisitTerms(key, visit);
    for (const Term& arg : grouped.rule.args) VisitTerms(arg, visit);
    ReadBranch(grouped.rule);
    for (const Rule& other : grouped.rule.otherwise) ReadBranch(other);
  }

  void ReadBranch(const Rule& rule) {
    const auto visit = [this](const Term& t) { return Read(t); };
    if (rule.key) VisitTerms(*rule.key, visit);
    if (rule.value) VisitTerms(*rule.value, visit);
    if (rule.body) Read(*rule.body);
  }

  static std::string ConstantPart(const Term& ref, std::size_t end) {
    Term constant = ref;
    std::size_t size = 1;
    while (size < end && ref.items[size].IsScalar()) ++size;
    constant.items.resize(size);
    return TermText(constant);
  }

  const RuleTree& tree_;
  std::set<std::string> base_, rules_;
  std::vector<const RuleGroup*> open_;
};

}  // namespace

Dependencies DependenciesOf(const Body& body, const RuleTree& tree) {
  Walk walk(tree);
  walk.Read(body);
  return walk.Finish();
}

bool ReadsReplaced(const RuleGroup& function, const Term& target, const RuleTree& tree) {
  Walk replaced(tree), read(tree);
  replaced.ReadTarget(target);
  read.ReadGroup(function);
  read.Finish();
  const bool itself = replaced.rules().size() == 1 && *replaced.rules().begin() == function.Name();
  return !itself && std::any_of(replaced.rules().begin(), replaced.rules().end(),
                                [&](const std::string& name) { return read.rules().count(name) > 0; });
}

}  // namespace intentgate::rego
