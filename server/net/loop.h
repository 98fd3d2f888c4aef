// The event loop: one thread that runs callbacks, timers and the sockets bound to it.
//
//   Result<std::unique_ptr<LoopPool>> pool = LoopPool::Start(2);
//   (*pool)->at(0).Post([] { ... });   // runs on the first loop's thread
//
// What is "loop-bound" in this module is used only on its loop's thread, so it needs no lock. The one
// door into a loop from another thread is Loop::Post.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::net {

using Task = std::function<void()>;
using Millis = std::chrono::milliseconds;

// Thread contract: each method says its own.
class Loop {
 public:
  static Result<std::unique_ptr<Loop>> Create();
  ~Loop();
  Loop(const Loop&) = delete;  // sockets and timers hold its address
  Loop& operator=(const Loop&) = delete;

  // Runs until Stop, on the calling thread. Tasks must not throw.
  void Run();
  // Thread-safe. Ends Run soon; tasks not yet run are destroyed with the loop, unrun.
  void Stop();
  // Thread-safe. Tasks run in the order they were posted. After Stop a task is kept, and destroyed with the loop.
  void Post(Task task);
  // Thread-safe. True on the loop's thread, and for anyone while no thread runs the loop.
  bool OnLoopThread() const;
  // Thread-safe. Milliseconds of the monotonic clock.
  static std::int64_t NowMillis();

  // For server/net/*.cc alone.
  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  Loop();
  std::unique_ptr<Impl> impl_;
};

// Makes a loop-bound object that is shared with other threads: whoever drops it last, it is destroyed on the loop's thread, or
// with the loop. Thread-safe, if the constructor is.
template <typename T, typename... Args>
std::shared_ptr<T> MakeLoopBound(Loop& loop, Args&&... args) {
  return std::shared_ptr<T>(new T(std::forward<Args>(args)...), [&loop](T* object) {
    std::unique_ptr<T> owned(object);
    if (loop.OnLoopThread()) return;
    // Shared, since a task is copied.
    loop.Post([kept = std::make_shared<std::unique_ptr<T>>(std::move(owned))] {});
  });
}

// One deadline that is moved often and fires seldom: moving it later or clearing it costs a store,
// not a system call. Loop-bound: the process ends when another thread changes the loop's queue through one. Destroying it
// clears it. The callback may destroy the timer.
class Timer {
 public:
  Timer(Loop& loop, Task on_fire);
  ~Timer();
  Timer(const Timer&) = delete;  // the loop's queue holds its address
  Timer& operator=(const Timer&) = delete;

  void Set(Millis after);
  void Clear();
  bool is_set() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

// Several loops, a thread each. Thread-safe.
class LoopPool {
 public:
  // REQUIRES: threads >= 1.
  static Result<std::unique_ptr<LoopPool>> Start(std::size_t threads);
  // Stops and joins.
  ~LoopPool();
  LoopPool(const LoopPool&) = delete;  // owns threads
  LoopPool& operator=(const LoopPool&) = delete;

  std::size_t size() const { return loops_.size(); }
  Loop& at(std::size_t index) { return *loops_[index]; }
  std::vector<Loop*> loops();
  // Not from a loop's thread. Idempotent. The loops themselves live until the pool is destroyed; what is bound
  // to them must be gone by then, or be held by tasks of that same loop alone.
  void Stop();

 private:
  LoopPool() = default;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace intentgate::net
