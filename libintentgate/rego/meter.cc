#include "rego/meter.h"

namespace intentgate::rego {

Meter*& Meter::Current() {
  static thread_local Meter* current = nullptr;
  return current;
}

Meter::Meter(const Arena& arena, Steps& steps) : arena_(arena), steps_(steps), outer_(Current()) {
  Current() = this;
}

Meter::~Meter() { Current() = outer_; }

void Meter::CountElements(std::uint64_t elements) {
  Meter* meter = Current();
  if (meter == nullptr) return;
  meter->elements_ += elements;
  if (meter->elements_ < kElementsPerStep) return;
  meter->steps_.Take(meter->elements_ / kElementsPerStep);
  meter->elements_ %= kElementsPerStep;
}

void Meter::CountSteps(std::uint64_t steps) {
  if (Meter* meter = Current()) meter->steps_.Take(steps);
}

void Meter::CheckRoom(std::size_t bytes) {
  if (const Meter* meter = Current()) meter->arena_.CheckRoom(bytes);
}

}  // namespace intentgate::rego
