#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "gate/proof_book.h"
#include "unit/gate/world.h"

namespace intentgate::gate {
namespace {

// A memory store that can be held in the middle of a batch, and fail.
class SlowStore final : public token::ProofStore {
 public:
  Result<std::vector<bool>> TakeProofs(std::span<const token::UsedProof> proofs) override {
    std::unique_lock lock(mutex_);
    batches_.push_back(proofs.size());
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (failing_) return Error{ErrorCode::kUnavailable, "the store is down"};
    return inner_.TakeProofs(proofs);
  }
  Result<std::size_t> ForgetProofs(std::int64_t ended_before, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    forgets_.push_back(ended_before);
    changed_.notify_all();
    return inner_.ForgetProofs(ended_before, limit);
  }
  void Set(bool held, bool failing = false) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    failing_ = failing;
    changed_.notify_all();
  }
  // Waits until so many batches have arrived; their sizes.
  std::vector<std::size_t> Batches(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return batches_.size() >= count; });
    return batches_;
  }
  std::vector<std::int64_t> Forgets(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return forgets_.size() >= count; });
    return forgets_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false, failing_ = false;
  std::vector<std::size_t> batches_;
  std::vector<std::int64_t> forgets_;
  store::MemoryStore inner_;
};

// What was told, as "a first;b again;".
struct Told {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;

  ProofDone Done(const std::string& name) {
    return [this, name](Result<ProofUse> use) {
      const std::lock_guard lock(mutex);
      lines.push_back(name + " " + (use.ok() ? (*use == ProofUse::kFirst ? "first" : "again") : std::string(ErrorCodeName(use.error().code))));
      changed.notify_all();
    };
  }
  std::string Wait(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return lines.size() >= count; });
    std::string all;
    for (const std::string& line : lines) all += line + ";";
    return all;
  }
};

struct Book {
  std::shared_ptr<SlowStore> store = std::make_shared<SlowStore>();
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(kNow * 1'000'000);
  Told told;
  std::unique_ptr<ProofBook> book = std::make_unique<ProofBook>(store, clock);

  void Use(const std::string& id, std::int64_t ends_at = kNow + 75) { book->Use(id, ends_at, told.Done(id)); }
};

}  // namespace

TEST_CASE("a proof is new once, and those that wait meanwhile share a batch") {
  Book b;
  b.store->Set(true);
  b.Use("a");
  CHECK(b.store->Batches(1) == std::vector<std::size_t>{1});
  for (const char* id : {"b", "a", "c", "b"}) b.Use(id);
  b.store->Set(false);
  CHECK(b.told.Wait(5) == "a first;b first;a again;c first;b again;");
  CHECK(b.store->Batches(2) == std::vector<std::size_t>{1, 4});
}

TEST_CASE("a store that fails refuses those that it was asked for and those that came meanwhile") {
  Book b;
  b.store->Set(true);
  b.Use("a");
  b.store->Batches(1);
  b.Use("b");
  b.Use("c");
  b.store->Set(false, true);
  CHECK(b.told.Wait(3) == "a unavailable;b unavailable;c unavailable;");
  CHECK(b.store->Batches(1).size() == 1);
  b.store->Set(false, false);
  b.Use("d");
  CHECK(b.told.Wait(4).ends_with("d first;"));
}

TEST_CASE("more than can wait are told so at once, and an id is needed") {
  Book b;
  b.store->Set(true);
  b.Use("first");
  b.store->Batches(1);
  for (std::size_t i = 0; i < kMaxWaitingProofs; ++i) b.Use(std::to_string(i));
  CHECK(b.told.Wait(0).empty());
  b.Use("late");
  CHECK(b.told.Wait(1) == "late limit_exceeded;");
  b.Use("");
  CHECK(b.told.Wait(2).ends_with(" invalid_argument;"));
  b.store->Set(false);
  b.told.Wait(kMaxWaitingProofs + 3);
}

TEST_CASE("a book that ends tells those who wait, and the store's answer to those that it was asked for") {
  Book b;
  b.store->Set(true);
  b.Use("a");
  b.store->Batches(1);
  b.Use("b");
  std::thread end([&b] { b.book.reset(); });
  b.store->Set(false);
  end.join();
  const std::string told = b.told.Wait(2);
  CHECK(told.starts_with("a first;b "));
  // The book may have got to the second batch before it ended.
  CHECK((told.ends_with("b cancelled;") || told.ends_with("b first;")));
}

TEST_CASE("ended proofs are forgotten some minutes later, looked for once a minute") {
  Book b;
  b.Use("a", kNow + 75);
  CHECK(b.store->Forgets(1) == std::vector<std::int64_t>{kNow - kKeepEndedProofsSeconds});
  b.Use("b");
  CHECK(b.told.Wait(2) == "a first;b first;");
  b.clock->AdvanceMicros(375 * 1'000'000);   // "a" has ended so long ago, and not longer
  b.Use("c");
  CHECK(b.store->Forgets(2).back() == kNow + 75);
  b.Use("a");
  CHECK(b.told.Wait(4).ends_with("a again;"));
  b.clock->AdvanceMicros(60 * 1'000'000);
  b.Use("d");
  CHECK(b.store->Forgets(3).back() == kNow + 135);
  b.Use("a");
  CHECK(b.told.Wait(6).ends_with("a first;"));
  CHECK(b.store->Forgets(0).size() == 3);
}

TEST_CASE("a gate without a store for proofs refuses them all; with one a proof is used up for every gate on it") {
  World without;
  Told told;
  without.Open().UseProof("p", kNow + 75, told.Done("none"));
  CHECK(told.Wait(1) == "none unavailable;");
  World one, two;
  one.proofs = two.proofs = std::make_shared<store::MemoryStore>();
  one.Open().UseProof("p", kNow + 75, told.Done("one"));
  CHECK(told.Wait(2).ends_with("one first;"));
  two.Open().UseProof("p", kNow + 75, told.Done("two"));
  CHECK(told.Wait(3).ends_with("two again;"));
}

}  // namespace intentgate::gate
