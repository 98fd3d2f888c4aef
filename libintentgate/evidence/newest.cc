#include "evidence/newest.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace intentgate::evidence {
namespace {

constexpr auto kAnySize = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
constexpr std::size_t kPage = 64;

}  // namespace

Result<std::optional<audit::StoredCheckpoint>> NewestCheckpoint(audit::LogStore& log, std::string_view tenant) {
  Result<std::vector<audit::StoredCheckpoint>> newest = log.Checkpoints(tenant, kAnySize, 1);
  if (!newest.ok()) return newest.error();
  if (newest->empty()) return std::optional<audit::StoredCheckpoint>();
  return std::optional(std::move(newest->front()));
}

Result<std::optional<audit::StoredCheckpoint>> NewestWitnessed(audit::LogStore& log, std::string_view tenant) {
  for (std::uint64_t at_most = kAnySize;;) {
    Result<std::vector<audit::StoredCheckpoint>> page = log.Checkpoints(tenant, at_most, kPage);
    if (!page.ok()) return page.error();
    std::uint64_t smallest = at_most;
    for (audit::StoredCheckpoint& checkpoint : *page) {
      if (checkpoint.witnessed_at_micros > 0) return std::optional(std::move(checkpoint));
      smallest = std::min(smallest, checkpoint.size);
    }
    if (page->size() < kPage || smallest == 0) return std::optional<audit::StoredCheckpoint>();
    at_most = smallest - 1;
  }
}

}  // namespace intentgate::evidence
