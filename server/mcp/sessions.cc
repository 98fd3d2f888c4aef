#include "mcp/sessions.h"

#include <algorithm>
#include <utility>

namespace intentgate::mcp {

bool IsSessionId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxSessionIdBytes &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

SessionTable::SessionTable(std::shared_ptr<const Clock> clock, const SessionLimits& limits)
    : clock_(std::move(clock)), limits_(limits) {}

SessionTable::Order::iterator SessionTable::FindLive(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return order_.end();
  const std::int64_t idle = clock_->MonotonicNanos() - found->second->used_at_nanos;
  if (idle <= limits_.idle_seconds * 1'000'000'000) return found->second;
  Erase(found->second);
  return order_.end();
}

void SessionTable::Erase(Order::iterator session) {
  by_id_.erase(session->bound.id);
  order_.erase(session);
}

bool SessionTable::Bind(BoundSession bound, std::string_view principal) {
  const std::string id = bound.id;
  if (!IsSessionId(id)) return false;
  const std::lock_guard lock(mutex_);
  if (const auto session = FindLive(id); session != order_.end()) {
    if (session->principal != principal) return false;
    Erase(session);
  }
  if (order_.size() >= limits_.max_sessions) Erase(std::prev(order_.end()));
  order_.push_front({std::move(bound), std::string(principal), clock_->MonotonicNanos()});
  by_id_.emplace(id, order_.begin());
  return true;
}

std::optional<BoundSession> SessionTable::Use(std::string_view id, std::string_view principal) {
  const std::lock_guard lock(mutex_);
  const auto session = FindLive(id);
  if (session == order_.end() || session->principal != principal) return std::nullopt;
  session->used_at_nanos = clock_->MonotonicNanos();
  order_.splice(order_.begin(), order_, session);
  return session->bound;
}

void SessionTable::Drop(std::string_view id, std::string_view principal) {
  const std::lock_guard lock(mutex_);
  const auto session = FindLive(id);
  if (session != order_.end() && session->principal == principal) Erase(session);
}

std::size_t SessionTable::size() const {
  const std::lock_guard lock(mutex_);
  return order_.size();
}

}  // namespace intentgate::mcp
