#include "audit/chain_writer.h"

#include <doctest/doctest.h>

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

  QueuedEvent Event(const std::string& id, const std::string& tenant = "acme") {
    AuditEvent e;
    e.event_id = id;
    e.tenant = tenant;
    e.ts_micros = clock->UnixMicros();
    QueuedEvent queued;
    queued.draft = MakeDraft(std::move(e), "gw:1", true);
    queued.draft.producer_seq = next++;
    return queued;
  }
  Status Commit(std::vector<QueuedEvent> events) {
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

std::vector<QueuedEvent> List(QueuedEvent a) {
  std::vector<QueuedEvent> events;
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
  std::vector<QueuedEvent> theirs = List(f.Event("theirs"));
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
    std::vector<QueuedEvent> theirs = List(f.Event("theirs"));
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
    std::vector<QueuedEvent> theirs = List(f.Event("theirs"));
    std::vector<AuditReceipt> receipts;
    REQUIRE(other.Commit(theirs, receipts).ok());
  });
  const Status status = f.Commit(List(f.Event("ours")));
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kConflict);
  CHECK(f.Verifies());
}

TEST_CASE("a failed batch leaves the chain as it was, and the next one declares the hole") {
  Fixture f;
  REQUIRE(f.Commit(List(f.Event("a"))).ok());
  f.store->FailAppend([](int) { return true; });
  std::vector<QueuedEvent> lost;
  lost.push_back(f.Event("lost1"));
  lost.push_back(f.Event("lost2"));
  lost[1].acknowledged = true;
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
  std::vector<QueuedEvent> events;
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

}  // namespace intentgate::audit
