// Pass "rule index": rules that test one input path for equality with a constant are found by its value.
// Only tests that every answer of the body must pass are used, so a rule that is left out could not have succeeded.

#include <algorithm>
#include <map>

#include "rego/compile/build_plan.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kIndexFrom = 4;

struct Test {
  const Node* subject = nullptr;
  Value value;
};

bool IsScalar(const Value& v) { return v.defined() && !v.is_collection(); }

void CollectTests(const PlanRule& rule, std::vector<Test>& out) {
  if (rule.branches.size() != 1) return;  // an else may succeed where the body fails
  for (const Step& step : rule.branches[0].block->steps) {
    if (step.op != StepOp::kTest || step.node->op != Op::kCompare) continue;
    if (static_cast<Comparison>(step.node->index) != Comparison::kEqual) continue;
    const Node* left = step.node->left;
    const Node* right = step.node->args[0];
    if (left->op != Op::kInputPath) std::swap(left, right);
    if (left->op == Op::kInputPath && right->op == Op::kConst && IsScalar(right->value)) out.push_back({left, right->value});
  }
}

}  // namespace

void BuildIndex(Arena& arena, RuleSet& set) {
  if (set.rules.size() < kIndexFrom) return;
  std::vector<std::vector<Test>> tests(set.rules.size());
  std::map<std::uint32_t, std::size_t> uses;
  for (std::size_t i = 0; i < set.rules.size(); ++i) {
    CollectTests(set.rules[i], tests[i]);
    for (const Test& test : tests[i]) ++uses[test.subject->index];
  }
  if (uses.empty()) return;
  const auto best = std::max_element(uses.begin(), uses.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (best->second < kIndexFrom) return;

  RuleIndex* index = arena.New<RuleIndex>();
  std::map<Value, std::vector<std::uint32_t>> by_value;
  std::vector<std::uint32_t> always;
  for (std::uint32_t i = 0; i < set.rules.size(); ++i) {
    const auto test = std::find_if(tests[i].begin(), tests[i].end(), [&](const Test& t) { return t.subject->index == best->first; });
    if (test == tests[i].end()) {
      always.push_back(i);
    } else {
      index->subject = test->subject;
      by_value[test->value].push_back(i);
    }
  }
  std::vector<Value> values;
  std::vector<std::span<const std::uint32_t>> rules;
  for (const auto& [value, own] : by_value) {
    std::vector<std::uint32_t> merged(own.size() + always.size());
    std::merge(own.begin(), own.end(), always.begin(), always.end(), merged.begin());
    values.push_back(value);
    rules.push_back(ToArena(arena, merged));
  }
  index->values = ToArena(arena, values);
  index->rules = ToArena(arena, rules);
  index->always = ToArena(arena, always);
  set.index = index;
}

}  // namespace intentgate::rego
