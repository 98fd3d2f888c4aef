#include "audit/audit_log.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "audit/canonical_event.h"
#include "store/memory/memory_store.h"
#include "support/faulty_audit_store.h"

namespace intentgate::audit {
namespace {

AuditEvent Event(const std::string& tool, const std::string& tenant = "acme") {
  AuditEvent e;
  e.tool = tool;
  e.tenant = tenant;
  return e;
}

// Stops the writer in its next append until opened.
class Gate {
 public:
  void Wait() {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void AwaitWaiting() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false, waiting_ = false;
};

struct Fixture {
  std::shared_ptr<store::MemoryStore> memory = std::make_shared<store::MemoryStore>();
  std::shared_ptr<test::FaultyAuditStore> store = std::make_shared<test::FaultyAuditStore>(memory);
  std::unique_ptr<AuditLog> log;

  explicit Fixture(AuditLogOptions options = {}) { Open(std::move(options)); }
  void Open(AuditLogOptions options = {}) {
    auto made = AuditLog::Create(store, std::move(options), SystemClock(), SystemRandom());
    REQUIRE(made.ok());
    log = std::move(*made);
  }
  std::vector<std::string> Tools(const std::string& tenant = "acme") {
    std::vector<std::string> tools;
    const auto found_e = *memory->ScanStored(tenant, 0, 10'000);
    for (const auto& e : found_e) tools.push_back(e.tool);
    return tools;
  }
};

using Tools = std::vector<std::string>;

}  // namespace

TEST_CASE("when Flush returns nothing is held for its events any more, so that no callback ends its owner on the log's thread") {
  Fixture f;
  const auto owner = std::make_shared<int>(0);
  for (int i = 0; i < 300; ++i) {
    f.log->Append(Event("t"), {AuditDurability::kAsync, AuditOverflow::kDeny}, [owner](Result<AuditReceipt>) {});
    f.log->Append(Event("t"), {AuditDurability::kDurable, AuditOverflow::kDeny}, [owner](Result<AuditReceipt>) {});
    REQUIRE(f.log->Flush().ok());
    REQUIRE(owner.use_count() == 1);
  }
}

TEST_CASE("a receipt names the place where the event is found") {
  Fixture f;
  const auto receipt = f.log->AppendAndWait(Event("read"));
  REQUIRE(receipt.ok());
  CHECK(receipt->seq == 1);
  CHECK(receipt->tenant == "acme");
  const AuditRecord record = f.memory->Scan("acme", 1, 1)->front();
  CHECK(record.hash == receipt->hash);
  CHECK(record.event_id == receipt->event_id);
  CHECK(record.event_id.size() == 36);
}

TEST_CASE("an event that follows a larger one has nothing of it") {
  AuditLogOptions options;
  options.commit.members = {"remote_ip"};
  Fixture f(options);
  for (int i = 0; i < 3; ++i) {
    AuditEvent large = Event("large");
    large.decision = "block";
    large.check = Check::kPolicy;
    large.reason = std::string(700, 'r');
    large.remote_ip = "192.0.2.7";
    large.charges = {{"root:jti:calls", 0, 1}};
    REQUIRE(f.log->AppendAndWait(std::move(large)).ok());
    AuditEvent small = Event("small");
    small.kind = EventKind::kAdmin;
    REQUIRE(f.log->AppendAndWait(std::move(small)).ok());
  }
  CHECK(VerifyChain(*f.memory, "acme")->ok);
  const auto stored = *f.memory->ScanStored("acme", 1, 100);
  REQUIRE(stored.size() == 6);
  for (const StoredEvent& event : stored) {
    const bool large = event.tool == "large";
    CHECK(event.decision == (large ? "block" : ""));
    CHECK(event.check == (large ? "policy" : ""));
    CHECK(event.code.empty() != large);
    const std::int64_t seq = event.record.seq;
    CHECK(f.memory->PrivateValues("acme", {&seq, 1})->size() == (large ? 1 : 0));
    CHECK((event.record.canonical.size() > 700) == large);
  }
  const auto counters = f.memory->Load(0);
  REQUIRE(counters->size() == 1);
  CHECK(counters->front().amount == 3);
}

TEST_CASE("an event without a tenant belongs to the tenant default") {
  Fixture f;
  CHECK(f.log->AppendAndWait(Event("read", ""))->tenant == "default");
}

TEST_CASE("many threads: every acknowledged event is in the chain, once, and it verifies") {
  Fixture f;
  constexpr int kThreads = 8, kEach = 200;
  std::mutex mutex;
  std::set<std::string> acknowledged;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto receipt = f.log->AppendAndWait(Event("t", t % 2 == 0 ? "even" : "odd"));
        const std::lock_guard lock(mutex);
        if (receipt.ok()) acknowledged.insert(receipt->event_id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(acknowledged.size() == kThreads * kEach);
  std::size_t found = 0;
  for (const char* tenant : {"even", "odd"}) {
    CHECK(VerifyChain(*f.memory, tenant)->ok);
    const auto found_r = *f.memory->Scan(tenant, 0, 10'000);
    for (const auto& r : found_r) found += acknowledged.count(r.event_id);
  }
  CHECK(found == acknowledged.size());
  const AuditStats stats = f.log->stats();
  CHECK(stats.committed == kThreads * kEach);
  CHECK(stats.queue_depth == 0);
  CHECK(stats.batch_size_buckets.back() == stats.batches);
}

namespace {

// Each look at it is a second later.
class HastyClock final : public Clock {
 public:
  std::int64_t UnixMicros() const override { return 1'700'000'000'000'000; }
  std::int64_t MonotonicNanos() const override { return 1'000'000'000 * ++looks_; }

 private:
  mutable std::atomic<std::int64_t> looks_{0};
};

}  // namespace

TEST_CASE("a batch that nobody waits for rests at each event, and is whole all the same") {
  const auto memory = std::make_shared<store::MemoryStore>();
  auto log = *AuditLog::Create(memory, {}, std::make_shared<HastyClock>(), SystemRandom());
  REQUIRE(log->AppendAndWait(Event("0"), AuditDurability::kAsync).ok());
  for (int i = 1; i < 100; ++i) log->Append(Event(std::to_string(i)), AuditDurability::kAsync, {});
  const auto last = log->AppendAndWait(Event("100"), AuditDurability::kDurable);
  REQUIRE(last.ok());
  CHECK(last->seq == 102);   // behind genesis and async_opened
  CHECK(VerifyChain(*memory, "acme")->ok);
}

TEST_CASE("while one batch commits, the next one gathers up to max_batch") {
  AuditLogOptions options;
  options.max_batch = 3;
  Fixture f(std::move(options));
  Gate gate;
  f.store->BeforeAppend([&](std::span<const TenantBatch>) { gate.Wait(); });
  std::atomic<int> done{0};
  const auto count = [&](Result<AuditReceipt> r) { done += r.ok() ? 1 : 0; };
  f.log->Append(Event("0"), AuditDurability::kDurable, count);
  gate.AwaitWaiting();
  for (int i = 1; i <= 4; ++i) f.log->Append(Event(std::to_string(i)), AuditDurability::kDurable, count);
  CHECK(f.log->stats().queue_depth == 4);
  CHECK(done == 0);
  gate.Open();
  REQUIRE(f.log->Flush().ok());
  CHECK(done == 5);
  CHECK(f.log->stats().batches == 3);
  f.log.reset();
  CHECK(f.Tools() == Tools{"audit/genesis", "0", "1", "2", "3", "4"});
}

TEST_CASE("a full queue refuses the event and says which limit was hit") {
  AuditLogOptions options;
  options.max_queue = 2;
  Fixture f(std::move(options));
  Gate gate;
  f.store->BeforeAppend([&](std::span<const TenantBatch>) { gate.Wait(); });
  const auto ignore = [](Result<AuditReceipt>) {};
  f.log->Append(Event("0"), AuditDurability::kDurable, ignore);
  gate.AwaitWaiting();
  f.log->Append(Event("1"), AuditDurability::kDurable, ignore);
  f.log->Append(Event("2"), AuditDurability::kDurable, ignore);
  const auto refused = f.log->AppendAndWait(Event("3"));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kLimitExceeded);
  CHECK(refused.error().message.find("max_queue") != std::string::npos);
  CHECK(f.log->stats().failed == 1);
  gate.Open();
  f.log.reset();   // before the gate that its writer waits at
}

TEST_CASE("large events fill the queue and a batch by their bytes") {
  AuditLogOptions options;
  options.max_queue_bytes = 10'000;
  options.max_batch_bytes = 5'000;
  Fixture f(std::move(options));
  Gate gate;
  f.store->BeforeAppend([&](std::span<const TenantBatch>) { gate.Wait(); });
  const auto ignore = [](Result<AuditReceipt>) {};
  f.log->Append(Event("0"), AuditDurability::kDurable, ignore);
  gate.AwaitWaiting();
  for (int i = 0; i < 3; ++i) {
    AuditEvent large = Event("t");
    large.reason = std::string(3'000, 'x');
    f.log->Append(std::move(large), AuditDurability::kDurable, ignore);
  }
  AuditEvent large = Event("t");
  large.reason = std::string(3'000, 'x');
  const auto refused = f.log->AppendAndWait(std::move(large));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kLimitExceeded);
  CHECK(refused.error().message.find("max_queue_bytes") != std::string::npos);
  gate.Open();
  REQUIRE(f.log->Flush().ok());
  CHECK(f.log->stats().batches == 4);   // two of them do not fit into 5,000 bytes
  CHECK(f.log->stats().committed == 4);
  f.log.reset();
}

TEST_CASE("an event over max_event_bytes is refused and changes nothing") {
  AuditLogOptions options;
  options.max_event_bytes = 2'000;
  Fixture f(std::move(options));
  AuditEvent big = Event("t");
  big.reason = std::string(3'000, 'x');
  const auto refused = f.log->AppendAndWait(std::move(big));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kLimitExceeded);
  CHECK(f.memory->Tenants()->empty());
  CHECK(f.log->stats().failed == 1);
}

TEST_CASE("a store that fails makes the log unhealthy until a commit succeeds again") {
  AuditLogOptions options;
  options.retry_micros = 3'600'000'000;
  Fixture f(std::move(options));
  REQUIRE(f.log->AppendAndWait(Event("a")).ok());
  f.store->FailAppend([](int) { return true; });
  const auto lost = f.log->AppendAndWait(Event("lost"));
  REQUIRE_FALSE(lost.ok());
  CHECK(lost.error().code == ErrorCode::kIo);
  CHECK_FALSE(f.log->healthy());
  CHECK_FALSE(f.log->Flush().ok());
  CHECK(f.log->stats().failed == 1);
  f.store->FailAppend(nullptr);
  REQUIRE(f.log->AppendAndWait(Event("b")).ok());
  CHECK(f.log->healthy());
  CHECK(f.Tools() == Tools{"audit/genesis", "a", "audit/gap_declared", "b"});
  CHECK(VerifyChain(*f.memory, "acme")->ok);
}

TEST_CASE("an unhealthy log recovers by itself once the store works, though no event arrives") {
  AuditLogOptions options;
  options.retry_micros = 1'000;
  Fixture f(std::move(options));
  f.store->FailAppend([](int) { return true; });
  CHECK_FALSE(f.log->AppendAndWait(Event("lost")).ok());
  std::promise<void> declared;
  std::atomic<bool> once{false};
  f.store->FailAppend(nullptr);
  f.store->BeforeAppend([&](std::span<const TenantBatch>) {
    if (!once.exchange(true)) declared.set_value();
  });
  declared.get_future().wait();
  while (!f.log->healthy()) std::this_thread::yield();
  f.log.reset();
  CHECK(f.Tools() == Tools{"audit/genesis", "audit/gap_declared"});
}

TEST_CASE("whatever append fails, no acknowledged event is lost and the chain verifies") {
  for (int period = 2; period <= 5; ++period) {
    for (const bool lost_answer : {false, true}) {
      CAPTURE(period);
      CAPTURE(lost_answer);
      AuditLogOptions options;
      options.max_batch = 4;
      Fixture f(std::move(options));
      const auto which = [period](int n) { return n % period == 0; };
      if (lost_answer) {
        f.store->LoseAnswer(which);
      } else {
        f.store->FailAppend(which);
      }
      std::mutex mutex;
      std::vector<std::string> acknowledged;
      std::vector<std::thread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
          for (int i = 0; i < 50; ++i) {
            const auto receipt = f.log->AppendAndWait(Event("t"));
            const std::lock_guard lock(mutex);
            if (receipt.ok()) acknowledged.push_back(receipt->event_id);
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      CHECK(acknowledged.size() >= 1);
      if (lost_answer) CHECK(acknowledged.size() == 200);
      std::set<std::string> stored;
      const auto found_r = *f.memory->Scan("acme", 0, 10'000);
      for (const auto& r : found_r) CHECK(stored.insert(r.event_id).second);
      for (const std::string& id : acknowledged) CHECK(stored.count(id) == 1);
      CHECK(VerifyChain(*f.memory, "acme")->ok);
    }
  }
}

TEST_CASE("async promises are opened in the chain before the first is made, and closed at the end") {
  Fixture f;
  const auto first = f.log->AppendAndWait(Event("a"), AuditDurability::kAsync);
  REQUIRE(first.ok());
  CHECK(first->seq == 2);   // waited for: the chain says now that events may be lost
  const auto second = f.log->AppendAndWait(Event("b"), AuditDurability::kAsync);
  CHECK(second->seq == -1);
  f.log.reset();
  CHECK(f.Tools() == Tools{"audit/genesis", "audit/async_opened", "a", "b", "audit/async_closed"});
  CHECK(VerifyChain(*f.memory, "acme")->ok);

  f.Open();
  CHECK(f.Tools().size() == 5);   // nothing to declare
}

TEST_CASE("async events gather; whoever waits ends the gathering") {
  AuditLogOptions options;
  options.async_delay_micros = 3'600'000'000;   // nothing below may wait for the clock
  options.max_batch = 8;
  Fixture f(std::move(options));
  const auto ignore = [](Result<AuditReceipt>) {};
  REQUIRE(f.log->AppendAndWait(Event("first"), AuditDurability::kAsync).ok());
  REQUIRE(f.log->Flush().ok());
  const std::int64_t before = f.log->stats().batches;

  for (int i = 0; i < 3; ++i) f.log->Append(Event("flushed"), AuditDurability::kAsync, ignore);
  REQUIRE(f.log->Flush().ok());
  CHECK(f.log->stats().committed == 4);
  CHECK(f.log->stats().batches == before + 1);

  for (int i = 0; i < 3; ++i) f.log->Append(Event("overtaken"), AuditDurability::kAsync, ignore);
  REQUIRE(f.log->AppendAndWait(Event("durable")).ok());
  REQUIRE(f.log->Flush().ok());
  CHECK(f.log->stats().committed == 8);
  CHECK(f.log->stats().batches == before + 2);

  std::promise<std::size_t> written;
  f.store->BeforeAppend([&](std::span<const TenantBatch> batches) { written.set_value(batches[0].events.size()); });
  for (int i = 0; i < 4; ++i) f.log->Append(Event("half a batch"), AuditDurability::kAsync, ignore);
  CHECK(written.get_future().get() == 4);
  REQUIRE(f.log->Flush().ok());
  f.store->BeforeAppend(nullptr);

  f.log->Append(Event("last"), AuditDurability::kAsync, ignore);
  f.log.reset();
  CHECK(f.Tools().size() == 16);   // with genesis, async_opened and async_closed
  CHECK(VerifyChain(*f.memory, "acme")->ok);
}

TEST_CASE("the writer of a log that gives way is nicer than who created the log, and another one is not") {
  for (const bool gives_way : {false, true}) {
    CAPTURE(gives_way);
    std::promise<int> niceness;
    Fixture f({.gives_way = gives_way});
    f.store->BeforeAppend([&, told = false](std::span<const TenantBatch>) mutable {
      if (!std::exchange(told, true)) niceness.set_value(getpriority(PRIO_PROCESS, 0));
    });
    REQUIRE(f.log->AppendAndWait(Event("t")).ok());
    CHECK(niceness.get_future().get() == std::min(getpriority(PRIO_PROCESS, 0) + (gives_way ? 5 : 0), 19));
  }
}

TEST_CASE("the writer lets others finish while nobody waits for what it writes") {
  std::mutex mutex;
  std::vector<int> policies;
  Fixture f;
  f.store->BeforeAppend([&](std::span<const TenantBatch>) {
    const std::lock_guard lock(mutex);
    policies.push_back(sched_getscheduler(0));
  });
  std::promise<void> opened;
  f.log->Append(Event("opens"), AuditDurability::kAsync, [&](const Result<AuditReceipt>&) { opened.set_value(); });
  opened.get_future().wait();
  f.log->Append(Event("a"), AuditDurability::kAsync, {});
  for (std::size_t seen = 0; seen < 2;) {
    const std::lock_guard lock(mutex);
    seen = policies.size();
  }
  REQUIRE(f.log->AppendAndWait(Event("b")).ok());
  f.log->Append(Event("c"), AuditDurability::kAsync, {});
  REQUIRE(f.log->Flush().ok());
  const std::lock_guard lock(mutex);
  CHECK(policies == std::vector<int>{SCHED_OTHER, SCHED_BATCH, SCHED_OTHER, SCHED_OTHER});
}

TEST_CASE("an unhealthy log tries an async event at once") {
  AuditLogOptions options;
  options.retry_micros = options.async_delay_micros = 3'600'000'000;
  Fixture f(std::move(options));
  REQUIRE(f.log->AppendAndWait(Event("first"), AuditDurability::kAsync).ok());
  // Many rounds, so that the writer is asleep in some of them when the event comes.
  for (int round = 0; round < 200; ++round) {
    f.store->BeforeAppend(nullptr);
    f.store->FailAppend([](int) { return true; });
    CHECK_FALSE(f.log->AppendAndWait(Event("lost")).ok());
    CHECK_FALSE(f.log->Flush().ok());
    f.store->FailAppend(nullptr);
    std::promise<void> written;
    f.store->BeforeAppend([&](std::span<const TenantBatch>) { written.set_value(); });
    REQUIRE(f.log->AppendAndWait(Event("proof"), AuditDurability::kAsync).ok());
    written.get_future().wait();
    REQUIRE(f.log->Flush().ok());
    CHECK(f.log->healthy());
  }
  f.store->BeforeAppend(nullptr);
}

TEST_CASE("a run that ended without closing its async promises is declared at the next start, once") {
  AuditLogOptions options;
  options.producer_id = "gw-1";
  Fixture f(options);
  REQUIRE(f.log->AppendAndWait(Event("a"), AuditDurability::kAsync).ok());
  f.store->FailAppend([](int) { return true; });
  REQUIRE(f.log->AppendAndWait(Event("lost"), AuditDurability::kAsync).ok());
  f.log.reset();
  f.store->FailAppend(nullptr);
  CHECK(f.Tools() == Tools{"audit/genesis", "audit/async_opened", "a"});

  AuditLogOptions other;
  other.producer_id = "gw-2";
  f.Open(other);   // not its own loss to declare
  CHECK(f.Tools().size() == 3);
  f.log.reset();
  f.Open(options);
  CHECK(f.Tools() == Tools{"audit/genesis", "audit/async_opened", "a", "audit/gap_declared"});
  f.log.reset();
  f.Open(options);
  CHECK(f.Tools().size() == 4);
  CHECK(VerifyChain(*f.memory, "acme")->ok);
}

TEST_CASE("closing the log writes what is queued") {
  Fixture f;
  Gate gate;
  f.store->BeforeAppend([&](std::span<const TenantBatch>) { gate.Wait(); });
  std::atomic<int> done{0};
  for (int i = 0; i < 10; ++i) {
    f.log->Append(Event("t"), AuditDurability::kDurable, [&](Result<AuditReceipt> r) { done += r.ok() ? 1 : 0; });
  }
  gate.Open();
  f.log.reset();
  CHECK(done == 10);
  CHECK(f.memory->Head("acme")->next_seq == 11);
}

TEST_CASE("a store that cannot be read at the start is an error of Create") {
  const auto store = std::make_shared<test::FaultyAuditStore>(std::make_shared<store::MemoryStore>());
  store->FailReads(true);
  const auto made = AuditLog::Create(store, {}, SystemClock(), SystemRandom());
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().code == ErrorCode::kIo);
  AuditLogOptions too_large;
  too_large.max_event_bytes = std::size_t{1} << 30;
  CHECK(AuditLog::Create(std::make_shared<store::MemoryStore>(), too_large, SystemClock(), SystemRandom())
            .error().message.find("max_event_bytes") != std::string::npos);
  CHECK(AuditLog::Create(nullptr, {}, SystemClock(), SystemRandom()).error().code == ErrorCode::kInvalidArgument);
}

namespace {

// Allows an event unless the chain has one of this tool.
std::function<Status()> Unless(AuditStore& store, const std::string& tool) {
  return [&store, tool]() -> Status {
    AuditFilter filter;
    filter.tenant = "acme";
    filter.tool = tool;
    const Result<std::int64_t> count = store.Count(filter);
    if (!count.ok()) return count.error();
    return *count == 0 ? Status() : Status(Error{ErrorCode::kConflict, tool + " is there"});
  };
}

}  // namespace

TEST_CASE("of two processes that append what may be there once, one is refused, and nothing shows of it") {
  Fixture f;
  REQUIRE(f.log->AppendAndWait(Event("a")).ok());
  const auto other = *AuditLog::Create(f.memory, {}, SystemClock(), SystemRandom());
  int asked = 0;
  // The other one's comes between the question and the commit.
  f.store->BeforeAppend([&](std::span<const TenantBatch>) {
    f.store->BeforeAppend(nullptr);
    REQUIRE(other->AppendIf(Event("once"), Unless(*f.memory, "once")).ok());
  });
  const auto refused = f.log->AppendIf(Event("once"), [&] {
    ++asked;
    return Unless(*f.memory, "once")();
  });
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kConflict);
  CHECK(refused.error().message == "once is there");
  CHECK(asked == 2);
  CHECK(f.log->healthy());
  CHECK(f.log->stats().failed == 0);
  REQUIRE(f.log->AppendAndWait(Event("b")).ok());
  CHECK(f.Tools() == Tools{"audit/genesis", "a", "once", "b"});
  CHECK(VerifyChain(*f.memory, "acme")->ok);
}

TEST_CASE("a conditional event stands alone in its batch, so that its refusal concerns nobody else") {
  Fixture f;
  REQUIRE(f.log->AppendAndWait(Event("a")).ok());
  Gate gate;
  f.store->BeforeAppend([&](std::span<const TenantBatch>) { gate.Wait(); });
  std::atomic<int> stored{0};
  const auto count = [&](const Result<AuditReceipt>& receipt) { stored += receipt.ok() ? 1 : 0; };
  f.log->Append(Event("b"), AuditDurability::kDurable, count);
  gate.AwaitWaiting();
  // Behind the one that the store has: before, the conditional one, after.
  f.log->Append(Event("before"), AuditDurability::kDurable, count);
  std::thread refused([&] {
    CHECK_FALSE(f.log->AppendIf(Event("never"), [] { return Status(Error{ErrorCode::kConflict, "no"}); }).ok());
  });
  while (f.log->stats().queue_depth < 2) std::this_thread::yield();
  f.log->Append(Event("after"), AuditDurability::kDurable, count);
  gate.Open();
  refused.join();
  REQUIRE(f.log->Flush().ok());
  CHECK(stored == 3);
  CHECK(f.Tools() == Tools{"audit/genesis", "a", "b", "before", "after"});
}

TEST_CASE("a store that fails at a conditional event leaves no hole, and no log that refuses from then on") {
  Fixture f;
  REQUIRE(f.log->AppendAndWait(Event("a")).ok());
  f.store->FailAppend([](int n) { return n == 1; });
  CHECK_FALSE(f.log->AppendIf(Event("once"), [] { return Status(); }).ok());
  CHECK(f.log->healthy());
  CHECK(f.log->AppendIf(Event("once"), [] { return Status(); }).ok());
  CHECK(f.Tools() == Tools{"audit/genesis", "a", "once"});
}

}  // namespace intentgate::audit
