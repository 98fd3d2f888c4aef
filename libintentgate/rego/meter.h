// The work that values cost the evaluation on this thread: comparing, hashing, writing out.
//
// Values share their parts, so a few of them can stand for 10^8 elements, and what walks them must be counted as it
// walks. These walks start inside sorts, look-ups and operators that have no context to hand down: the meter of the
// evaluation is found through its thread. Where no evaluation runs (the compiler, constants) nothing is counted; those
// values are trees no larger than the sources.
//
// Counted, not timed: equal evaluations count the same. Thread contract: belongs to the thread that made it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rego/arena.h"
#include "rego/steps.h"

namespace intentgate::rego {

class Meter {
 public:
  // Elements that are compared or hashed for one step, so that a step is about as long whatever it does.
  static constexpr std::uint64_t kElementsPerStep = 16;
  // Text up to here is compared and hashed for free, as part of the step that does it.
  static constexpr std::size_t kFreeText = 1024;

  // While it lives, this thread's work counts against `steps` and what it writes must fit in the arena's room.
  // REQUIRES: both outlive it; it dies on its thread, in reverse order of making.
  Meter(const Arena& arena, Steps& steps);
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  // All throw EvalAbort when the limit is crossed or the evaluation was cancelled.
  static void CountElements(std::uint64_t elements);
  static void CountSteps(std::uint64_t steps);
  static void CountText(std::size_t bytes) {
    if (bytes > kFreeText) CountElements(bytes / 64);
  }
  // Bytes that are about to exist outside the arena.
  static void CheckRoom(std::size_t bytes);

 private:
  static Meter*& Current();

  const Arena& arena_;
  Steps& steps_;
  std::uint64_t elements_ = 0;  // not yet a whole step
  Meter* outer_;
};

}  // namespace intentgate::rego
