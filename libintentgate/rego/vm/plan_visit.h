// Walks over plans: every node of a block, a pattern or a node, outermost first.
#pragma once

#include "rego/vm/plan.h"

namespace intentgate::rego {

// Derive and hide what is of interest; the hidden function calls the base's to go on below.
template <typename Derived>
class PlanVisitor {
 public:
  void VisitRule(const PlanRule& rule) {
    for (const Pattern* arg : rule.args) self().VisitPattern(arg);
    for (const Branch& branch : rule.branches) self().VisitBranch(branch);
  }
  void VisitBranch(const Branch& branch) {
    self().VisitBlock(branch.block);
    for (const Node* key : branch.keys) self().VisitNode(key);
    self().VisitNode(branch.value);
  }
  // All three take null.
  void VisitBlock(const Block* block) {
    if (block == nullptr) return;
    for (const Step& step : block->steps) self().VisitStep(step);
  }
  void VisitNode(const Node* node) {
    if (node == nullptr) return;
    self().VisitNode(node->left);
    for (const Node* arg : node->args) self().VisitNode(arg);
    self().VisitBlock(node->block);
  }
  void VisitPattern(const Pattern* pattern) {
    if (pattern == nullptr) return;
    self().VisitNode(pattern->node);
    for (const Node* key : pattern->keys) self().VisitNode(key);
    for (const Pattern* item : pattern->items) self().VisitPattern(item);
  }
  void VisitStep(const Step& step) {
    self().VisitNode(step.node);
    self().VisitPattern(step.key);
    self().VisitPattern(step.value);
    self().VisitBlock(step.block);
    for (const WithItem& with : step.withs) self().VisitNode(with.value);
  }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
};

}  // namespace intentgate::rego
