// Allowed calls whose stream ended before their answer: the client comes back for it with a GET, perhaps on another
// loop, and then their outcome becomes known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/gate.h>

namespace intentgate::mcp {

struct PendingOutcome {
  std::string session, id;  // the request's id as JSON
  Decision decision;
  std::int64_t start_nanos = 0;
};

// Thread-safe.
class PendingOutcomes {
 public:
  static constexpr std::size_t kMaxPending = 4'096;
  static constexpr std::int64_t kMaxAgeNanos = 600'000'000'000;

  // Returns those that nobody came back for: the oldest beyond the limits.
  std::vector<PendingOutcome> Add(PendingOutcome outcome, std::int64_t now_nanos);
  std::optional<PendingOutcome> Take(std::string_view session, std::string_view id);
  std::vector<PendingOutcome> TakeAll();

 private:
  std::mutex mutex_;
  std::list<PendingOutcome> pending_;  // oldest first
};

}  // namespace intentgate::mcp
