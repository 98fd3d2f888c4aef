#include <intentgate/clock.h>

#include <atomic>
#include <ctime>

#include "base/time_format.h"

namespace intentgate {
namespace {

std::int64_t Nanos(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

class RealClock final : public Clock {
 public:
  std::int64_t UnixMicros() const override { return Nanos(CLOCK_REALTIME) / 1000; }
  std::int64_t MonotonicNanos() const override { return Nanos(CLOCK_MONOTONIC); }
};

}  // namespace

std::shared_ptr<const Clock> SystemClock() { return std::make_shared<RealClock>(); }

std::string FormatTime(std::int64_t unix_micros) { return base::FormatRfc3339Micros(unix_micros); }
Result<std::int64_t> ParseTime(std::string_view text) { return base::ParseRfc3339Micros(text); }

struct ManualClock::State {
  std::atomic<std::int64_t> unix_micros;
  std::atomic<std::int64_t> monotonic_nanos{0};
};

ManualClock::ManualClock(std::int64_t unix_micros) : state_(std::make_unique<State>()) {
  state_->unix_micros = unix_micros;
}
ManualClock::~ManualClock() = default;

std::int64_t ManualClock::UnixMicros() const { return state_->unix_micros; }
std::int64_t ManualClock::MonotonicNanos() const { return state_->monotonic_nanos; }
void ManualClock::SetUnixMicros(std::int64_t unix_micros) { state_->unix_micros = unix_micros; }
void ManualClock::AdvanceMicros(std::int64_t micros) {
  state_->unix_micros += micros;
  if (micros > 0) state_->monotonic_nanos += micros * 1000;
}

}  // namespace intentgate
