#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "gate/worker_pool.h"

namespace intentgate::gate {

TEST_CASE("jobs that wait when the pool is dropped are told so, and none is lost") {
  auto owner = std::make_unique<WorkerPool>(1, 1'000'000);
  WorkerPool* const pool = owner.get();
  std::promise<void> started, go;
  std::atomic<int> worked{0}, told{0}, posted{0};
  REQUIRE(pool->Post([&](bool) {
    started.set_value();
    go.get_future().wait();
  }));
  started.get_future().wait();
  const auto job = [&](bool stopping) { ++(stopping ? told : worked); };
  REQUIRE(pool->Post(job));
  ++posted;
  std::jthread dropper([doomed = std::move(owner)]() mutable { doomed.reset(); });
  // The pool refuses work from the moment it is being dropped.
  while (pool->Post(job)) {
    ++posted;
    std::this_thread::yield();  // to the dropper, lest the pool fill up before it starts
  }
  go.set_value();
  dropper.join();
  CHECK(worked == 0);
  CHECK(told == posted);
}

TEST_CASE("a pool takes no more than it was told to keep") {
  std::promise<void> started, go;
  WorkerPool pool(1, 2);  // after what its thread uses: the job may wake as late as in the pool's destructor
  REQUIRE(pool.Post([&](bool) {
    started.set_value();
    go.get_future().wait();
  }));
  started.get_future().wait();
  CHECK(pool.Post([](bool) {}));
  CHECK(pool.Post([](bool) {}));
  CHECK_FALSE(pool.Post([](bool) {}));
  go.set_value();
}

}  // namespace intentgate::gate
