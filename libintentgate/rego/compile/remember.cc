// Pass "remember": which values an evaluation keeps.
//
// A comprehension is kept with the outer variables that it read: a loop around it that changes none of them builds it
// once. A function's value is kept by its arguments unless it is cheaper to compute than to find.
// Tested by tests/unit/rego/remember_test.cc.

#include <algorithm>

#include "rego/compile/lower.h"
#include "rego/vm/plan_visit.h"

namespace intentgate::rego {
namespace {

// More outer variables than this are seldom unchanged, and are not compared.
constexpr std::size_t kMaxOuterReads = 4;
// Nodes and calls that are computed faster than a value is found by its arguments.
constexpr std::uint32_t kCheap = 48;
constexpr std::uint32_t kDear = kCheap + 1;

class SlotReads : public PlanVisitor<SlotReads> {
 public:
  void VisitNode(const Node* node) {
    if (node != nullptr && node->op == Op::kSlot) read_.push_back(node->index);
    PlanVisitor::VisitNode(node);
  }
  void VisitPattern(const Pattern* pattern) {
    if (pattern != nullptr && pattern->kind == PatternKind::kBind) bound_.push_back(pattern->slot);
    PlanVisitor::VisitPattern(pattern);
  }
  void VisitStep(const Step& step) {
    if (step.op == StepOp::kAssign) bound_.push_back(step.slot);
    PlanVisitor::VisitStep(step);
  }
  // A variable is bound at one place only, so what is bound in here is read from here.
  std::vector<std::uint32_t> Outer() {
    std::sort(read_.begin(), read_.end());
    read_.erase(std::unique(read_.begin(), read_.end()), read_.end());
    std::sort(bound_.begin(), bound_.end());
    std::erase_if(read_, [&](std::uint32_t slot) { return std::binary_search(bound_.begin(), bound_.end(), slot); });
    return std::move(read_);
  }

 private:
  std::vector<std::uint32_t> read_;
  std::vector<std::uint32_t> bound_;
};

bool IsCheapBuiltin(const Builtin& builtin) {
  constexpr std::string_view kNames[] = {"plus", "minus", "mul", "div", "rem", "startswith", "endswith", "count", "abs", "object.get"};
  return std::find(std::begin(kNames), std::end(kNames), builtin.name) != std::end(kNames);
}

// What calling a function costs, with the functions that it calls; the walk ends where it is more than kCheap.
class Cost : public PlanVisitor<Cost> {
 public:
  void VisitNode(const Node* node) {
    if (node == nullptr || dear()) return;
    switch (node->op) {
      case Op::kConst:
      case Op::kSlot:
      case Op::kInput:
      case Op::kInputPath:
      case Op::kData:
      case Op::kIndex:
      case Op::kCompare:
      case Op::kArithmetic:
      case Op::kRule: cost_ += 1; break;  // a rule is computed once, by whoever comes first
      case Op::kBuiltin: cost_ += IsCheapBuiltin(*node->builtin) ? 2 : kDear; break;
      case Op::kFunction:
        if (node->mock >= 0) cost_ = kDear;
        else VisitSet(*node->rules);
        break;
      default: cost_ = kDear; break;
    }
    PlanVisitor::VisitNode(node);
  }
  void VisitPattern(const Pattern* pattern) {
    if (!dear()) PlanVisitor::VisitPattern(pattern);
  }
  void VisitStep(const Step& step) {
    if (dear()) return;
    const bool plain = step.op == StepOp::kTest || step.op == StepOp::kAssign || step.op == StepOp::kMatch || step.op == StepOp::kNot;
    cost_ += plain ? 1 : kDear;
    PlanVisitor::VisitStep(step);
  }
  void VisitSet(const RuleSet& set) {
    cost_ += 2 + set.arity;
    for (const PlanRule& rule : set.rules) {
      if (dear()) return;
      cost_ += 1;
      VisitRule(rule);
    }
    if (set.fallback != nullptr) VisitRule(*set.fallback);
  }
  bool dear() const { return cost_ > kCheap; }

 private:
  std::uint32_t cost_ = 0;
};

}  // namespace

const OuterReads* FindOuterReads(PlanContext& context, const Node& comprehension) {
  SlotReads reads;
  reads.VisitNode(&comprehension);
  const std::vector<std::uint32_t> slots = reads.Outer();
  if (slots.size() > kMaxOuterReads) return nullptr;
  OuterReads* out = context.arena->New<OuterReads>();
  out->number = context.comprehensions++;
  out->slots = ToArena(*context.arena, slots);
  return out;
}

void ChooseRemembered(std::span<RuleSet* const> sets) {
  for (RuleSet* set : sets) {
    if (set->kind != SetKind::kFunction) continue;
    Cost cost;
    cost.VisitSet(*set);
    set->remember = cost.dear();
  }
}

}  // namespace intentgate::rego
