#include "budget/steady_time.h"

#include <utility>

namespace intentgate::budget {
namespace {

std::int64_t OffsetMicros(const Clock& clock) { return clock.UnixMicros() - clock.MonotonicNanos() / 1000; }

}  // namespace

SteadyTime::SteadyTime(std::shared_ptr<const Clock> clock)
    : clock_(std::move(clock)), offset_micros_(OffsetMicros(*clock_)) {}

std::int64_t SteadyTime::UnixSeconds() {
  const std::int64_t seen = OffsetMicros(*clock_);
  std::int64_t greatest = offset_micros_.load();
  while (seen > greatest && !offset_micros_.compare_exchange_weak(greatest, seen)) {
  }
  if (seen > greatest) greatest = seen;
  const std::int64_t micros = clock_->MonotonicNanos() / 1000 + greatest;
  return micros < 0 ? 0 : micros / 1'000'000;
}

}  // namespace intentgate::budget
