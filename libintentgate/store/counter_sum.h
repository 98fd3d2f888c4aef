// How every store adds to a budget counter.
#pragma once

#include <cstdint>
#include <limits>

namespace intentgate::store {

// Stays at the ends of the range: a counter that wrapped round would open a budget again.
inline std::int64_t AddSaturated(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

}  // namespace intentgate::store
