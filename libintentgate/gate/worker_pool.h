// A few threads for calls that have to wait for an extractor behind HTTP.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace intentgate::gate {

// Thread-safe.
class WorkerPool {
 public:
  // `stopping`: the pool is being dropped; answer at once instead of working.
  using Job = std::function<void(bool stopping)>;

  WorkerPool(std::size_t threads, std::size_t max_waiting);
  // Every job that waits is run with stopping = true.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;   // its threads refer to it
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and the job was not taken, when too many wait.
  [[nodiscard]] bool Post(Job job);

 private:
  void Run();

  const std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;   // last: they use the others
};

}  // namespace intentgate::gate
