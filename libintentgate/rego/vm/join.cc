// Iterations that compare a field of each element with something known: a hash join.
//
// The first time an iteration runs over a collection it looks at every element. When it runs over the same collection
// again, as an inner loop does, the elements are sorted into a table by their field, once; from then on only those with
// the wanted field are visited, in the order of the collection.

#include "rego/vm/machine.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kTableFrom = 8;  // elements

}  // namespace

void Machine::FillJoin(JoinTable& table, const Step& step, Value* frame, const Value& base) {
  const std::size_t count = base.size();
  Charge(count);
  std::size_t size = 16;
  while (size < count * 2) size *= 2;
  table.heads = {arena_.NewArray<std::uint32_t>(size), size};
  table.next = {arena_.NewArray<std::uint32_t>(count), count};
  table.fields = {arena_.NewArray<Value>(count), count};
  const std::span<const Value> elements = base.elements();
  const std::span<const Entry> entries = base.entries();
  // From the end, so that each chain is in the order of the collection.
  for (std::size_t i = count; i-- > 0;) {
    frame[step.value->slot] = elements.empty() ? entries[i].value : elements[i];
    const Value field = EvalNode(*step.join->field, frame);
    table.fields[i] = field;
    if (!field.defined()) continue;
    std::uint32_t& head = table.heads[field.Hash() & (size - 1)];
    table.next[i] = head;
    head = static_cast<std::uint32_t>(i + 1);
  }
}

// The table of the step's collection, if it has come by often enough.
const Machine::JoinTable* Machine::JoinFor(const Step& step, Value* frame, const Value& base) {
  if (base.size() < kTableFrom) return nullptr;
  if (joins_.size() <= step.join->number) joins_.resize(program_.joins);
  JoinTable& table = joins_[step.join->number];
  if (table.epoch != context_->epoch || !table.base.Same(base)) {
    table = JoinTable();
    table.epoch = context_->epoch;
    table.base = base;
    return nullptr;
  }
  if (table.heads.empty()) FillJoin(table, step, frame, base);
  return &table;
}

bool Machine::ScanJoined(const Block& block, std::size_t pc, Value* frame, Answer answer, const Value& base, const JoinTable& found) {
  const Step& step = block.steps[pc];
  const JoinTable table = found;  // the rest of the body may run this step on another collection
  const Value wanted = EvalNode(*step.join->other, frame);
  Charge(1);
  if (!wanted.defined()) return false;
  const std::span<const Value> elements = base.elements();
  const std::span<const Entry> entries = base.entries();
  for (std::uint32_t at = table.heads[wanted.Hash() & (table.heads.size() - 1)]; at != 0; at = table.next[at - 1]) {
    const std::size_t i = at - 1;
    if (!(table.fields[i] == wanted)) continue;
    const Value key = base.is_array() ? Value::Int(static_cast<std::int64_t>(i)) : base.is_set() ? elements[i] : entries[i].key;
    if (ScanElement(block, pc, frame, answer, key, base.is_object() ? entries[i].value : elements[i])) return true;
  }
  return false;
}

}  // namespace intentgate::rego
