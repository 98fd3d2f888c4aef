#include "core_watch.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>

namespace intentgate::bench {

namespace {

constexpr auto kNap = std::chrono::microseconds(500);
// Interrupts and turns of the kernel's network code are shorter.
constexpr auto kLate = std::chrono::microseconds(500);

}  // namespace

CoreWatch::CoreWatch(int core) {
  thread_ = std::thread([this] { Run(); });
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  sched_param priority{};
  priority.sched_priority = 1;
  watching_ = pthread_setaffinity_np(thread_.native_handle(), sizeof(cores), &cores) == 0 &&
              pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &priority) == 0;
  if (!watching_) over_ = true;
}

CoreWatch::~CoreWatch() {
  over_ = true;
  thread_.join();
}

Stalls CoreWatch::stalls() const {
  const std::lock_guard lock(mutex_);
  return stalls_;
}

void CoreWatch::Run() {
  while (!over_) {
    const auto due = std::chrono::steady_clock::now() + kNap;
    std::this_thread::sleep_until(due);
    const auto late = std::chrono::steady_clock::now() - due;
    if (late < kLate) continue;
    const std::lock_guard lock(mutex_);
    ++stalls_.count;
    stalls_.sum += late;
    stalls_.longest = std::max<decltype(stalls_.longest)>(stalls_.longest, late);
  }
}

}  // namespace intentgate::bench
