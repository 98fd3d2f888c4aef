// Threads for admin work that waits for the store, so that no event loop does.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace intentgate::admin {

inline constexpr std::size_t kMaxWaitingJobs = 256;

// Thread-safe. Jobs must not throw.
class Workers {
 public:
  explicit Workers(std::size_t threads);
  // Stops.
  ~Workers();
  Workers(const Workers&) = delete;  // owns threads
  Workers& operator=(const Workers&) = delete;

  // False when too many jobs wait, or after Stop.
  [[nodiscard]] bool Run(std::function<void()> job);
  // Finishes the running jobs, drops the waiting ones. Idempotent; not from a job.
  void Stop();

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace intentgate::admin
