// Brings results from the gate's threads to one loop, many with one wake-up.
//
// When the chain commits a batch, its callbacks come all at once; a wake-up of the loop for each would
// cost more than the calls themselves.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "net/loop.h"

namespace intentgate::mcp {

// Thread-safe. Held by shared_ptr, so that a task may outlive whoever posted it.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(net::Loop& loop) : loop_(loop) {}

  // Runs `task` on the loop: inside the call when that is this thread, else later, in order.
  void Run(net::Task task) {
    if (loop_.OnLoopThread()) return task();
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      wake = tasks_.empty();
      tasks_.push_back(std::move(task));
    }
    if (wake) {
      loop_.Post([self = shared_from_this()] { self->Drain(); });
    }
  }

 private:
  void Drain() {
    std::vector<net::Task> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
    }
    for (net::Task& task : tasks) task();
  }

  net::Loop& loop_;
  std::mutex mutex_;
  std::vector<net::Task> tasks_;
};

}  // namespace intentgate::mcp
