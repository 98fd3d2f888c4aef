// How long one query takes, in this process, again and again.
#pragma once

#include <cstdint>
#include <string>

#include <intentgate/rego.h>

namespace intentgate::cli {

class EvalWatch;

inline constexpr std::int64_t kTestMeasureNanos = 200'000'000;

// Nanoseconds of one evaluation, by percentile; what one evaluation used.
struct Measured {
  std::uint64_t samples = 0;
  std::int64_t fastest = 0, median = 0, mean = 0, p90 = 0, p99 = 0;
  std::uint64_t steps = 0;
  std::size_t memory_bytes = 0;
  std::optional<rego::EvalError> error;  // of the first evaluation, or a cancellation: nothing was measured
};

// Evaluates for about `nanos`, each evaluation for the watch's time at most. `input` may be null.
Measured MeasureQuery(const rego::CompiledPolicy& policy, const std::string& reference, const json::Value* input, std::int64_t nanos,
                      std::uint64_t max_steps, const rego::HostAccess* host, EvalWatch& watch);
json::Value MeasuredJson(const Measured& measured);

}  // namespace intentgate::cli
