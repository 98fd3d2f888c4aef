// What an observer hears: kept out of the loops that run when nobody looks.

#include "rego/vm/machine.h"

namespace intentgate::rego {
namespace {

constexpr std::string_view kUndefined = "<undefined>";

}  // namespace

void Machine::Report(EvalEventKind kind, Location at, std::string_view text) {
  EvalEvent event{kind, "query", at.line, at.column, visits_, text};
  if (program_.files != nullptr && at.file < program_.files->size()) event.file = (*program_.files)[at.file];
  observer_->OnEvent(event);
}

bool Machine::RunIteration(const Block& block, std::size_t pc, Value* frame, Answer answer) {
  const Step& step = block.steps[pc];
  bool matched = false;
  bool* const outer = matched_;
  matched_ = &matched;
  const bool stop = step.op == StepOp::kScan ? Scan(block, pc, frame, answer) : Outputs(block, pc, frame, answer);
  matched_ = outer;
  if (!matched) Observe(EvalEventKind::kFail, step.at);
  return stop;
}

bool Machine::RunMatched(const Block& block, std::size_t pc, Value* frame, Answer answer) {
  if (matched_ != nullptr) *matched_ = true;
  if (Run(block, pc + 1, frame, answer)) return true;
  Observe(EvalEventKind::kRedo, block.steps[pc].at);
  return false;
}

// A line for each combination of the outcomes, as OPA prints them.
void Machine::Print(const Step& step, Value* frame) {
  if (observer_ == nullptr) return;
  std::vector<std::string> lines = {""};
  bool first = true;
  for (const Node* part : step.node->args) {
    const Value outcomes = EvalComprehension(*part, frame);
    std::vector<std::string> longer;
    const auto append = [&](std::string_view text) {
      for (const std::string& line : lines) {
        Charge(1 + (line.size() + text.size()) / 64);
        longer.push_back(line + (first ? "" : " ") + std::string(text));
        arena_.CheckRoom(longer.size() * (longer.back().size() + sizeof(std::string)));
      }
    };
    if (outcomes.size() == 0) append(kUndefined);
    for (const Value& outcome : outcomes.elements()) {
      std::string text;
      if (!outcome.is_string()) outcome.AppendText(text);
      append(outcome.is_string() ? outcome.string() : std::string_view(text));
    }
    lines = std::move(longer);
    first = false;
  }
  for (const std::string& line : lines) Observe(EvalEventKind::kPrint, step.at, line);
}

}  // namespace intentgate::rego
