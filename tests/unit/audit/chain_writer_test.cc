#include "audit/chain_writer.h"

#include <doctest/doctest.h>

#include <set>

#include "audit/audit_log.h"
#include "store/memory/memory_store.h"
#include "support/faulty_audit_store.h"

namespace intentgate::audit {
namespace {

struct Fixture {
  std::shared_ptr<store::MemoryStore> memory = std::make_shared<store::MemoryStore>();
  std::shared_ptr<test::FaultyAuditStore> store = std::make_shared<test::FaultyAuditStore>(memory);
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'700'000'000'000'000);
  ChainWriter writer{store, clock, SystemRandom(), "gw:1", "test"};
  std::int64_t next = 0;

  QueuedEventPtr Event(const std::string& id, const std::string& tenant = "acme") {
    AuditEvent e;
    e.event_id = id;
    e.tenant = tenant;
    e.ts_micros = clock->UnixMicros();
    auto queued = std::make_unique<QueuedEvent>();
    queued->draft = MakeDraft(std::move(e), "gw:1", true);
    queued->draft.producer_seq = next++;
    return queued;
  }
  Status Commit(std::vector<QueuedEventPtr> events) {
    std::vector<AuditReceipt> receipts;
    return writer.Commit(events, receipts);
  }
  std::vector<std::string> Tools(const std::string& tenant = "acme") {
    std::vector<std::string> tools;
    const auto found_e = *memory->ScanStored(tenant, 0, 1000);
    for (const auto& e : found_e) {
      tools.push_back(e.tool.empty() ? e.record.event_id : e.tool);
    }
    return tools;
  }
  bool Verifies(const std::string& tenant = "acme") { return VerifyChain(*memory, tenant)->ok; }
  json::Value Details(std::int64_t seq) {
    const auto event = json::Parse(memory->Scan("acme", seq, 1)->front().canonical);
    return *event->Find("details");
  }
};

std::vector<QueuedEventPtr> List(QueuedEventPtr a) {
  std::vector<QueuedEventPtr> events;
  events.push_back(std::move(a));
  return events;
}

using Tools = std::vector<std::string>;

}  // namespace

TEST_CASE("the first event of a tenant stands behind a genesis event that names format and deployment") {
  Fixture f;
  REQUIRE(f.Commit(List(f.Event("a"))).ok());
  CHECK(f.Tools() == Tools{"audit/genesis", "a"});
  CHECK(f.Details(0).Find("format")->string_value() == kChainFormat);
  CHECK(f.Details(0).Find("deployment")->string_value() == "test");
  CHECK(f.Verifies());
}

TEST_CASE("a moved head is read again, and the batch is hashed behind it") {
  Fixture f;
  REQUIRE(f.Commit(List(f.Event("a"))).ok());
  ChainWriter other(f.memory, f.clock, SystemRandom(), "other:1", "");
  std::vector<QueuedEventPtr> theirs = List(f.Event("theirs"));
  std::vector<AuditReceipt> receipts;
  REQUIRE(other.Commit(theirs, receipts).ok());
  REQUIRE(f.Commit(List(f.Event("b"))).ok());
  CHECK(f.Tools() == Tools{"audit/genesis", "a", "theirs", "b"});
  CHECK(f.Verifies());
}

TEST_CASE("two processes that start a tenant together make one genesis event") {
  Fixture f;
  f.store->BeforeAppend([&](std::span<const TenantBatch>) {
    f.store->BeforeAppend(nullptr);
    ChainWriter other(f.memory, f.clock, SystemRandom(), "other:1", "");
    std::vector<QueuedEventPtr> theirs = List(f.Event("theirs"));
    std::vector<AuditReceipt> receipts;
    REQUIRE(other.Commit(theirs, receipts).ok());
  });
  REQUIRE(f.Commit(List(f.Event("ours"))).ok());
  CHECK(f.Tools() == Tools{"audit/genesis", "theirs", "ours"});
  CHECK(f.Verifies());
}

TEST_CASE("a head that never stands still ends in a conflict that says why") {
  Fixture f;
  f.store->BeforeAppend([&](std::span<const TenantBatch>) {
    ChainWriter other(f.memory, f.clock, SystemRandom(), "other:1", "");
    std::vector<QueuedEventPtr> theirs = List(f.Event("theirs"));
    std::vector<AuditReceipt> receipts;
    REQUIRE(other.Commit(theirs, receipts).ok());
  });
  const Status status = f.Commit(List(f.Event("ours")));
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kConflict);
  CHECK(f.Verifies());
}

TEST_CASE("a commit may rest between its events, and the store between its steps") {
  Fixture f;
  int pauses = 0;
  ChainWriter writer(f.store, f.clock, SystemRandom(), "gw:2", "test", {}, [&pauses] { ++pauses; });
  std::vector<AuditReceipt> receipts;
  std::vector<QueuedEventPtr> events;
  for (std::size_t i = 0; i < 2 * kRowsBetweenPauses; ++i) events.push_back(f.Event(std::to_string(i)));
  REQUIRE(writer.Commit(events, receipts).ok());
  CHECK(pauses == 3);   // before the genesis, which is the first of all, and after each step
}

TEST_CASE("a failed batch leaves the chain as it was, and the next one declares the hole") {
  Fixture f;
  REQUIRE(f.Commit(List(f.Event("a"))).ok());
  f.store->FailAppend([](int) { return true; });
  std::vector<QueuedEventPtr> lost;
  lost.push_back(f.Event("lost1"));
  lost.push_back(f.Event("lost2"));
  lost[1]->acknowledged = true;
  const Status status = f.Commit(std::move(lost));
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kIo);
  CHECK_FALSE(f.Commit(List(f.Event("lost3"))).ok());
  CHECK(f.writer.HasUnfinished());
  CHECK(f.Tools() == Tools{"audit/genesis", "a"});

  f.store->FailAppend(nullptr);
  REQUIRE(f.Commit(List(f.Event("b"))).ok());
  CHECK(f.Tools() == Tools{"audit/genesis", "a", "audit/gap_declared", "b"});
  const json::Value details = f.Details(2);
  CHECK(details.Find("first_producer_seq")->AsInt64() == 1);
  CHECK(details.Find("last_producer_seq")->AsInt64() == 3);
  CHECK(details.Find("count")->AsInt64() == 3);
  CHECK(details.Find("acknowledged")->AsInt64() == 1);
  CHECK_FALSE(f.writer.HasUnfinished());
  CHECK(f.Verifies());
}

TEST_CASE("a commit that happened although the store reported failure is a success") {
  Fixture f;
  f.store->LoseAnswer([](int n) { return n == 1; });
  REQUIRE(f.Commit(List(f.Event("a"))).ok());
  REQUIRE(f.Commit(List(f.Event("b"))).ok());
  CHECK(f.Tools() == Tools{"audit/genesis", "a", "b"});
  CHECK(f.Verifies());
}

TEST_CASE("a batch in doubt is settled before anything else is written") {
  for (const bool committed : {true, false}) {
    CAPTURE(committed);
    Fixture f;
    REQUIRE(f.Commit(List(f.Event("a"))).ok());
    if (committed) {
      f.store->LoseAnswer([](int) { return true; });
    } else {
      f.store->FailAppend([](int) { return true; });
    }
    f.store->BeforeAppend([&](std::span<const TenantBatch>) { f.store->FailReads(true); });
    const Status doubtful = f.Commit(List(f.Event("doubtful")));
    REQUIRE_FALSE(doubtful.ok());
    CHECK(doubtful.error().code == ErrorCode::kUnavailable);

    // Still no answer: nothing may be written.
    const int appends = f.store->appends();
    f.store->BeforeAppend(nullptr);
    CHECK_FALSE(f.Commit(List(f.Event("refused"))).ok());
    CHECK(f.store->appends() == appends);

    f.store->FailReads(false);
    f.store->LoseAnswer(nullptr);
    f.store->FailAppend(nullptr);
    REQUIRE(f.Commit(List(f.Event("b"))).ok());
    CHECK(f.Tools() == (committed ? Tools{"audit/genesis", "a", "doubtful", "audit/gap_declared", "b"}
                                  : Tools{"audit/genesis", "a", "audit/gap_declared", "b"}));
    CHECK(f.Details(committed ? 3 : 2).Find("count")->AsInt64() == (committed ? 1 : 2));
    CHECK(f.Verifies());
  }
}

TEST_CASE("events of several tenants are one transaction") {
  Fixture f;
  std::vector<QueuedEventPtr> events;
  for (const char* tenant : {"b", "a", "b"}) events.push_back(f.Event(std::string("e") + tenant, tenant));
  std::vector<AuditReceipt> receipts;
  REQUIRE(f.writer.Commit(events, receipts).ok());
  CHECK(f.store->appends() == 1);
  REQUIRE(receipts.size() == 3);
  CHECK(receipts[0].tenant == "b");
  CHECK(receipts[0].seq == 1);
  CHECK(receipts[1].tenant == "a");
  CHECK(receipts[2].seq == 2);
  CHECK(receipts[2].hash == f.memory->Head("b")->hash);
  CHECK(f.Verifies("a"));
  CHECK(f.Verifies("b"));
}

namespace {

// What the details of every gap_declared of the chain count, and the producer_seq of every event.
struct Account {
  std::multiset<std::int64_t> stored;
  std::int64_t declared = 0;
};

Account AccountOf(Fixture& f) {
  Account account;
  const auto events = *f.memory->Scan("acme", 0, 10'000);
  for (const AuditRecord& record : events) {
    const auto event = json::Parse(record.canonical);
    const json::Value* producer = event->Find("producer_id");
    if (producer->string_value() != "gw:1") continue;
    if (const json::Value* seq = event->Find("producer_seq")) account.stored.insert(*seq->AsInt64());
    if (const json::Value* count = event->AtPointer("/details/count")) account.declared += *count->AsInt64();
  }
  return account;
}

}  // namespace

TEST_CASE("shared by replicas, whatever call is in doubt: every number is in the chain once or declared, never both") {
  enum class Doubt { kNotDone, kDone, kDoneLater, kDoneInTheNextAppend };
  for (const Doubt doubt : {Doubt::kNotDone, Doubt::kDone, Doubt::kDoneLater, Doubt::kDoneInTheNextAppend}) {
    for (const bool replica_writes : {false, true}) {
      for (const bool unreadable : {false, true}) {
        for (int which = 1; which <= 6; ++which) {
          CAPTURE(static_cast<int>(doubt));
          CAPTURE(replica_writes);
          CAPTURE(unreadable);
          CAPTURE(which);
          Fixture f;
          ChainWriter replica(f.memory, f.clock, SystemRandom(), "other:1", "");
          const auto strike = [&](int n) {
            if (n == which && unreadable) f.store->FailReads(true);
            return n == which;
          };
          if (doubt == Doubt::kNotDone) f.store->FailAppend(strike);
          if (doubt == Doubt::kDone) f.store->LoseAnswer(strike);
          if (doubt == Doubt::kDoneLater || doubt == Doubt::kDoneInTheNextAppend) f.store->DelayAppend(strike);
          if (doubt == Doubt::kDoneInTheNextAppend) {
            f.store->BeforeAppend([&](std::span<const TenantBatch>) { f.store->Deliver(); });
          }
          int failed = 0;
          for (int i = 0; i < 6; ++i) {
            const bool ok = f.Commit(List(f.Event("e" + std::to_string(i)))).ok();
            failed += ok ? 0 : 1;
            f.store->FailReads(false);
            if (!ok && doubt == Doubt::kDoneLater) f.store->Deliver();
            if (!replica_writes) continue;
            AuditEvent theirs;
            theirs.event_id = "theirs" + std::to_string(i);
            theirs.tenant = "acme";
            theirs.ts_micros = 1;
            const std::vector<QueuedEventPtr> events = List(std::make_unique<QueuedEvent>());
            events[0]->draft = MakeDraft(std::move(theirs), "other:1", false);
            std::vector<AuditReceipt> receipts;
            REQUIRE(replica.Commit(events, receipts).ok());
          }
          CHECK(failed <= 1);
          f.store->Deliver();
          REQUIRE(f.writer.FinishUnfinished().ok());
          const Account account = AccountOf(f);
          CHECK(static_cast<std::int64_t>(account.stored.size()) + account.declared == 6);
          for (const std::int64_t number : account.stored) CHECK(account.stored.count(number) == 1);
          // A replica's write makes some of these calls conflicts, which are not in doubt.
          if (!replica_writes) CHECK(account.declared == (doubt == Doubt::kNotDone ? 1 : 0));
          CHECK(f.Verifies());
        }
      }
    }
  }
}

}  // namespace intentgate::audit
