#include "mcp/own_tasks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"

namespace intentgate::mcp {
namespace {

constexpr std::size_t kIdBytes = 16;

// Runs what was gathered under the lock when the lock is gone: declared before it.
class Later {
 public:
  Later() = default;
  Later(const Later&) = delete;  // its end is what it is for
  Later& operator=(const Later&) = delete;
  ~Later() {
    for (const auto& call : calls) call();
  }
  std::vector<std::function<void()>> calls;
};

}  // namespace

std::string_view TaskStateName(TaskState state) {
  switch (state) {
    case TaskState::kWorking: return "working";
    case TaskState::kInputRequired: return "input_required";
    case TaskState::kCompleted: return "completed";
    case TaskState::kFailed: return "failed";
    case TaskState::kCancelled: break;
  }
  return "cancelled";
}

OwnTasks::Order::iterator OwnTasks::At(std::string_view id) {
  return std::find_if(order_.begin(), order_.end(), [&](const Entry& entry) { return entry.task.id == id; });
}

void OwnTasks::Forget(Order::iterator entry, Calls& calls) {
  if (entry->stop && !entry->task.over()) calls.push_back(std::move(entry->stop));
  for (auto& [handle, changed] : entry->watchers) calls.push_back(std::move(changed));
  bytes_ -= entry->bytes;
  order_.erase(entry);
}

void OwnTasks::Sweep(Calls& calls) {
  const std::int64_t now = clock_->UnixMicros();
  for (auto at = order_.begin(); at != order_.end();) {
    const auto entry = at++;
    if (entry->task.created_micros + entry->task.ttl_ms * 1'000 <= now) Forget(entry, calls);
  }
}

bool OwnTasks::ForgetOldestOver(std::string_view principal, Calls& calls) {
  const auto found = std::find_if(order_.begin(), order_.end(), [&](const Entry& entry) {
    return entry.task.over() && (principal.empty() || entry.task.principal == principal);
  });
  if (found == order_.end()) return false;
  Forget(found, calls);
  return true;
}

bool OwnTasks::MakeRoom(std::string_view principal, Calls& calls) {
  const auto of_one = std::count_if(order_.begin(), order_.end(), [&](const Entry& entry) { return entry.task.principal == principal; });
  if (static_cast<std::size_t>(of_one) >= kMaxTasksOfOne) return ForgetOldestOver(principal, calls);
  return order_.size() < kMaxTasks || ForgetOldestOver({}, calls);
}

std::optional<OwnTask> OwnTasks::Add(OwnTask task, std::optional<std::int64_t> ttl_ms) {
  std::array<std::uint8_t, kIdBytes> id{};
  if (!random_->Fill(id).ok()) return std::nullopt;
  Later later;
  const std::lock_guard lock(mutex_);
  Sweep(later.calls);
  if (!MakeRoom(task.principal, later.calls)) return std::nullopt;
  task.id = "ig-" + base::HexEncode(id);
  task.created_micros = task.updated_micros = clock_->UnixMicros();
  task.ttl_ms = std::clamp(ttl_ms.value_or(kMaxTtlMs), kMinTtlMs, kMaxTtlMs);
  Entry& entry = order_.emplace_back();
  entry.task = task;
  Keep(entry, task.origin == nullptr ? 0 : task.origin->body.size());
  return task;
}

void OwnTasks::Drop(std::string_view id) {
  Later later;
  const std::lock_guard lock(mutex_);
  const auto at = At(id);
  if (at == order_.end()) return;
  at->stop = nullptr;
  Forget(at, later.calls);
}

std::optional<OwnTask> OwnTasks::Find(std::string_view id, std::string_view principal) {
  Later later;
  const std::lock_guard lock(mutex_);
  if (order_.empty()) return std::nullopt;
  Sweep(later.calls);
  const auto at = At(id);
  if (at == order_.end() || at->task.principal != principal) return std::nullopt;
  return at->task;
}

std::vector<OwnTask> OwnTasks::Of(std::string_view principal) {
  std::vector<OwnTask> tasks;
  Later later;
  const std::lock_guard lock(mutex_);
  Sweep(later.calls);
  for (const Entry& entry : order_) {
    if (entry.task.principal == principal) tasks.push_back(entry.task);
  }
  return tasks;
}

void OwnTasks::SetStop(std::string_view id, std::function<void()> stop) {
  const std::lock_guard lock(mutex_);
  const auto at = At(id);
  if (at != order_.end() && !at->task.over()) at->stop = std::move(stop);
}

void OwnTasks::Keep(Entry& entry, std::size_t bytes) {
  bytes_ = bytes_ - entry.bytes + bytes;
  entry.bytes = bytes;
}

void OwnTasks::Changed(Entry& entry, Calls& calls) {
  entry.task.updated_micros = clock_->UnixMicros();
  if (entry.task.waits()) return;
  for (auto& [handle, changed] : entry.watchers) calls.push_back(std::move(changed));
  entry.watchers.clear();
}

void OwnTasks::TellListeners(const Entry& entry, Calls& calls) {
  const auto listeners = listeners_.find(entry.task.session);
  if (listeners != listeners_.end()) calls.push_back([tell = listeners->second.rbegin()->second, task = entry.task] { tell(task); });
  const auto followers = followers_.find(entry.task.id);
  if (followers == followers_.end()) return;
  for (const auto& [number, tell] : followers->second) calls.push_back([tell, task = entry.task] { tell(task); });
}

std::uint64_t OwnTasks::AddTo(Listeners& to, std::string_view key, Tell tell) {
  const std::lock_guard lock(mutex_);
  to[std::string(key)].emplace(++last_listener_, std::move(tell));
  return last_listener_;
}

void OwnTasks::RemoveFrom(Listeners& from, std::string_view key, std::uint64_t listener) {
  const std::lock_guard lock(mutex_);
  const auto found = from.find(key);
  if (found == from.end()) return;
  found->second.erase(listener);
  if (found->second.empty()) from.erase(found);
}

std::uint64_t OwnTasks::Listen(std::string_view session, Tell tell) { return AddTo(listeners_, session, std::move(tell)); }
void OwnTasks::Leave(std::string_view session, std::uint64_t listener) { RemoveFrom(listeners_, session, listener); }
std::uint64_t OwnTasks::Follow(std::string_view id, Tell tell) { return AddTo(followers_, id, std::move(tell)); }
void OwnTasks::Unfollow(std::string_view id, std::uint64_t follower) { RemoveFrom(followers_, id, follower); }

void OwnTasks::Note(std::string_view id, std::string note) {
  Later later;
  const std::lock_guard lock(mutex_);
  const auto at = At(id);
  if (at == order_.end() || at->task.over()) return;
  at->task.note = std::move(note);
  Changed(*at, later.calls);
}

void OwnTasks::Conclude(std::string_view id, TaskState state, json::Value answer, std::size_t bytes) {
  Later later;
  const std::lock_guard lock(mutex_);
  const auto at = At(id);
  if (at == order_.end() || at->task.over()) return;
  at->task.state = state;
  at->task.note.clear();
  at->task.answer = std::make_shared<const json::Value>(std::move(answer));
  if (at->task.over()) {
    at->stop = nullptr;
    at->task.origin = nullptr;
  }
  Keep(*at, bytes);
  Changed(*at, later.calls);
  TellListeners(*at, later.calls);
  while (bytes_ > kMaxKeptBytes && ForgetOldestOver({}, later.calls)) {
  }
}

void OwnTasks::Link(std::string_view id, std::string upstream_task) {
  Later later;
  const std::lock_guard lock(mutex_);
  const auto at = At(id);
  if (at == order_.end() || at->task.over()) return;
  at->task.link = std::move(upstream_task);
  at->task.note.clear();
  at->stop = nullptr;
  Changed(*at, later.calls);
}

bool OwnTasks::Cancel(std::string_view id) {
  Later later;
  const std::lock_guard lock(mutex_);
  const auto at = At(id);
  if (at == order_.end() || at->task.over()) return false;
  at->task.state = TaskState::kCancelled;
  at->task.note.clear();
  at->task.origin = nullptr;
  if (at->stop) later.calls.push_back(std::exchange(at->stop, nullptr));
  Changed(*at, later.calls);
  TellListeners(*at, later.calls);
  return true;
}

std::shared_ptr<const json::Value> OwnTasks::TakeInputRequest(std::string_view id) {
  Later later;
  const std::lock_guard lock(mutex_);
  const auto at = At(id);
  if (at == order_.end() || at->task.state != TaskState::kInputRequired) return nullptr;
  at->task.state = TaskState::kWorking;
  Changed(*at, later.calls);
  auto asked = std::exchange(at->task.answer, nullptr);
  TellListeners(*at, later.calls);
  return asked;
}

std::uint64_t OwnTasks::Watch(std::string_view id, std::function<void()> changed) {
  Later later;
  const std::lock_guard lock(mutex_);
  const auto at = At(id);
  if (at == order_.end() || !at->task.waits()) {
    later.calls.push_back(std::move(changed));
    return 0;
  }
  at->watchers.emplace(++last_watch_, std::move(changed));
  return last_watch_;
}

void OwnTasks::Unwatch(std::uint64_t watch) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : order_) {
    if (entry.watchers.erase(watch) > 0) return;
  }
}

}  // namespace intentgate::mcp
