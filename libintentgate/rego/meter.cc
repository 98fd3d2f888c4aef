#include "rego/meter.h"

namespace intentgate::rego {

Meter*& Meter::Current() {
  static thread_local Meter* current = nullptr;
  return current;
}

Meter::Meter(const Arena& arena, std::uint64_t& steps_left) : arena_(arena), steps_left_(steps_left), outer_(Current()) {
  Current() = this;
}

Meter::~Meter() { Current() = outer_; }

void Meter::Charge(std::uint64_t steps) {
  if (steps > steps_left_) FailSteps();
  steps_left_ -= steps;
}

void Meter::CountElements(std::uint64_t elements) {
  Meter* meter = Current();
  if (meter == nullptr) return;
  meter->elements_ += elements;
  if (meter->elements_ < kElementsPerStep) return;
  meter->Charge(meter->elements_ / kElementsPerStep);
  meter->elements_ %= kElementsPerStep;
}

void Meter::CountSteps(std::uint64_t steps) {
  if (Meter* meter = Current()) meter->Charge(steps);
}

void Meter::CheckRoom(std::size_t bytes) {
  if (const Meter* meter = Current()) meter->arena_.CheckRoom(bytes);
}

void FailSteps() {
  throw EvalAbort{"eval_limit_error", "the policy took more steps than an evaluation may (max_steps)"};
}

}  // namespace intentgate::rego
