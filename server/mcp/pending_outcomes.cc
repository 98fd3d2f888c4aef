#include "mcp/pending_outcomes.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace intentgate::mcp {

std::vector<PendingOutcome> PendingOutcomes::Add(PendingOutcome outcome, std::int64_t now_nanos) {
  std::vector<PendingOutcome> given_up;
  const std::lock_guard lock(mutex_);
  pending_.push_back(std::move(outcome));
  while (pending_.size() > kMaxPending || now_nanos - pending_.front().start_nanos > kMaxAgeNanos) {
    given_up.push_back(std::move(pending_.front()));
    pending_.pop_front();
    if (pending_.empty()) break;
  }
  return given_up;
}

std::optional<PendingOutcome> PendingOutcomes::Take(std::string_view session, std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const PendingOutcome& one) {
    return one.session == session && one.id == id;
  });
  if (found == pending_.end()) return std::nullopt;
  PendingOutcome outcome = std::move(*found);
  pending_.erase(found);
  return outcome;
}

std::vector<PendingOutcome> PendingOutcomes::TakeAll() {
  const std::lock_guard lock(mutex_);
  std::vector<PendingOutcome> all(std::make_move_iterator(pending_.begin()), std::make_move_iterator(pending_.end()));
  pending_.clear();
  return all;
}

}  // namespace intentgate::mcp
