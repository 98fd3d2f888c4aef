#include "evidence/full_check.h"

#include <functional>
#include <thread>

#include "audit/canonical_event.h"
#include "evidence/freshness.h"
#include "unit/evidence/evidence_world.h"

namespace intentgate::test {
namespace {

constexpr std::int64_t kHourMs = 3'600'000, kHour = kHourMs * 1'000;

// Somebody who can write the database: what is read is not what was written.
struct EditedStore final : audit::AuditStore {
  explicit EditedStore(std::shared_ptr<store::MemoryStore> honest) : now(std::move(honest)) {}
  std::shared_ptr<store::MemoryStore> now;
  std::function<void(audit::StoredEvent&)> edit;
  std::function<void()> before_scan;

  Result<ChainHead> Head(std::string_view t) override { return now->Head(t); }
  Status Append(std::span<const audit::TenantBatch> b) override { return now->Append(b); }
  Result<std::vector<AuditRecord>> Scan(std::string_view t, std::int64_t f, std::size_t n) override { return now->Scan(t, f, n); }
  Result<std::vector<audit::StoredEvent>> ScanStored(std::string_view t, std::int64_t f, std::size_t n) override {
    if (before_scan) before_scan();
    auto events = now->ScanStored(t, f, n);
    if (events.ok() && edit) {
      for (audit::StoredEvent& event : *events) edit(event);
    }
    return events;
  }
  Result<AuditPage> Query(const AuditFilter& f, bool a, std::string_view after, std::size_t n) override {
    return now->Query(f, a, after, n);
  }
  Result<std::int64_t> Count(const AuditFilter& f) override { return now->Count(f); }
  Result<std::vector<std::string>> Tenants() override { return now->Tenants(); }
  Result<audit::PrunePoint> Pruned(std::string_view t) override { return now->Pruned(t); }
};

// The background of one process over `store`; rounds are the test's.
struct Checked {
  std::shared_ptr<store::MemoryStore> memory;
  std::shared_ptr<EditedStore> store = std::make_shared<EditedStore>(memory);
  std::shared_ptr<ManualClock> clock;
  std::unique_ptr<audit::AuditLog> log = *audit::AuditLog::Create(store, {}, clock, SystemRandom());
  evidence::ChainCheck check{*store, *memory, {}, *clock};
  evidence::FreshnessReader reader{*store, *memory, {}, *clock, false};
  std::vector<EvidenceNotice> notices;
  std::unique_ptr<evidence::FullCheck> full;

  Checked(std::shared_ptr<store::MemoryStore> chain, std::shared_ptr<ManualClock> at, std::int64_t events_per_second = 1'000'000)
      : memory(std::move(chain)), clock(std::move(at)) {
    full = std::make_unique<evidence::FullCheck>(
        *log, check, clock, evidence::FullCheckOptions{24 * kHourMs, events_per_second, false},
        evidence::FullCheckHooks{[this](const std::string& tenant) { return reader.LastFullVerification(tenant); }, {},
                                 [this](const EvidenceNotice& notice) { notices.push_back(notice); }});
  }
  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      AuditEvent event;
      event.tenant = "acme";
      event.agent_id = "reader";
      log->Append(std::move(event), AuditDurability::kDurable, {});
    }
    REQUIRE(log->Flush().ok());
  }
  std::int64_t Count(const std::string& tool) {
    AuditFilter filter;
    filter.tenant = "acme";
    filter.tool = tool;
    return *memory->Count(filter);
  }
  FullVerification Last() { return *reader.LastFullVerification("acme"); }
};

struct World {
  std::shared_ptr<store::MemoryStore> memory = std::make_shared<store::MemoryStore>();
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'700'000'000'000'000);
};

}  // namespace

TEST_CASE("a chain is verified one interval after its first event, then one interval after the last time, whoever did it") {
  World world;
  Checked one(world.memory, world.clock), other(world.memory, world.clock);
  one.Append(50);
  one.full->Round();
  CHECK(one.Last().at_micros == 0);
  world.clock->AdvanceMicros(24 * kHour);
  one.full->Round();
  CHECK(one.Count("audit/verified") == 1);
  CHECK(other.Last().at_micros == world.clock->UnixMicros());
  CHECK(other.Last().events == 51);   // with the genesis event
  CHECK(other.Last().problem == "");
  world.clock->AdvanceMicros(23 * kHour);
  one.full->Round();
  other.full->Round();
  CHECK(one.Count("audit/verified") == 1);
  world.clock->AdvanceMicros(kHour);
  other.full->Round();
  one.full->Round();
  CHECK(one.Count("audit/verified") == 2);
  CHECK(one.check.MarkOf("acme").next_seq == 51);   // no checkpoint: it read to the end of that time
}

TEST_CASE("a row that was altered behind the watermark is found, said, and kept in the chain until the chain is good again") {
  World world;
  Checked one(world.memory, world.clock);
  one.Append(50);
  REQUIRE(one.check.Run("acme", true)->chain.ok);
  one.store->edit = [](audit::StoredEvent& event) {
    if (event.record.seq == 20) event.record.canonical.replace(event.record.canonical.find("reader"), 6, "writer");
  };
  REQUIRE(one.check.Run("acme", true)->chain.ok);   // an incremental one does not read it again
  CHECK(one.reader.Read("acme")->ok);

  world.clock->AdvanceMicros(24 * kHour);
  one.full->Round();
  REQUIRE(one.notices.size() == 1);
  CHECK(one.notices[0].problem);
  CHECK(one.notices[0].source == "verification");
  CHECK(one.notices[0].message == "a full verification failed: altered: the stored bytes do not give the stored hash (event 20)");
  CHECK(one.Count("audit/verification_failed") == 1);
  CHECK_FALSE(one.reader.Read("acme")->ok);
  CHECK(one.reader.Read("acme")->problem == "verification: altered: the stored bytes do not give the stored hash (event 20)");

  Checked after_a_restart(world.memory, world.clock);
  after_a_restart.full->Round();
  REQUIRE(after_a_restart.notices.size() == 1);
  CHECK(after_a_restart.notices[0].message == one.notices[0].message);
  CHECK(one.Count("audit/verification_failed") == 1);

  one.store->edit = {};   // somebody restored the row
  world.clock->AdvanceMicros(24 * kHour);
  one.full->Round();
  CHECK_FALSE(one.notices.back().problem);
  CHECK(one.reader.Read("acme")->ok);
}

TEST_CASE("who asks for a full verification ends a failure that stands, and begins one") {
  World world;
  Checked one(world.memory, world.clock);
  one.Append(5);
  one.full->Note("acme", *one.check.Run("acme", false));
  CHECK(one.Last().at_micros == 0);   // nothing new
  one.store->edit = [](audit::StoredEvent& event) { event.tool = "another"; };
  one.full->Note("acme", *one.check.Run("acme", false));
  CHECK(one.Last().problem == "projection: the column tool differs from the hashed bytes (event 0)");
  one.store->edit = {};
  one.full->Note("acme", *one.check.Run("acme", false));
  CHECK(one.Last().problem == "");
  CHECK(one.Count("audit/verified") == 1);
}

TEST_CASE("events that are pruned while they wait to be read are no finding, unless nothing in the chain says so") {
  for (const bool declared : {true, false}) {
    CAPTURE(declared);
    World world;
    Checked one(world.memory, world.clock);
    one.Append(2'000);
    const std::string before = world.memory->Scan("acme", 1'499, 1)->front().hash;
    int scans = 0;
    one.store->before_scan = [&] {
      if (++scans != 3) return;   // the first looks for the first event
      if (declared) {
        json::Value details = json::MakeObject({{"first_seq", 1'500}, {"prev_hash", before}});
        REQUIRE(evidence::AppendControl(*one.log, "acme", "pruned", std::move(details)).ok());
      }
      REQUIRE(world.memory->Prune("acme", {1'500, before}).ok());
    };
    world.clock->AdvanceMicros(24 * kHour);
    one.full->Round();
    CHECK(one.Count("audit/verified") == (declared ? 1 : 0));
    CHECK(one.Count("audit/verification_failed") == (declared ? 0 : 1));
  }
}

TEST_CASE("it reads no faster than it may, says how far it is, and ends at once when its owner goes") {
  World world;
  Checked one(world.memory, world.clock, 1);   // the second thousand would take a quarter of an hour
  one.Append(2'500);
  world.clock->AdvanceMicros(24 * kHour);
  std::thread background([&] { one.full->Round(); });
  FullVerification seen;
  while (seen.position == 0) {
    std::this_thread::yield();
    one.full->AddRunning("acme", seen);
  }
  CHECK(seen.running);
  CHECK(seen.position == 1'000);
  CHECK(seen.goal == 2'501);
  one.full->Stop();
  background.join();
  CHECK(one.Count("audit/verified") == 0);
  CHECK(one.notices.empty());
}

}  // namespace intentgate::test
