// The document tree at run time, and what `with` makes of it.

#include <algorithm>

#include "rego/vm/machine.h"

namespace intentgate::rego {

bool Machine::IsReplaced(std::span<const Value> path) const {
  const auto& replaced = context_->replaced;
  return std::any_of(replaced.begin(), replaced.end(), [&](std::span<const Value> target) {
    return target.size() <= path.size() && std::equal(target.begin(), target.end(), path.begin());
  });
}

Value Machine::DataAt(std::span<const Value> path) const {
  Value at = context_->data_changed ? context_->data : program_.root->base;
  for (const Value& key : path) at = at.Get(key);
  return at;
}

Value Machine::BaseOf(const DocNode& doc) const { return context_->data_changed ? DataAt(doc.path) : doc.base; }

Value Machine::Child(const DocNode& doc, const Value& key) {
  const auto found = std::lower_bound(doc.names.begin(), doc.names.end(), key);
  if (found == doc.names.end() || !(*found == key)) return BaseOf(doc).Get(key);
  const DocNode& child = *doc.children[static_cast<std::size_t>(found - doc.names.begin())];
  if (context_->data_changed && IsReplaced(child.path)) return DataAt(child.path);
  if (child.rules == nullptr) return Value::Virtual(&child);
  return child.rules->kind == SetKind::kFunction ? Value() : EvalRule(*child.rules);
}

Value Machine::Member(const Value& value, const Value& key) {
  if (value.type() == Type::kVirtual) return Child(*static_cast<const DocNode*>(value.virtual_node()), key);
  return value.Get(key);
}

Value Machine::Whole(const Value& value) {
  return value.type() == Type::kVirtual ? Read(*static_cast<const DocNode*>(value.virtual_node())) : value;
}

Value Machine::Read(const DocNode& doc) {
  const Depth depth(*this);
  const Value base = BaseOf(doc);
  if (base.defined() && !base.is_object()) return base;
  Charge(2 * base.size());
  ObjectBuilder out(arena_);
  for (const Entry& entry : base.entries()) out.Set(entry.key, entry.value);
  for (const Value& name : doc.names) {
    Charge(1);
    Value value = Child(doc, name);
    if (value.type() == Type::kVirtual) value = Read(*static_cast<const DocNode*>(value.virtual_node()));
    if (value.defined()) out.Set(name, value);
  }
  return out.Finish();
}

Value Machine::SetPath(const Value& document, std::span<const Value> path, const Value& value) {
  if (path.empty()) return value;
  const Depth depth(*this);
  Charge(3 * document.size() + 1);
  ObjectBuilder out(arena_);
  for (const Entry& entry : document.entries()) out.Set(entry.key, entry.value);
  const Value member = document.is_object() ? document.Get(path[0]) : Value();
  out.Set(path[0], SetPath(member, path.subspan(1), value));
  return out.Finish();
}

bool Machine::EnterWith(const Step& step, Value* frame, Context& inner) {
  Charge(1 + (context_->mocks.size() + context_->replaced.size()) / 4);
  inner = *context_;
  inner.level = context_->level + 1;
  for (const WithItem& item : step.withs) {
    Value value;
    if (item.value != nullptr) {
      value = EvalNode(*item.value, frame);
      if (!value.defined()) return false;
    }
    switch (item.target) {
      case WithItem::Target::kInput: inner.input = SetPath(inner.input, item.path, value); break;
      case WithItem::Target::kData:
        if (!inner.data_changed) inner.data = program_.root->base;
        inner.data_changed = true;
        inner.data = SetPath(inner.data, item.path, value);
        inner.replaced.push_back(item.path);
        break;
      case WithItem::Target::kFunction:
        if (inner.mocks.size() < program_.mocks) inner.mocks.resize(program_.mocks);
        inner.mocks[static_cast<std::size_t>(item.mock)] = {true, value, item.function, item.builtin};
        break;
    }
  }
  inner.epoch = ++epoch_;
  Activate(inner);
  return true;
}

}  // namespace intentgate::rego
