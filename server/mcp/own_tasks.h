// The gateway's own tasks: calls that go on after their client was answered, because they wait for a person. The client asks what
// became of one with the methods of tasks, as of an upstream's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/json.h>

#include "http/message.h"

namespace intentgate::mcp {

enum class TaskState : std::uint8_t { kWorking, kInputRequired, kCompleted, kFailed, kCancelled };
// "working", "input_required", "completed", "failed", "cancelled"
std::string_view TaskStateName(TaskState state);

// The request that has become a task: who asks, and what. Immutable.
struct CallOrigin {
  http::RequestHead head;
  std::string body;
  std::string remote_address, proven_key;
};

struct OwnTask {
  std::string id;
  std::string principal;
  std::string session;                         // in which it began; empty: in none
  std::string tool;                            // as agents see it
  std::size_t upstream = 0;
  TaskState state = TaskState::kWorking;
  std::string note;                            // what its client is told of the state
  std::shared_ptr<const CallOrigin> origin;    // until it is over
  std::int64_t created_micros = 0, updated_micros = 0;
  std::int64_t ttl_ms = 0;
  std::string link;                            // the upstream's task that does the work by now, as its client would have it; empty: none
  std::shared_ptr<const json::Value> answer;   // the call's whole answer, when it has ended or asks for input

  bool over() const { return state == TaskState::kCompleted || state == TaskState::kFailed || state == TaskState::kCancelled; }
  // There is nothing yet that its client could be told but to wait.
  bool waits() const { return state == TaskState::kWorking && link.empty(); }
};

// Thread-safe. What is told (`stop`, watchers) is called without a lock, on the thread that made the change.
class OwnTasks {
 public:
  static constexpr std::size_t kMaxTasks = 4'096;               // of the process
  static constexpr std::size_t kMaxTasksOfOne = 64;             // of a principal; the oldest that is over makes room
  static constexpr std::size_t kMaxAnswerBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxKeptBytes = std::size_t{256} << 20;  // of requests and answers; likewise
  // How long a task is kept from its beginning. A person needs time, whatever the client asked for.
  static constexpr std::int64_t kMinTtlMs = 3'600'000;
  static constexpr std::int64_t kMaxTtlMs = 86'400'000;

  OwnTasks(std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random) : clock_(std::move(clock)), random_(std::move(random)) {}

  // Gives `task` its id and its times. nullopt: its principal, or all of them, have too many that are not over.
  std::optional<OwnTask> Add(OwnTask task, std::optional<std::int64_t> ttl_ms);
  // As if it had never been.
  void Drop(std::string_view id);

  std::optional<OwnTask> Find(std::string_view id, std::string_view principal);
  // The principal's, oldest first.
  std::vector<OwnTask> Of(std::string_view principal);

  // How the call is broken off when its task is cancelled or forgotten before it is over. Replaces what was set before.
  void SetStop(std::string_view id, std::function<void()> stop);
  void Note(std::string_view id, std::string note);
  // The call has this answer, whose text had `bytes`.
  void Conclude(std::string_view id, TaskState state, json::Value answer, std::size_t bytes);
  // The upstream has made a task of it.
  void Link(std::string_view id, std::string upstream_task);
  // False when it is over, or not there.
  bool Cancel(std::string_view id);
  // From kInputRequired back to kWorking: the answer that asked for input, once.
  std::shared_ptr<const json::Value> TakeInputRequest(std::string_view id);

  // Calls `changed` once, when the task does not wait any more, which may be inside the call. 0 when it was.
  std::uint64_t Watch(std::string_view id, std::function<void()> changed);
  void Unwatch(std::uint64_t watch);

  // Gets a task whose state has changed; on any thread, and must not block.
  using Tell = std::function<void(const OwnTask& task)>;
  // What becomes of the session's tasks from now on. Each change is told to the newest listener alone.
  std::uint64_t Listen(std::string_view session, Tell tell);
  void Leave(std::string_view session, std::uint64_t listener);
  // What becomes of the task from now on, told to every follower of it.
  std::uint64_t Follow(std::string_view id, Tell tell);
  void Unfollow(std::string_view id, std::uint64_t follower);

 private:
  using Listeners = std::map<std::string, std::map<std::uint64_t, Tell>, std::less<>>;
  struct Entry {
    OwnTask task;
    std::function<void()> stop;
    std::map<std::uint64_t, std::function<void()>> watchers;
    std::size_t bytes = 0;
  };
  using Order = std::list<Entry>;  // oldest first
  using Calls = std::vector<std::function<void()>>;

  Order::iterator At(std::string_view id);
  void Forget(Order::iterator entry, Calls& calls);
  void Sweep(Calls& calls);
  bool MakeRoom(std::string_view principal, Calls& calls);
  // Of one principal, or of anybody when it is empty.
  bool ForgetOldestOver(std::string_view principal, Calls& calls);
  void Keep(Entry& entry, std::size_t bytes);
  void Changed(Entry& entry, Calls& calls);
  void TellListeners(const Entry& entry, Calls& calls);
  std::uint64_t AddTo(Listeners& to, std::string_view key, Tell tell);
  void RemoveFrom(Listeners& from, std::string_view key, std::uint64_t listener);

  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Random> random_;
  std::mutex mutex_;
  Order order_;
  std::size_t bytes_ = 0;
  std::uint64_t last_watch_ = 0;
  Listeners listeners_;  // by session
  Listeners followers_;  // by task
  std::uint64_t last_listener_ = 0;
};

}  // namespace intentgate::mcp
