#include "rego/vm/reachable.h"

namespace intentgate::rego {
namespace {

class Collector {
 public:
  void Rule(const PlanRule& rule) {
    for (const Pattern* arg : rule.args) Match(arg);
    for (const Branch& branch : rule.branches) {
      places_.push_back(branch.at);
      Run(branch.block);
      for (const Node* key : branch.keys) Evaluate(key);
      Evaluate(branch.value);
    }
  }
  std::vector<Location> Take() { return std::move(places_); }

 private:
  void Run(const Block* block) {
    if (block == nullptr) return;
    for (const Step& step : block->steps) {
      if (step.at.line > 0) places_.push_back(step.at);
      Evaluate(step.node);
      Match(step.key);
      Match(step.value);
      Run(step.block);
      for (const WithItem& with : step.withs) Evaluate(with.value);
    }
  }

  void Evaluate(const Node* node) {
    if (node == nullptr) return;
    Evaluate(node->left);
    for (const Node* arg : node->args) Evaluate(arg);
    Run(node->block);
  }

  void Match(const Pattern* pattern) {
    if (pattern == nullptr) return;
    Evaluate(pattern->node);
    for (const Node* key : pattern->keys) Evaluate(key);
    for (const Pattern* item : pattern->items) Match(item);
  }

  std::vector<Location> places_;
};

}  // namespace

std::vector<Location> ReachablePlaces(std::span<const RuleSet* const> sets) {
  Collector collector;
  for (const RuleSet* set : sets) {
    for (const PlanRule& rule : set->rules) collector.Rule(rule);
    if (set->fallback != nullptr) collector.Rule(*set->fallback);
  }
  return collector.Take();
}

}  // namespace intentgate::rego
