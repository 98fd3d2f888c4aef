#include "mcp/known_tasks.h"

#include <algorithm>

namespace intentgate::mcp {

void KnownTasks::Forget(Order::iterator entry, std::vector<PendingOutcome>& lost) {
  if (entry->call) lost.push_back(std::move(*entry->call));
  const auto count = counts_.find(entry->task.principal);
  if (--count->second == 0) counts_.erase(count);
  by_key_.erase({entry->task.id, entry->task.upstream});
  order_.erase(entry);
}

void KnownTasks::MakeRoom(const std::string& principal, std::int64_t now_nanos, std::vector<PendingOutcome>& lost) {
  while (!order_.empty() && (order_.size() >= kMaxTasks || now_nanos - order_.front().seen_nanos > kMaxAgeNanos)) {
    Forget(order_.begin(), lost);
  }
  const auto count = counts_.find(principal);
  if (count == counts_.end() || count->second < kMaxTasksOfOne) return;
  Forget(std::find_if(order_.begin(), order_.end(), [&](const Entry& entry) { return entry.task.principal == principal; }), lost);
}

std::vector<PendingOutcome> KnownTasks::Add(KnownTask task, std::optional<PendingOutcome> call, std::int64_t now_nanos, bool& kept) {
  std::vector<PendingOutcome> lost;
  const std::lock_guard lock(mutex_);
  kept = task.id.size() <= kMaxIdBytes && !by_key_.contains({task.id, task.upstream});
  if (!kept) return lost;
  MakeRoom(task.principal, now_nanos, lost);
  ++counts_[task.principal];
  const Key key{task.id, task.upstream};
  by_key_.emplace(key, order_.insert(order_.end(), {std::move(task), std::move(call), now_nanos}));
  return lost;
}

std::optional<KnownTask> KnownTasks::Find(std::string_view id, std::string_view principal) {
  const std::lock_guard lock(mutex_);
  for (auto at = by_key_.lower_bound({std::string(id), 0}); at != by_key_.end() && at->first.first == id; ++at) {
    if (at->second->task.principal == principal) return at->second->task;
  }
  return std::nullopt;
}

std::optional<KnownTask> KnownTasks::FindAt(std::size_t upstream, std::string_view id, std::string_view principal) {
  const std::lock_guard lock(mutex_);
  const auto at = by_key_.find({std::string(id), upstream});
  if (at == by_key_.end() || at->second->task.principal != principal) return std::nullopt;
  return at->second->task;
}

std::optional<PendingOutcome> KnownTasks::TakeCall(const KnownTask& task) {
  const std::lock_guard lock(mutex_);
  const auto at = by_key_.find({task.id, task.upstream});
  if (at == by_key_.end()) return std::nullopt;
  return std::exchange(at->second->call, std::nullopt);
}

std::vector<PendingOutcome> KnownTasks::TakeAllCalls() {
  std::vector<PendingOutcome> calls;
  const std::lock_guard lock(mutex_);
  for (Entry& entry : order_) {
    if (entry.call) calls.push_back(std::move(*std::exchange(entry.call, std::nullopt)));
  }
  return calls;
}

}  // namespace intentgate::mcp
