// Nodes: one value, or undefined.

#include <algorithm>

#include "rego/vm/machine.h"

namespace intentgate::rego {
// The current documents with no function replaced, while it lives.
class Machine::WithoutMocks {
 public:
  explicit WithoutMocks(Machine& machine) : machine_(machine), outer_(*machine.context_), inner_(outer_) {
    inner_.mocks.clear();
    inner_.level = outer_.level + 1;
    inner_.epoch = ++machine.epoch_;
    machine.Activate(inner_);
  }
  ~WithoutMocks() { machine_.Activate(outer_); }
  WithoutMocks(const WithoutMocks&) = delete;
  WithoutMocks& operator=(const WithoutMocks&) = delete;

 private:
  Machine& machine_;
  Context& outer_;
  Context inner_;
};

// What cannot give a document node is computed here, without a second look at the kind of node.
Value Machine::EvalNode(const Node& node, Value* frame) {
  switch (node.op) {
    case Op::kConst: return node.value;
    case Op::kSlot: {
      const Value& value = frame[node.index];
      return value.type() == Type::kVirtual ? Read(*static_cast<const DocNode*>(value.virtual_node())) : value;
    }
    case Op::kInputPath: return EvalInputPath(node);
    case Op::kRule: return EvalRule(*node.rules);
    case Op::kBuiltin: return EvalBuiltin(node, frame);
    case Op::kFunction: return EvalFunction(node, frame);
    case Op::kCompare: return EvalCompare(node, frame);
    case Op::kArithmetic: return EvalArithmetic(node, frame);
    default: break;
  }
  const Value value = EvalPlain(node, frame);
  return value.type() == Type::kVirtual ? Read(*static_cast<const DocNode*>(value.virtual_node())) : value;
}

Value Machine::EvalPlain(const Node& node, Value* frame) {
  switch (node.op) {
    case Op::kConst: return node.value;
    case Op::kSlot: return frame[node.index];
    case Op::kInput: return context_->input;
    case Op::kInputPath: return EvalInputPath(node);
    case Op::kData: return EvalData(node);
    case Op::kDoc:
      if (context_->data_changed && IsReplaced(node.doc->path)) return DataAt(node.doc->path);
      return Value::Virtual(node.doc);
    case Op::kRule: return EvalRule(*node.rules);
    case Op::kRuleKey: {
      const Value key = EvalNode(*node.args[0], frame);
      return key.defined() ? EvalRuleKey(*node.rules, key, frame) : Value();
    }
    case Op::kIndex: return EvalIndex(node, frame);
    case Op::kBuiltin: return EvalBuiltin(node, frame);
    case Op::kFunction: return EvalFunction(node, frame);
    case Op::kCompare: return EvalCompare(node, frame);
    case Op::kArithmetic: return EvalArithmetic(node, frame);
    case Op::kArray: {
      Value* items = arena_.NewArray<Value>(node.args.size());
      if (!EvalArgs(node, frame, items)) return {};
      return Value::ArrayOver(arena_, {items, node.args.size()});
    }
    case Op::kSet: {
      Value* items = arena_.NewArray<Value>(node.args.size());
      if (!EvalArgs(node, frame, items)) return {};
      return Value::Set(arena_, {items, node.args.size()});
    }
    case Op::kObject: return EvalObject(node, frame);
    case Op::kArrayComprehension:
    case Op::kSetComprehension:
    case Op::kObjectComprehension: return EvalComprehension(node, frame);
    case Op::kTemplate: return EvalTemplate(node, frame);
  }
  return {};
}

bool Machine::EvalArgs(const Node& node, Value* frame, Value* out) {
  for (std::size_t i = 0; i < node.args.size(); ++i) {
    out[i] = EvalNode(*node.args[i], frame);
    if (!out[i].defined()) return false;
  }
  return true;
}

Value Machine::EvalInputPath(const Node& node) {
  CacheSlotEntry& cached = cache_->paths[node.index];
  if (cached.epoch == context_->epoch) return cached.value;
  Value at = context_->input;
  for (const Node* key : node.args) at = at.Get(key->value);
  cached = {context_->epoch, at};
  return at;
}

Value Machine::EvalData(const Node& node) {
  if (!context_->data_changed) return node.value;
  Value at = context_->data;
  for (const Node* key : node.args) at = at.Get(key->value);
  return at;
}

Value Machine::EvalIndex(const Node& node, Value* frame) {
  const Value base = EvalPlain(*node.left, frame);
  if (!base.defined()) return {};
  const Value key = EvalNode(*node.args[0], frame);
  if (!key.defined()) return {};
  if (base.type() == Type::kVirtual) return Child(*static_cast<const DocNode*>(base.virtual_node()), key);
  return base.Get(key);
}

Value Machine::EvalCompare(const Node& node, Value* frame) {
  const Value left = EvalNode(*node.left, frame);
  if (!left.defined()) return {};
  const Value right = EvalNode(*node.args[0], frame);
  if (!right.defined()) return {};
  switch (static_cast<Comparison>(node.index)) {
    case Comparison::kEqual: return Value::Bool(left == right);
    case Comparison::kNotEqual: return Value::Bool(!(left == right));
    case Comparison::kLess: return Value::Bool(Value::Compare(left, right) < 0);
    case Comparison::kLessEqual: return Value::Bool(Value::Compare(left, right) <= 0);
    case Comparison::kGreater: return Value::Bool(Value::Compare(left, right) > 0);
    case Comparison::kGreaterEqual: return Value::Bool(Value::Compare(left, right) >= 0);
  }
  return {};
}

Value Machine::EvalArithmetic(const Node& node, Value* frame) {
  const Value args[] = {EvalNode(*node.args[0], frame), EvalNode(*node.args[1], frame)};
  if (!args[0].defined() || !args[1].defined()) return {};
  if (!args[0].is_int() || !args[1].is_int()) return CallBuiltin(*node.builtin, args, node.at);
  const std::int64_t a = args[0].int_value();
  const std::int64_t b = args[1].int_value();
  std::int64_t result = 0;
  bool fits = false;
  switch (static_cast<Arithmetic>(node.index)) {
    case Arithmetic::kPlus: fits = !__builtin_add_overflow(a, b, &result); break;
    case Arithmetic::kMinus: fits = !__builtin_sub_overflow(a, b, &result); break;
    case Arithmetic::kTimes: fits = !__builtin_mul_overflow(a, b, &result); break;
    case Arithmetic::kRemainder:
      fits = b > 0;
      result = fits ? a % b : 0;
      break;
  }
  if (!fits) return CallBuiltin(*node.builtin, args, node.at);
  Charge(1);
  return Value::Int(result);
}

Value Machine::CallBuiltin(const Builtin& builtin, std::span<const Value> args, Location at) {
  Charge(1);
  builtin_context_.ClearError();
  const Value result = CheckedCall(builtin, builtin_context_, args);
  if (strict_ && builtin_context_.failed()) {
    Fail(builtin_context_.is_type_error() ? "eval_type_error" : "eval_builtin_error",
         std::string(builtin.name) + ": " + builtin_context_.message(), at);
  }
  if ((builtin.flags & kBuiltinNote) != 0 && !builtin_context_.failed()) Observe(EvalEventKind::kNote, at, args[0].string());
  return builtin_context_.failed() ? Value() : result;
}

bool Machine::CallMock(const Node& node, std::span<const Value> args, Value* result) {
  const auto number = static_cast<std::size_t>(node.mock);
  if (number >= context_->mocks.size() || !context_->mocks[number].active) return false;
  const Mock mock = context_->mocks[number];
  if (mock.builtin != nullptr) {
    *result = CallBuiltin(*mock.builtin, args, node.at);
  } else if (mock.function == nullptr) {
    *result = mock.value;
  } else {
    // A replacement calls the originals.
    const WithoutMocks scope(*this);
    *result = CallRules(*mock.function, args);
  }
  return true;
}

Value Machine::EvalBuiltin(const Node& node, Value* frame) {
  // Values are trivially copyable; most calls use two of the ten.
  alignas(Value) std::byte memory[kMaxBuiltinArgs * sizeof(Value)];
  auto* args = reinterpret_cast<Value*>(memory);
  if (!EvalArgs(node, frame, args)) return {};
  const std::span<const Value> given(args, node.args.size());
  if (Value replaced; node.mock >= 0 && CallMock(node, given, &replaced)) return replaced;
  return CallBuiltin(*node.builtin, given, node.at);
}

Value Machine::EvalFunction(const Node& node, Value* frame) {
  constexpr std::size_t kInline = 8;
  alignas(Value) std::byte memory[kInline * sizeof(Value)];
  Value* args = node.args.size() <= kInline ? reinterpret_cast<Value*>(memory) : arena_.NewArray<Value>(node.args.size());
  if (!EvalArgs(node, frame, args)) return {};
  const std::span<const Value> given(args, node.args.size());
  if (Value replaced; node.mock >= 0 && CallMock(node, given, &replaced)) return replaced;
  return CallRules(*node.rules, given);
}

Value Machine::EvalObject(const Node& node, Value* frame) {
  ObjectBuilder members(arena_);
  for (std::size_t i = 0; i + 1 < node.args.size(); i += 2) {
    const Value key = EvalNode(*node.args[i], frame);
    const Value value = key.defined() ? EvalNode(*node.args[i + 1], frame) : Value();
    if (!value.defined()) return {};
    if (!members.Insert(key, value)) Fail("eval_conflict_error", "object keys must be unique", node.at);
  }
  return members.Finish();
}

// An observer hears every time; without one, a comprehension is built again only when something that it reads has changed.
Value Machine::EvalComprehension(const Node& node, Value* frame) {
  if (node.reads == nullptr || observer_ != nullptr) return BuildComprehension(node, frame);
  const std::span<const std::uint32_t> slots = node.reads->slots;
  if (last_values_.size() <= node.reads->number) last_values_.resize(program_.comprehensions);
  const LastValue& last = last_values_[node.reads->number];
  const auto unchanged = [&](std::uint32_t slot, const Value& then) { return frame[slot].Same(then); };
  if (last.epoch == context_->epoch && std::equal(slots.begin(), slots.end(), last.outer.begin(), unchanged)) return last.value;
  Value* outer = arena_.NewArray<Value>(slots.size());
  std::transform(slots.begin(), slots.end(), outer, [&](std::uint32_t slot) { return frame[slot]; });
  const Value value = BuildComprehension(node, frame);
  last_values_[node.reads->number] = {context_->epoch, {outer, slots.size()}, value};
  return value;
}

Value Machine::BuildComprehension(const Node& node, Value* frame) {
  const Depth depth(*this);
  if (node.op == Op::kArrayComprehension) {
    ArrayBuilder items(arena_);
    auto add = [&] {
      if (const Value head = EvalNode(*node.args[0], frame); head.defined()) items.Add(head);
      return false;
    };
    Run(*node.block, 0, frame, add);
    return items.Finish();
  }
  if (node.op == Op::kSetComprehension) {
    SetBuilder items(arena_);
    auto add = [&] {
      if (const Value head = EvalNode(*node.args[0], frame); head.defined()) items.Add(head);
      return false;
    };
    Run(*node.block, 0, frame, add);
    return items.Finish();
  }
  ObjectBuilder members(arena_);
  auto add = [&] {
    const Value key = EvalNode(*node.args[0], frame);
    const Value value = key.defined() ? EvalNode(*node.args[1], frame) : Value();
    if (value.defined() && !members.Insert(key, value)) Fail("eval_conflict_error", "object keys must be unique", node.at);
    return false;
  };
  Run(*node.block, 0, frame, add);
  return members.Finish();
}

Value Machine::EvalTemplate(const Node& node, Value* frame) {
  std::string out;
  for (const Node* part : node.args) {
    if (part->op == Op::kConst) {
      out += part->value.string();
      continue;
    }
    const Value outcomes = EvalComprehension(*part, frame);
    if (outcomes.size() > 1) Fail("eval_conflict_error", "string template expression must not produce multiple outputs", part->at);
    if (outcomes.size() == 0) {
      out += "<undefined>";
    } else if (const Value& value = outcomes.elements()[0]; value.is_string()) {
      out += value.string();
    } else {
      value.AppendText(out);
    }
    arena_.CheckRoom(3 * out.size());  // a string that has just doubled, and the copy
  }
  Charge(out.size() / 64);
  return Value::StringCopy(arena_, out);
}

}  // namespace intentgate::rego
