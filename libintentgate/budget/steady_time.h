// Unix time that never goes back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <intentgate/clock.h>

namespace intentgate::budget {

// Follows the wall clock forwards. When the wall clock steps back, time goes on at the pace of the
// monotonic clock instead, so that a window neither freezes nor empties early. Thread-safe.
class SteadyTime {
 public:
  explicit SteadyTime(std::shared_ptr<const Clock> clock);
  std::int64_t UnixSeconds();

 private:
  std::shared_ptr<const Clock> clock_;
  // The greatest difference seen between the wall clock and the monotonic clock.
  std::atomic<std::int64_t> offset_micros_;
};

}  // namespace intentgate::budget
