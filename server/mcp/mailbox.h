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

  // Runs `task` on the loop: inside the call when that is this thread, else later, in order. After Close
  // the task is dropped.
  void Run(net::Task task) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      if (!loop_.OnLoopThread()) {
        tasks_.push_back(std::move(task));
        if (tasks_.size() == 1) loop_.Post([self = shared_from_this()] { self->Drain(); });
        return;
      }
    }
    task();
  }
  // Before the loop stops: a gate's thread that comes later finds neither the loop nor what it served.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
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
  bool closed_ = false;
};

}  // namespace intentgate::mcp
