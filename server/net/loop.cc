// Timers are lazy. Each stands in an ordered queue at some moment not later than its deadline; moving
// the deadline later, or away, leaves it there. When its moment comes it either fires or is queued
// again at the real deadline. A keep-alive connection thus costs one queue operation per timeout, not
// per request. Tested by tests/unit/net/loop_test.cc.

#include "net/loop.h"

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "net/asio_loop.h"
#include "net/short_slice.h"

namespace intentgate::net {

void Loop::Impl::Enqueue(const std::shared_ptr<Timer::State>& timer) {
  IG_CHECK(OnThread());
  timer->queued_at = timer->due;
  queue.emplace(timer->due, timer);
  SetAlarm();
}

void Loop::Impl::Dequeue(const std::shared_ptr<Timer::State>& timer) {
  // Another thread would leave a queue that ends the process later, and elsewhere.
  IG_CHECK(OnThread());
  auto [it, end] = queue.equal_range(timer->queued_at);
  for (; it != end; ++it) {
    if (it->second == timer) {
      queue.erase(it);
      break;
    }
  }
  timer->queued_at = kNever;
}

void Loop::Impl::SetAlarm() {
  if (queue.empty() || queue.begin()->first >= alarm_at) return;
  alarm_at = queue.begin()->first;
  alarm.expires_at(std::chrono::steady_clock::time_point(Millis(alarm_at)));
  alarm.async_wait([this](const asio::error_code& error) {
    if (!error) Fire();
  });
}

void Loop::Impl::Fire() {
  alarm_at = kNever;
  // Only what is due at this moment: a callback that sets its timer to zero again must not starve I/O.
  const std::int64_t now = NowMillis();
  while (!queue.empty() && queue.begin()->first <= now) {
    const std::shared_ptr<Timer::State> timer = queue.begin()->second;
    queue.erase(queue.begin());
    timer->queued_at = kNever;
    if (timer->due == kNever) continue;
    if (timer->due > now) {
      Enqueue(timer);
      continue;
    }
    timer->due = kNever;
    timer->on_fire();
  }
  SetAlarm();
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

Result<std::unique_ptr<Loop>> Loop::Create() {
  try {
    return std::unique_ptr<Loop>(new Loop());
  } catch (const std::exception& e) {
    return Error{ErrorCode::kIo, std::string("cannot create an event loop: ") + e.what()};
  }
}

void Loop::Run() {
  impl_->runner.store(std::this_thread::get_id());
  const auto keep_running = asio::make_work_guard(impl_->io);
  impl_->io.run();
  impl_->runner.store(std::thread::id());
}

void Loop::Stop() { impl_->io.stop(); }

void Loop::Post(Task task) { asio::post(impl_->io, std::move(task)); }

bool Loop::OnLoopThread() const { return impl_->OnThread(); }

std::int64_t Loop::NowMillis() {
  return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Timer::Timer(Loop& loop, Task on_fire) : state_(std::make_shared<State>()) {
  state_->loop = &loop.impl();
  state_->on_fire = std::move(on_fire);
}

Timer::~Timer() {
  state_->due = kNever;
  if (state_->queued_at != kNever) state_->loop->Dequeue(state_);
}

void Timer::Set(Millis after) {
  // One more than asked: the clock's millisecond may be almost over.
  state_->due = Loop::NowMillis() + std::max<std::int64_t>(after.count(), 0) + 1;
  if (state_->queued_at <= state_->due) return;
  if (state_->queued_at != kNever) state_->loop->Dequeue(state_);
  state_->loop->Enqueue(state_);
}

void Timer::Clear() { state_->due = kNever; }

bool Timer::is_set() const { return state_->due != kNever; }

Result<std::unique_ptr<LoopPool>> LoopPool::Start(std::size_t threads) {
  IG_CHECK(threads >= 1);
  std::unique_ptr<LoopPool> pool(new LoopPool());
  for (std::size_t i = 0; i < threads; ++i) {
    auto loop = Loop::Create();
    if (!loop.ok()) return loop.error();
    pool->loops_.push_back(*std::move(loop));
  }
  try {
    for (auto& loop : pool->loops_) {
      pool->threads_.emplace_back([&loop = *loop] {
        TakeShortSlices();
        loop.Run();
      });
      // Not left to Run: until it begins, everyone would count as the loop's thread.
      loop->impl().runner.store(pool->threads_.back().get_id());
    }
  } catch (const std::system_error& e) {
    return Error{ErrorCode::kIo, std::string("cannot start a thread: ") + e.what()};
  }
  return pool;
}

LoopPool::~LoopPool() { Stop(); }

std::vector<Loop*> LoopPool::loops() {
  std::vector<Loop*> out;
  for (auto& loop : loops_) out.push_back(loop.get());
  return out;
}

void LoopPool::Stop() {
  for (auto& loop : loops_) loop->Stop();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace intentgate::net
