#include "rego/vm/machine.h"

namespace intentgate::rego {

Machine::Machine() : builtin_context_(arena_, steps_), frames_(new std::byte[kFrameSlots * sizeof(Value)]) {
  caches_.push_back(std::make_unique<Caches>());
}

void Machine::Start(const ProgramInfo& program, const EvalOptions& options, const Clock& clock) {
  builtin_context_.now_ns.reset();
  builtin_context_.clock = &clock;
  arena_.Reset();
  arena_.set_limit(options.limits.max_memory_bytes);
  program_ = program;
  steps_.Start(options.limits.max_steps, options.cancel);
  max_depth_ = options.limits.max_depth;
  strict_ = options.strict_builtin_errors;
  builtin_context_.seed = options.seed;
  builtin_context_.host = options.host;
  builtin_context_.caches[static_cast<std::size_t>(CacheSlot::kEvaluation)].reset();
  observer_ = options.observer;
  visits_ = 0;
  matched_ = nullptr;
  builtin_context_.ClearError();
  depth_ = 0;
  frame_top_ = 0;
  memo_ = nullptr;
  memo_size_ = memo_used_ = 0;
  stack_base_ = static_cast<const char*>(__builtin_frame_address(0));
  root_ = Context();
  root_.epoch = ++epoch_;
  builtin_context_.evaluation = root_.epoch;
  Activate(root_);
}

void Machine::Activate(Context& context) {
  context_ = &context;
  while (caches_.size() <= context.level) caches_.push_back(std::make_unique<Caches>());
  cache_ = caches_[context.level].get();
  if (cache_->rules.size() < program_.rule_sets) cache_->rules.resize(program_.rule_sets);
  if (cache_->paths.size() < program_.input_paths) cache_->paths.resize(program_.input_paths);
}

void Machine::Fail(std::string_view code, std::string message, Location at) {
  throw EvalAbort{std::string(code), std::move(message), at.file, at.line, at.column};
}

Value Machine::EvalGround(const Node& node) {
  const Frame frame(*this, 0);
  return EvalNode(node, frame.slots());
}

void Machine::RunQuery(const Block& block, std::uint32_t slots, const std::function<void(const Value*)>& answer) {
  const Frame frame(*this, slots);
  auto report = [&] {
    answer(frame.slots());
    return false;
  };
  Run(block, 0, frame.slots(), report);
}

}  // namespace intentgate::rego
