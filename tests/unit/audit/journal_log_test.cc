// The log with a journal, and what happens to events that find the queue or the journal full.

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <map>
#include <set>
#include <thread>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "audit/filter.h"
#include "store/memory/memory_store.h"
#include "support/fake_journal_files.h"
#include "support/faulty_audit_store.h"

namespace intentgate::audit {
namespace {

using Fault = test::FakeJournalFiles::Fault;
using Tools = std::vector<std::string>;

AuditEvent Event(const std::string& tool, std::size_t reason_bytes = 0) {
  AuditEvent e;
  e.tool = tool;
  e.tenant = "acme";
  e.reason = std::string(reason_bytes, 'x');
  return e;
}

AuditPromise Promise(AuditDurability durability, AuditOverflow overflow) { return {durability, overflow}; }
const AuditPromise kJournalDrop = Promise(AuditDurability::kJournal, AuditOverflow::kDropAndDeclare);
const AuditPromise kJournalBlock = Promise(AuditDurability::kJournal, AuditOverflow::kBlock);

struct Fixture {
  std::shared_ptr<store::MemoryStore> memory = std::make_shared<store::MemoryStore>();
  std::shared_ptr<test::FaultyAuditStore> store = std::make_shared<test::FaultyAuditStore>(memory);
  std::shared_ptr<test::FakeJournalFiles> files = std::make_shared<test::FakeJournalFiles>();
  AuditLogOptions options;
  std::unique_ptr<AuditLog> log;

  Fixture() {
    options.producer_id = "gw-1";
    options.retry_micros = 1'000;
    options.journal.directory = "/journal";
    options.journal.files = files;
    options.journal.max_bytes = 64 << 10;
  }
  void Open() {
    auto made = AuditLog::Create(store, options, SystemClock(), SystemRandom());
    REQUIRE(made.ok());
    log = std::move(*made);
  }
  void StoreIsDown(bool down) {
    store->FailAppend(down ? [](int) { return true; } : std::function<bool(int)>());
  }
  // Flush reports a failed attempt; the next one comes by itself.
  void AwaitDrained() {
    while (!log->Flush().ok()) std::this_thread::yield();
  }
  Tools StoredTools() {
    Tools tools;
    for (std::int64_t from = 0;;) {
      const auto page = *memory->ScanStored("acme", from, kMaxPage);
      if (page.empty()) return tools;
      for (const auto& e : page) tools.push_back(e.tool);
      from = page.back().record.seq + 1;
    }
  }
  std::map<std::string, int> Times() {
    std::map<std::string, int> times;
    for (const std::string& tool : StoredTools()) ++times[tool];
    return times;
  }
  // The sum of "count" in the declarations with that reason.
  std::int64_t Declared(const std::string& why) {
    std::int64_t sum = 0;
    const auto records = *memory->Scan("acme", 0, kMaxPage);
    for (const AuditRecord& record : records) {
      const auto event = json::Parse(record.canonical, kEventLimits);
      const json::Value* said = event->AtPointer("/details/why");
      const json::Value* count = event->AtPointer("/details/count");
      if (said != nullptr && said->string_value() == why && count != nullptr) sum += *count->AsInt64();
    }
    return sum;
  }
  bool Verifies() { return VerifyChain(*memory, "acme")->ok; }
};

}  // namespace

TEST_CASE("a journaled event is answered while the store is down, and enters the chain when it is back") {
  Fixture f;
  f.Open();
  f.StoreIsDown(true);
  const auto receipt = f.log->AppendAndWait(Event("a"), AuditDurability::kJournal);
  REQUIRE(receipt.ok());
  CHECK(receipt->seq == -1);
  CHECK(receipt->hash.empty());
  CHECK(f.StoredTools().empty());
  CHECK(f.log->stats().journal_events == 1);
  CHECK(f.log->stats().journal_bytes > 0);
  CHECK(f.log->ready(AuditDurability::kJournal));
  f.StoreIsDown(false);
  f.AwaitDrained();
  CHECK(f.StoredTools() == Tools{"audit/genesis", "a"});
  CHECK(f.memory->Scan("acme", 1, 1)->front().event_id == receipt->event_id);
  CHECK(f.log->stats().journal_events == 0);
  CHECK(f.log->stats().failed == 0);
  CHECK(f.Verifies());
}

TEST_CASE("without a folder a journaled event is refused with the setting to set") {
  Fixture f;
  f.options.journal.directory.clear();
  f.Open();
  const auto refused = f.log->AppendAndWait(Event("a"), AuditDurability::kJournal);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kInvalidArgument);
  CHECK(refused.error().message.find("audit.journal.directory") != std::string::npos);
  CHECK_FALSE(f.log->ready(AuditDurability::kJournal));
}

TEST_CASE("what the store did not take before a power cut is in the chain when the next run has started") {
  Fixture f;
  f.Open();
  f.StoreIsDown(true);
  for (const char* tool : {"a", "b", "c"}) REQUIRE(f.log->AppendAndWait(Event(tool), AuditDurability::kJournal).ok());
  f.log.reset();
  f.files->Crash(0);
  f.StoreIsDown(false);
  f.Open();
  CHECK(f.StoredTools() == Tools{"audit/genesis", "a", "b", "c"});
  CHECK(f.Verifies());
  f.log.reset();
  CHECK(f.files->Names().empty());
}

TEST_CASE("a start that cannot drain the journal of the last run fails and leaves it as it is") {
  Fixture f;
  f.Open();
  f.StoreIsDown(true);
  REQUIRE(f.log->AppendAndWait(Event("a"), AuditDurability::kJournal).ok());
  f.log.reset();
  const auto made = AuditLog::Create(f.store, f.options, SystemClock(), SystemRandom());
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message.find("/journal") != std::string::npos);
  f.StoreIsDown(false);
  f.Open();
  CHECK(f.Times()["a"] == 1);
}

TEST_CASE("an event that the store has taken without saying so enters the chain once") {
  for (const bool restart : {false, true}) {
    CAPTURE(restart);
    Fixture f;
    f.Open();
    f.store->LoseAnswer([](int) { return true; });
    f.store->FailReads(true);
    REQUIRE(f.log->AppendAndWait(Event("warm"), AuditDurability::kDurable).ok() == false);
    f.store->FailReads(false);
    f.store->LoseAnswer(nullptr);
    REQUIRE(f.log->AppendAndWait(Event("a"), AuditDurability::kJournal).ok());
    f.AwaitDrained();
    f.store->BeforeAppend([&](std::span<const TenantBatch>) { f.store->FailReads(true); });
    f.store->LoseAnswer([](int) { return true; });
    REQUIRE(f.log->AppendAndWait(Event("b"), AuditDurability::kJournal).ok());
    while (f.Times()["b"] == 0) std::this_thread::yield();   // the store has it
    if (restart) f.log.reset();
    f.store->BeforeAppend(nullptr);
    f.store->LoseAnswer(nullptr);
    f.store->FailReads(false);
    if (restart) f.Open();
    f.AwaitDrained();
    CHECK(f.Times()["a"] == 1);
    CHECK(f.Times()["b"] == 1);
    CHECK(f.Verifies());
  }
}

TEST_CASE("whichever append fails or loses its answer, every acknowledged event is in the chain once") {
  enum class Strike { kFail, kLose, kDelay };
  for (const Strike strike : {Strike::kFail, Strike::kLose, Strike::kDelay}) {
    for (int at = 1; at <= 6; ++at) {
      CAPTURE(static_cast<int>(strike));
      CAPTURE(at);
      Fixture f;
      f.options.max_batch = 2;
      const auto which = [at](int n) { return n == at || n == at + 2; };
      if (strike == Strike::kFail) f.store->FailAppend(which);
      if (strike == Strike::kLose) f.store->LoseAnswer(which);
      if (strike == Strike::kDelay) f.store->DelayAppend(which);
      std::set<std::string> acknowledged;
      for (int run = 0; run < 2; ++run) {
        f.Open();
        for (int i = 0; i < 6; ++i) {
          const auto receipt = f.log->AppendAndWait(Event("t"), AuditDurability::kJournal);
          if (receipt.ok()) acknowledged.insert(receipt->event_id);
          if (i == 3) f.store->Deliver();
        }
        f.AwaitDrained();
        f.log.reset();
      }
      f.store->Deliver();
      CHECK(acknowledged.size() == 12);
      std::multiset<std::string> stored;
      const auto records = *f.memory->Scan("acme", 0, kMaxPage);
      for (const AuditRecord& record : records) stored.insert(record.event_id);
      for (const std::string& id : acknowledged) CHECK(stored.count(id) == 1);
      CHECK(f.Verifies());
    }
  }
}

TEST_CASE("a disk that does not sync refuses the event, makes the journal unready, and is tried again") {
  Fixture f;
  f.Open();
  REQUIRE(f.log->AppendAndWait(Event("before"), AuditDurability::kJournal).ok());
  f.AwaitDrained();
  f.files->SetFaults([](int, const std::string& call) { return call == "sync" ? Fault::kFail : Fault::kNone; });
  const auto refused = f.log->AppendAndWait(Event("refused"), AuditDurability::kJournal);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kIo);
  CHECK_FALSE(f.log->ready(AuditDurability::kJournal));
  CHECK_FALSE(f.log->stats().journal_ok);
  CHECK(f.log->healthy());   // the store has nothing to do with it
  f.files->SetFaults(nullptr);
  while (!f.log->ready(AuditDurability::kJournal)) std::this_thread::yield();
  REQUIRE(f.log->AppendAndWait(Event("after"), AuditDurability::kJournal).ok());
  f.AwaitDrained();
  f.log.reset();
  CHECK(f.Times()["before"] == 1);
  CHECK(f.Times()["refused"] == 0);
  CHECK(f.Times()["after"] == 1);
  CHECK(f.Declared("commit_failed") == 1);
  CHECK(f.Verifies());
}

TEST_CASE("acknowledged bytes that the disk has changed are declared, and what can be read is chained") {
  Fixture f;
  f.Open();
  REQUIRE(f.log->AppendAndWait(Event("first")).ok());
  f.StoreIsDown(true);
  for (const char* tool : {"a", "b"}) REQUIRE(f.log->AppendAndWait(Event(tool), AuditDurability::kJournal).ok());
  f.log.reset();
  REQUIRE(f.files->Names().size() == 1);
  f.files->Bytes(f.files->Names().front()).back() ^= 1;
  f.StoreIsDown(false);
  f.Open();
  CHECK(f.Times()["a"] == 1);
  CHECK(f.Times()["b"] == 0);
  CHECK(f.Times()["audit/gap_declared"] == 1);
  CHECK(f.memory->Scan("acme", 3, 1)->front().canonical.find("journal_damaged") != std::string::npos);
  CHECK(f.Verifies());
}

TEST_CASE("a full journal refuses by default, and everything it has acknowledged is chained later") {
  Fixture f;
  f.Open();
  f.StoreIsDown(true);
  int acknowledged = 0;
  for (;;) {
    const auto receipt = f.log->AppendAndWait(Event("t", 4'000), AuditDurability::kJournal);
    if (!receipt.ok()) {
      CHECK(receipt.error().code == ErrorCode::kLimitExceeded);
      CHECK(receipt.error().message.find("audit.journal.max_bytes") != std::string::npos);
      break;
    }
    REQUIRE(++acknowledged < 100);
  }
  CHECK(acknowledged >= 10);
  f.StoreIsDown(false);
  f.AwaitDrained();
  CHECK(f.Times()["t"] == acknowledged);
  CHECK(f.Verifies());
}

TEST_CASE("block: an event that finds the journal full waits until there is room") {
  Fixture f;
  f.Open();
  f.StoreIsDown(true);
  int acknowledged = 0;
  while (f.log->AppendAndWait(Event("t", 4'000), AuditDurability::kJournal).ok()) ++acknowledged;
  std::promise<bool> answered;
  f.log->Append(Event("waits", 4'000), kJournalBlock, [&](Result<AuditReceipt> r) { answered.set_value(r.ok()); });
  auto answer = answered.get_future();
  CHECK(answer.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  f.StoreIsDown(false);
  CHECK(answer.get());
  f.AwaitDrained();
  CHECK(f.Times()["t"] == acknowledged);
  CHECK(f.Times()["waits"] == 1);
}

TEST_CASE("drop_and_declare: the chain counts exactly the events that it does not have") {
  Fixture f;
  f.Open();
  REQUIRE(f.log->AppendAndWait(Event("t"), kJournalDrop).ok());
  f.AwaitDrained();
  CHECK(f.Times()["audit/async_opened"] == 1);   // before anything may be lost
  f.StoreIsDown(true);
  for (int i = 0; i < 40; ++i) REQUIRE(f.log->AppendAndWait(Event("t", 4'000), kJournalDrop).ok());
  const std::int64_t dropped = f.log->stats().dropped;
  CHECK(dropped > 0);
  f.StoreIsDown(false);
  f.AwaitDrained();
  f.log.reset();
  CHECK(f.Times()["t"] + f.Declared("overflow") == 41);
  CHECK(f.Declared("overflow") == dropped);
  CHECK(f.Verifies());
}

TEST_CASE("drop_and_declare refuses as long as the chain does not say that events may be lost") {
  Fixture f;
  f.Open();
  f.StoreIsDown(true);
  bool refused = false;
  for (int i = 0; i < 40 && !refused; ++i) refused = !f.log->AppendAndWait(Event("t", 4'000), kJournalDrop).ok();
  CHECK(refused);
  CHECK(f.log->stats().dropped == 0);
}

TEST_CASE("the queue overflows by the same rules") {
  Fixture f;
  f.options.max_queue = 1;
  f.options.max_batch = 1;
  f.Open();
  const AuditPromise block = Promise(AuditDurability::kDurable, AuditOverflow::kBlock);
  const AuditPromise drop = Promise(AuditDurability::kDurable, AuditOverflow::kDropAndDeclare);
  REQUIRE(f.log->AppendAndWait(Event("first"), drop).ok());

  std::promise<void> writing, go_on;
  std::shared_future<void> may_go_on = go_on.get_future().share();
  std::atomic<bool> once{false};
  f.store->BeforeAppend([&, may_go_on](std::span<const TenantBatch>) {
    if (!once.exchange(true)) writing.set_value();
    may_go_on.wait();
  });
  std::atomic<int> done{0};
  const auto count = [&](Result<AuditReceipt> r) { done += r.ok() ? 1 : 0; };
  f.log->Append(Event("in the store"), AuditDurability::kDurable, count);
  writing.get_future().wait();
  f.log->Append(Event("queued"), AuditDurability::kDurable, count);
  CHECK(f.log->AppendAndWait(Event("denied")).error().code == ErrorCode::kLimitExceeded);
  f.log->Append(Event("waits"), block, count);
  CHECK(f.log->AppendAndWait(Event("denied"), block).error().code == ErrorCode::kLimitExceeded);
  CHECK(done == 0);
  const auto dropped = f.log->AppendAndWait(Event("dropped"), drop);
  REQUIRE(dropped.ok());
  CHECK(dropped->seq == -1);
  go_on.set_value();
  REQUIRE(f.log->Flush().ok());
  CHECK(done == 3);
  f.log.reset();
  auto times = f.Times();
  CHECK(times["waits"] == 1);
  CHECK(times["dropped"] == 0);
  CHECK(times["denied"] == 0);
  CHECK(f.Declared("overflow") == 1);
  CHECK(f.Verifies());
}

}  // namespace intentgate::audit
