// Pass "joins": finds iterations whose next step compares a field of the element with what is known outside,
//
//   some b in input.right; b.key == a.key
//
// which the machine can answer from a table of the collection instead of looking at every element (vm/join.cc).

#include <algorithm>

#include "rego/compile/lower.h"

namespace intentgate::rego {
namespace {

// The element itself, or constant keys below it.
bool IsFieldOf(const Node& node, std::uint32_t slot) {
  if (node.op == Op::kSlot) return node.index == slot;
  return node.op == Op::kIndex && node.args[0]->op == Op::kConst && IsFieldOf(*node.left, slot);
}

bool BindsSlot(const Pattern* pattern, std::uint32_t slot) {
  if (pattern == nullptr) return false;
  if (pattern->kind == PatternKind::kBind) return pattern->slot == slot;
  return std::any_of(pattern->items.begin(), pattern->items.end(), [&](const Pattern* item) { return BindsSlot(item, slot); });
}

// Known before the iteration, and cannot fail: it may be read although no element would have asked for it.
bool IsKnownOutside(const Node& node, const Step& scan) {
  switch (node.op) {
    case Op::kConst:
    case Op::kInputPath: return true;
    case Op::kSlot: return !BindsSlot(scan.key, node.index) && !BindsSlot(scan.value, node.index);
    case Op::kIndex: return node.args[0]->op == Op::kConst && IsKnownOutside(*node.left, scan);
    default: return false;
  }
}

const Join* FindJoin(PlanContext& context, const Step& scan, const Step& test) {
  if (scan.op != StepOp::kScan || scan.value->kind != PatternKind::kBind) return nullptr;
  if (test.op != StepOp::kTest || test.node->op != Op::kCompare) return nullptr;
  if (static_cast<Comparison>(test.node->index) != Comparison::kEqual) return nullptr;
  const Node* field = test.node->left;
  const Node* other = test.node->args[0];
  if (!IsFieldOf(*field, scan.value->slot)) std::swap(field, other);
  if (!IsFieldOf(*field, scan.value->slot) || !IsKnownOutside(*other, scan)) return nullptr;
  Join* join = context.arena->New<Join>();
  join->number = context.joins++;
  join->field = field;
  join->other = other;
  return join;
}

}  // namespace

void FindJoins(PlanContext& context, std::span<Step> steps) {
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) steps[i].join = FindJoin(context, steps[i], steps[i + 1]);
}

}  // namespace intentgate::rego
