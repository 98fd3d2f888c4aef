// Whose the upstreams' tasks are. A task goes on after its call was answered, and whoever knows its id could ask for its
// result or end it: so each id that passes by is kept with the caller that it was given to and the tool that it runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mcp/pending_outcomes.h"

namespace intentgate::mcp {

struct KnownTask {
  std::size_t upstream = 0;
  std::string id;         // the upstream's
  std::string principal;
  std::string tool;       // as agents see it
  std::string client_id;  // what the principal has for `id`: the same text, unless it is sealed (sealed_tasks.h)
};

// Thread-safe.
class KnownTasks {
 public:
  static constexpr std::size_t kMaxTasks = 20'000;              // of the process; the one seen first makes room
  static constexpr std::size_t kMaxTasksOfOne = 1'000;          // of a principal, likewise
  static constexpr std::size_t kMaxIdBytes = 512;               // a longer id is not kept, and cannot be used
  static constexpr std::int64_t kMaxAgeNanos = 86'400'000'000'000;

  // `call`: the allowed call, whose outcome becomes known with the task's; none when another replica made it. Nothing is kept when the
  // id is somebody's already, or too long. Returns the calls of tasks that were forgotten by this. `kept` says whether the task was kept.
  std::vector<PendingOutcome> Add(KnownTask task, std::optional<PendingOutcome> call, std::int64_t now_nanos, bool& kept);
  // The principal's task with this id.
  std::optional<KnownTask> Find(std::string_view id, std::string_view principal);
  std::optional<KnownTask> FindAt(std::size_t upstream, std::string_view id, std::string_view principal);
  // The call that began it, once.
  std::optional<PendingOutcome> TakeCall(const KnownTask& task);
  std::vector<PendingOutcome> TakeAllCalls();

 private:
  using Key = std::pair<std::string, std::size_t>;  // the id, the upstream
  struct Entry {
    KnownTask task;
    std::optional<PendingOutcome> call;
    std::int64_t seen_nanos = 0;
  };
  using Order = std::list<Entry>;  // seen first is first

  void Forget(Order::iterator entry, std::vector<PendingOutcome>& lost);
  void MakeRoom(const std::string& principal, std::int64_t now_nanos, std::vector<PendingOutcome>& lost);

  std::mutex mutex_;
  Order order_;
  std::map<Key, Order::iterator> by_key_;
  std::map<std::string, std::size_t, std::less<>> counts_;  // of each principal
};

}  // namespace intentgate::mcp
