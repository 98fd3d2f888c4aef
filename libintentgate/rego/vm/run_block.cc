// Blocks and their steps.

#include <algorithm>

#include "rego/vm/machine.h"

namespace intentgate::rego {

bool Machine::RunStep(const Step& step, Value* frame) {
  switch (step.op) {
    case StepOp::kTest: return EvalNode(*step.node, frame).truthy();
    case StepOp::kAssign: {
      const Value value = EvalNode(*step.node, frame);
      frame[step.slot] = value;
      return value.defined();
    }
    case StepOp::kMatch: {
      const Value value = EvalNode(*step.node, frame);
      return value.defined() && Match(*step.value, value, frame);
    }
    case StepOp::kNot: return !Succeeds(*step.block, frame);
    case StepOp::kEvery: return Every(step, frame);
    case StepOp::kPrint: Print(step, frame); return true;
    case StepOp::kScan:
    case StepOp::kOutputs:
    case StepOp::kWith: break;
  }
  return false;
}

bool Machine::RunStraight(const Block& block, Value* frame) {
  for (const Step& step : block.steps) {
    Charge(1);
    Observe(EvalEventKind::kEval, step.at);
    if (!RunStep(step, frame)) return Failed(step);
  }
  return true;
}

bool Machine::Run(const Block& block, std::size_t pc, Value* frame, Answer answer) {
  if (pc == block.steps.size()) return answer();
  const Depth depth(*this);
  for (; pc < block.steps.size(); ++pc) {
    const Step& step = block.steps[pc];
    Charge(1);
    Observe(EvalEventKind::kEval, step.at);
    switch (step.op) {
      case StepOp::kScan:
      case StepOp::kOutputs:
        if (observer_ != nullptr) [[unlikely]] return RunIteration(block, pc, frame, answer);
        return step.op == StepOp::kScan ? Scan(block, pc, frame, answer) : Outputs(block, pc, frame, answer);
      case StepOp::kWith: return RunWith(block, pc, frame, answer);
      default:
        if (!RunStep(step, frame)) return Failed(step);
    }
  }
  return answer();
}

bool Machine::ScanElement(const Block& block, std::size_t pc, Value* frame, Answer answer, const Value& key, const Value& value) {
  const Step& step = block.steps[pc];
  Charge(1);
  if (step.key != nullptr && !Match(*step.key, key, frame)) return false;
  if (!Match(*step.value, value, frame)) return false;
  if (observer_ != nullptr) [[unlikely]] return RunMatched(block, pc, frame, answer);
  return Run(block, pc + 1, frame, answer);
}

bool Machine::Scan(const Block& block, std::size_t pc, Value* frame, Answer answer) {
  const Step& step = block.steps[pc];
  const Value base = EvalPlain(*step.node, frame);
  if (step.join != nullptr && base.is_collection()) {
    if (const JoinTable* table = JoinFor(step, frame, base)) return ScanJoined(block, pc, frame, answer, base, *table);
  }
  switch (base.type()) {
    case Type::kArray: {
      const std::span<const Value> items = base.elements();
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (ScanElement(block, pc, frame, answer, Value::Int(static_cast<std::int64_t>(i)), items[i])) return true;
      }
      return false;
    }
    case Type::kSet:
      for (const Value& item : base.elements()) {
        if (ScanElement(block, pc, frame, answer, item, item)) return true;
      }
      return false;
    case Type::kObject:
      for (const Entry& entry : base.entries()) {
        if (ScanElement(block, pc, frame, answer, entry.key, entry.value)) return true;
      }
      return false;
    case Type::kVirtual: return ScanDocument(block, pc, frame, answer, *static_cast<const DocNode*>(base.virtual_node()));
    default: return false;
  }
}

// Packages: the names of rules, packages and base data, each looked into only if the step asks for its value.
bool Machine::ScanDocument(const Block& block, std::size_t pc, Value* frame, Answer answer, const DocNode& doc) {
  const Step& step = block.steps[pc];
  SetBuilder names(arena_);
  for (const Value& name : doc.names) names.Add(name);
  for (const Entry& entry : BaseOf(doc).entries()) names.Add(entry.key);
  const Value all = names.Finish();
  for (const Value& name : all.elements()) {
    Value value = Child(doc, name);
    if (value.type() == Type::kVirtual && !step.keep_document) value = Read(*static_cast<const DocNode*>(value.virtual_node()));
    if (!value.defined()) continue;
    if (ScanElement(block, pc, frame, answer, name, value)) return true;
  }
  return false;
}

bool Machine::Outputs(const Block& block, std::size_t pc, Value* frame, Answer answer) {
  const Step& step = block.steps[pc];
  const Value outputs = EvalNode(*step.node, frame);
  for (const Value& output : outputs.elements()) {
    Charge(1);
    if (!Match(*step.value, output, frame)) continue;
    if (observer_ != nullptr ? RunMatched(block, pc, frame, answer) : Run(block, pc + 1, frame, answer)) return true;
  }
  return false;
}

bool Machine::Succeeds(const Block& block, Value* frame) {
  if (block.straight) {
    const Depth depth(*this);
    return RunStraight(block, frame);
  }
  auto stop = [] { return true; };
  return Run(block, 0, frame, stop);
}

bool Machine::Every(const Step& step, Value* frame) {
  const Value domain = EvalNode(*step.node, frame);
  if (!domain.is_collection()) return false;
  const auto holds = [&](const Value& key, const Value& value) {
    Charge(1);
    return (step.key == nullptr || Match(*step.key, key, frame)) && Match(*step.value, value, frame) &&
           Succeeds(*step.block, frame);
  };
  std::int64_t index = 0;
  for (const Value& item : domain.elements()) {
    if (!holds(domain.is_array() ? Value::Int(index++) : item, item)) return false;
  }
  const std::span<const Entry> entries = domain.entries();
  return std::all_of(entries.begin(), entries.end(), [&](const Entry& e) { return holds(e.key, e.value); });
}

bool Machine::RunWith(const Block& block, std::size_t pc, Value* frame, Answer answer) {
  const Step& step = block.steps[pc];
  Context& outer = *context_;
  Context inner;
  if (!EnterWith(step, frame, inner)) return false;
  struct Restore {
    Machine& machine;
    Context& context;
    ~Restore() { machine.Activate(context); }
  } restore{*this, outer};
  // The rest of the body sees the documents without the replacements.
  auto rest = [&] {
    Activate(outer);
    const bool stop = Run(block, pc + 1, frame, answer);
    Activate(inner);
    return stop;
  };
  return Run(*step.block, 0, frame, rest);
}

bool Machine::Match(const Pattern& pattern, const Value& value, Value* frame) {
  switch (pattern.kind) {
    case PatternKind::kAny: return true;
    case PatternKind::kBind: frame[pattern.slot] = value; return true;
    case PatternKind::kTest: {
      const Value wanted = EvalNode(*pattern.node, frame);
      return wanted.defined() && wanted == value;
    }
    case PatternKind::kArray: {
      if (!value.is_array() || value.size() != pattern.items.size()) return false;
      const std::span<const Value> items = value.elements();
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (!Match(*pattern.items[i], items[i], frame)) return false;
      }
      return true;
    }
    case PatternKind::kObject: {
      if (!value.is_object() || value.size() != pattern.items.size()) return false;
      for (std::size_t i = 0; i < pattern.items.size(); ++i) {
        const Value key = EvalNode(*pattern.keys[i], frame);
        const Value member = key.defined() ? value.Get(key) : Value();
        if (!member.defined() || !Match(*pattern.items[i], member, frame)) return false;
      }
      return true;
    }
  }
  return false;
}

}  // namespace intentgate::rego
