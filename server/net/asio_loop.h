// What server/net/*.cc see of a Loop: the io_context and the timer queue. No other module includes it.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <thread>

#include "net/held_output.h"
#include "net/loop.h"

namespace intentgate::net {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

struct Loop::Impl {
  // Before `io`, so that timers destroyed with its last handlers still find the queue.
  std::multimap<std::int64_t, std::shared_ptr<Timer::State>> queue;
  std::int64_t alarm_at = kNever;
  std::atomic<std::thread::id> runner{};
  // The reactor is touched by one thread only, so its locks are off; Post stays thread-safe.
  asio::io_context io{ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  asio::steady_timer alarm{io};
  HeldOutput held_output{io};

  // Also while no thread runs the loop.
  bool OnThread() const {
    const std::thread::id at = runner.load(std::memory_order_relaxed);
    return at == std::this_thread::get_id() || at == std::thread::id();
  }
  void Enqueue(const std::shared_ptr<Timer::State>& timer);
  void Dequeue(const std::shared_ptr<Timer::State>& timer);
  void SetAlarm();
  void Fire();
};

struct Timer::State {
  Loop::Impl* loop = nullptr;
  Task on_fire;
  std::int64_t due = kNever;        // when it should fire
  std::int64_t queued_at = kNever;  // where it stands in the queue; never later than `due`
};

}  // namespace intentgate::net
