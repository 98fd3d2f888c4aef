#include "net/loop.h"

#include <doctest/doctest.h>

#include <sched.h>
#include <sys/resource.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "support/net_fixture.h"

namespace intentgate::net {

using test::Event;
using test::RunOn;

TEST_CASE("posted tasks run in order on the loop's thread") {
  const auto pool = *LoopPool::Start(2);
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) pool->at(1).Post([&order, i] { order.push_back(i); });
  RunOn(pool->at(1), [&] {
    CHECK(pool->at(1).OnLoopThread());
    CHECK_FALSE(pool->at(0).OnLoopThread());
    CHECK(order.size() == 100);
    CHECK(order.front() == 0);
    CHECK(order.back() == 99);
  });
  CHECK_FALSE(pool->at(1).OnLoopThread());
}

TEST_CASE("a loop's thread has the scheduling policy and the nice value of its process") {
  const auto pool = *LoopPool::Start(1);
  const int nice = getpriority(PRIO_PROCESS, 0), policy = sched_getscheduler(0);
  RunOn(pool->at(0), [nice, policy] {
    CHECK(sched_getscheduler(0) == policy);
    CHECK(getpriority(PRIO_PROCESS, 0) == nice);
  });
}

TEST_CASE("timers fire in the order of their deadlines, however they were moved") {
  const auto pool = *LoopPool::Start(1);
  Loop& loop = pool->at(0);
  std::vector<int> fired;
  std::unique_ptr<Timer> one, two, three, never;
  Event<bool> done;
  RunOn(loop, [&] {
    one = std::make_unique<Timer>(loop, [&] { fired.push_back(1); });
    two = std::make_unique<Timer>(loop, [&] { fired.push_back(2); });
    three = std::make_unique<Timer>(loop, [&] { done.Set(true); });
    never = std::make_unique<Timer>(loop, [&] { fired.push_back(9); });
    one->Set(Millis(1));
    one->Set(Millis(40));     // later: stays queued at its first place
    two->Set(Millis(60'000));
    two->Set(Millis(5));      // earlier: moves
    three->Set(Millis(60));
    never->Set(Millis(2));
    never->Clear();
    CHECK(one->is_set());
    CHECK_FALSE(never->is_set());
  });
  done.Wait();
  RunOn(loop, [&] {
    CHECK(fired == std::vector<int>{2, 1});
    one.reset();
    two.reset();
    three.reset();
    never.reset();
  });
}

TEST_CASE("a timer may be destroyed by its own callback and may set itself again") {
  const auto pool = *LoopPool::Start(1);
  Loop& loop = pool->at(0);
  Event<bool> done;
  std::unique_ptr<Timer> own, again;
  int rounds = 0;
  RunOn(loop, [&] {
    own = std::make_unique<Timer>(loop, [&] { own.reset(); });
    own->Set(Millis(0));
    again = std::make_unique<Timer>(loop, [&] {
      if (++rounds < 3) return again->Set(Millis(0));
      again.reset();
      done.Set(own == nullptr);
    });
    again->Set(Millis(1));
  });
  CHECK(done.Wait());
}

namespace {

// A loop-bound object that says where it was destroyed.
struct Bound {
  Bound(Loop& at, std::function<void(bool on_loop)> told) : loop(at), tell(std::move(told)), timer(at, [] {}) { timer.Set(Millis(60'000)); }
  ~Bound() { tell(loop.OnLoopThread()); }
  Bound(const Bound&) = delete;   // tells once
  Bound& operator=(const Bound&) = delete;

  Loop& loop;
  std::function<void(bool)> tell;
  Timer timer;
};

}  // namespace

TEST_CASE("what is bound to a loop is destroyed there, though another thread drops it last") {
  const auto pool = *LoopPool::Start(1);
  Event<bool> on_loop;
  std::shared_ptr<Bound> bound;
  RunOn(pool->at(0), [&] { bound = MakeLoopBound<Bound>(pool->at(0), pool->at(0), [&](bool there) { on_loop.Set(there); }); });
  bound.reset();
  CHECK(on_loop.Wait());
}

TEST_CASE("what is bound to a loop and dropped after its end is destroyed at once") {
  const auto pool = *LoopPool::Start(1);
  int destroyed = 0;
  std::shared_ptr<Bound> bound;
  RunOn(pool->at(0), [&] { bound = MakeLoopBound<Bound>(pool->at(0), pool->at(0), [&](bool) { ++destroyed; }); });
  pool->Stop();
  bound.reset();
  CHECK(destroyed == 1);
}

TEST_CASE("stopping twice is harmless, and a task posted after it is destroyed with the loop, unrun") {
  auto pool = *LoopPool::Start(1);
  pool->Stop();
  pool->Stop();
  bool ran = false;
  const auto held = std::make_shared<int>(0);
  pool->at(0).Post([&ran, held] { ran = true; });
  CHECK(held.use_count() == 2);
  pool.reset();
  CHECK(held.use_count() == 1);
  CHECK_FALSE(ran);
}

}  // namespace intentgate::net
