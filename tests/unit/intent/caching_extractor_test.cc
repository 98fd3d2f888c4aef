#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "intent/caching_extractor.h"

namespace intentgate::intent {
namespace {

// Counts its calls; fails while told to; can be held back until released.
class FakeExtractor final : public IntentExtractor {
 public:
  Result<Intent> Extract(const IntentQuery& query) override {
    ++calls;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
    if (failing) return Error{ErrorCode::kUnavailable, "down"};
    Intent intent;
    intent.summary = std::string(query.prompt);
    return intent;
  }
  void Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  std::atomic<int> calls = 0;
  std::atomic<bool> failing = false;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
};

struct Fixture {
  std::shared_ptr<FakeExtractor> inner = std::make_shared<FakeExtractor>();
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  CachingExtractor cache{inner, clock, {.max_entries = 2, .ttl_seconds = 10, .model = "m"}};
  Result<Intent> Ask(std::string_view prompt) { return cache.Extract({.tenant = "t", .prompt = prompt}); }
};

}  // namespace

TEST_CASE("the same question is asked once until its answer is too old") {
  Fixture f;
  CHECK(f.Ask("a")->summary == "a");
  CHECK(f.Ask("a")->summary == "a");
  CHECK(f.inner->calls == 1);
  f.clock->AdvanceMicros(9'999'999);
  CHECK(f.Ask("a").ok());
  CHECK(f.inner->calls == 1);
  f.clock->AdvanceMicros(1);
  CHECK(f.Ask("a").ok());
  CHECK(f.inner->calls == 2);
  CHECK(f.cache.stats().hits == 2);
  CHECK(f.cache.stats().misses == 2);
}

TEST_CASE("the least recently used answer goes first") {
  Fixture f;
  (void)f.Ask("a");
  (void)f.Ask("b");
  (void)f.Ask("a");
  (void)f.Ask("c");
  CHECK(f.inner->calls == 3);
  (void)f.Ask("a");
  CHECK(f.inner->calls == 3);
  (void)f.Ask("b");
  CHECK(f.inner->calls == 4);
}

TEST_CASE("whatever the answer depends on is part of the key") {
  Fixture f;
  CachingExtractor big(f.inner, f.clock, {.max_entries = 100, .ttl_seconds = 10, .model = "m"});
  const std::vector<IntentQuery> queries = {
      {.tenant = "t", .agent_id = "a", .prompt = "p", .catalogue_digest = "d"},
      {.tenant = "u", .agent_id = "a", .prompt = "p", .catalogue_digest = "d"},
      {.tenant = "t", .agent_id = "b", .prompt = "p", .catalogue_digest = "d"},
      {.tenant = "t", .agent_id = "a", .prompt = "q", .catalogue_digest = "d"},
      {.tenant = "t", .agent_id = "a", .prompt = "p", .catalogue_digest = "e"},
      {.tenant = "ta", .agent_id = "", .prompt = "p", .catalogue_digest = "d"},
      {.tenant = "t", .agent_id = "ap", .prompt = "d", .catalogue_digest = ""},
  };
  for (const IntentQuery& query : queries) (void)big.Extract(query);
  CHECK(f.inner->calls == 7);
  for (const IntentQuery& query : queries) (void)big.Extract(query);
  CHECK(f.inner->calls == 7);
  CachingExtractor other_model(f.inner, f.clock, {.max_entries = 100, .ttl_seconds = 10, .model = "n"});
  (void)other_model.Extract(queries[0]);
  CHECK(f.inner->calls == 8);
}

TEST_CASE("an error is not remembered") {
  Fixture f;
  f.inner->failing = true;
  CHECK(f.Ask("a").error().code == ErrorCode::kUnavailable);
  f.inner->failing = false;
  CHECK(f.Ask("a").ok());
  CHECK(f.inner->calls == 2);
}

TEST_CASE("many that ask the same at once share one call, its answer or its error") {
  for (const bool failing : {false, true}) {
    Fixture f;
    f.inner->failing = failing;
    f.inner->Hold();
    std::atomic<int> good = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        if (f.Ask("a").ok()) ++good;
      });
    }
    while (f.cache.stats().joined + f.cache.stats().misses < 8) std::this_thread::yield();
    f.inner->Release();
    for (std::thread& thread : threads) thread.join();
    CHECK(f.inner->calls == 1);
    CHECK(good == (failing ? 0 : 8));
    f.inner->failing = false;
    CHECK(f.Ask("a").ok());
    CHECK(f.inner->calls == (failing ? 2 : 1));
  }
}

TEST_CASE("a cache without room or age asks every time") {
  Fixture f;
  CachingExtractor none(f.inner, f.clock, {.max_entries = 0, .ttl_seconds = 10, .model = ""});
  CachingExtractor ageless(f.inner, f.clock, {.max_entries = 5, .ttl_seconds = 0, .model = ""});
  for (int i = 0; i < 2; ++i) {
    (void)none.Extract({.prompt = "a"});
    (void)ageless.Extract({.prompt = "a"});
  }
  CHECK(f.inner->calls == 4);
}

}  // namespace intentgate::intent
