#include <doctest/doctest.h>

#include <functional>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "store/memory/memory_store.h"

namespace intentgate::audit {
namespace {

// A chain in the hands of somebody who may change every byte and column of it.
class TamperedStore final : public AuditStore {
 public:
  std::vector<StoredEvent> events;
  ChainHead head;

  Result<ChainHead> Head(std::string_view) override { return head; }
  Status Append(std::span<const TenantBatch>) override { return Error{ErrorCode::kInternal, "not used"}; }
  Result<std::vector<AuditRecord>> Scan(std::string_view tenant, std::int64_t from, std::size_t limit) override {
    std::vector<AuditRecord> records;
    const auto found_e = *ScanStored(tenant, from, limit);
    for (const auto& e : found_e) records.push_back(e.record);
    return records;
  }
  Result<std::vector<StoredEvent>> ScanStored(std::string_view, std::int64_t from, std::size_t limit) override {
    std::vector<StoredEvent> found;
    for (const StoredEvent& e : events) {
      if (e.record.seq >= from && found.size() < limit) found.push_back(e);
    }
    return found;
  }
  Result<AuditPage> Query(const AuditFilter&, bool, std::string_view, std::size_t) override { return AuditPage{}; }
  Result<std::int64_t> Count(const AuditFilter&) override { return std::int64_t{0}; }
  Result<std::vector<std::string>> Tenants() override { return std::vector<std::string>{"acme"}; }
};

constexpr int kEvents = 20;

TamperedStore CleanChain() {
  const auto memory = std::make_shared<store::MemoryStore>();
  {
    auto log = AuditLog::Create(memory, {}, SystemClock(), SystemRandom());
    for (int i = 1; i < kEvents; ++i) {
      AuditEvent e;
      e.tenant = "acme";
      e.decision = "allow";
      e.tool = "tool" + std::to_string(i);
      e.agent_id = "agent";
      REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
    }
  }
  TamperedStore store;
  store.events = *memory->ScanStored("acme", 0, 1000);
  store.head = *memory->Head("acme");
  return store;
}

// Gives every event from `index` on the hash that its bytes and its predecessor ask for.
void Rehash(TamperedStore& s, std::size_t index) {
  for (std::size_t i = index; i < s.events.size(); ++i) {
    AuditRecord& r = s.events[i].record;
    r.prev_hash = i == 0 ? "" : s.events[i - 1].record.hash;
    r.hash = ChainHash(r.prev_hash, r.canonical);
  }
}

void Replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

struct Tampering {
  const char* name;
  std::function<void(TamperedStore&)> apply;
  const char* problem;
  std::int64_t seq;
};

}  // namespace

TEST_CASE("a clean chain verifies to its head") {
  TamperedStore s = CleanChain();
  const auto report = VerifyChain(s, "acme");
  REQUIRE(report.ok());
  CHECK(report->ok);
  CHECK(report->verified == kEvents);
  CHECK(report->head.hash == s.head.hash);
  CHECK(report->head.next_seq == kEvents);
}

TEST_CASE("every way to tamper is found, named, and found at the right event") {
  const auto at = [](TamperedStore& s, std::size_t i) -> StoredEvent& { return s.events[i]; };
  const auto erase = [](TamperedStore& s, int from, int to) {
    s.events.erase(s.events.begin() + from, s.events.begin() + to);
  };
  const std::vector<Tampering> all = {
      {"a byte of an event", [&](TamperedStore& s) { Replace(at(s, 5).record.canonical, "tool5", "tool6"); }, "altered", 5},
      {"an event and its hash",
       [&](TamperedStore& s) {
         Replace(at(s, 5).record.canonical, "tool5", "tool6");
         at(s, 5).tool = "tool6";
         at(s, 5).record.hash = ChainHash(at(s, 5).record.prev_hash, at(s, 5).record.canonical);
       },
       "link", 6},
      {"a stored hash", [&](TamperedStore& s) { at(s, 5).record.hash = std::string(64, '0'); }, "altered", 5},
      {"a blanked hash", [&](TamperedStore& s) { at(s, 5).record.hash.clear(); }, "altered", 5},
      {"a previous hash", [&](TamperedStore& s) { at(s, 5).record.prev_hash = std::string(64, '0'); }, "link", 5},
      {"a deleted event", [&](TamperedStore& s) { erase(s, 5, 6); }, "gap", 5},
      {"deleted first events", [&](TamperedStore& s) { erase(s, 0, 3); }, "gap", 0},
      {"deleted last events", [&](TamperedStore& s) { erase(s, 15, kEvents); }, "truncated", 15},
      {"all deleted", [&](TamperedStore& s) { s.events.clear(); }, "truncated", 0},
      {"two events swapped",
       [&](TamperedStore& s) {
         std::swap(at(s, 5), at(s, 6));
         std::swap(at(s, 5).record.seq, at(s, 6).record.seq);
       },
       "link", 5},
      {"deleted, renumbered and hashed again",
       [&](TamperedStore& s) {
         erase(s, 5, 6);
         for (std::size_t i = 5; i < s.events.size(); ++i) at(s, i).record.seq = static_cast<std::int64_t>(i);
         Rehash(s, 5);
         s.head = {kEvents - 1, s.events.back().record.hash};
       },
       "misplaced", 5},
      {"the genesis event replaced",
       [&](TamperedStore& s) {
         Replace(at(s, 0).record.canonical, "\"kind\":\"genesis\"", "\"kind\":\"control\"");
         at(s, 0).kind = "control";
         Rehash(s, 0);
         s.head.hash = s.events.back().record.hash;
       },
       "genesis", 0},
      {"rewritten without the head",
       [&](TamperedStore& s) {
         Replace(at(s, 5).record.canonical, "tool5", "tool6");
         at(s, 5).tool = "tool6";
         Rehash(s, 5);
       },
       "head", kEvents - 1},
      {"the head's hash", [&](TamperedStore& s) { s.head.hash = std::string(64, '0'); }, "head", kEvents - 1},
      {"the head set back",
       [&](TamperedStore& s) { s.head = {15, s.events[14].record.hash}; }, "beyond_head", 15},
      {"the head removed", [&](TamperedStore& s) { s.head = {}; }, "beyond_head", 0},
      {"another tenant's event",
       [&](TamperedStore& s) {
         Replace(at(s, 5).record.canonical, "\"tenant\":\"acme\"", "\"tenant\":\"evil\"");
         Rehash(s, 5);
         s.head.hash = s.events.back().record.hash;
       },
       "misplaced", 5},
      {"bytes that are not canonical",
       [&](TamperedStore& s) {
         at(s, 5).record.canonical += " ";
         Rehash(s, 5);
         s.head.hash = s.events.back().record.hash;
       },
       "malformed", 5},
      {"the column decision", [&](TamperedStore& s) { at(s, 5).decision = "block"; }, "projection", 5},
      {"the column check", [&](TamperedStore& s) { at(s, 5).check = "policy"; }, "projection", 5},
      {"the column tool", [&](TamperedStore& s) { at(s, 5).tool = "x"; }, "projection", 5},
      {"the column agent_id", [&](TamperedStore& s) { at(s, 5).agent_id = "x"; }, "projection", 5},
      {"the column jti", [&](TamperedStore& s) { at(s, 5).jti = "x"; }, "projection", 5},
      {"the column ts", [&](TamperedStore& s) { ++at(s, 5).ts_micros; }, "projection", 5},
      {"the column kind", [&](TamperedStore& s) { at(s, 5).kind = "admin"; }, "projection", 5},
      {"the column event_id", [&](TamperedStore& s) { at(s, 5).record.event_id = "x"; }, "projection", 5},
      {"the column elevation_id", [&](TamperedStore& s) { at(s, 5).elevation_id = "x"; }, "projection", 5},
  };
  for (const Tampering& t : all) {
    CAPTURE(t.name);
    TamperedStore s = CleanChain();
    t.apply(s);
    const auto report = VerifyChain(s, "acme");
    REQUIRE(report.ok());
    CHECK_FALSE(report->ok);
    CHECK(report->problem.substr(0, report->problem.find(':')) == t.problem);
    REQUIRE(report->broken_seq.has_value());
    CHECK(*report->broken_seq == t.seq);
  }
}

TEST_CASE("verification may start inside a chain and is linked to the event before") {
  TamperedStore s = CleanChain();
  CHECK(VerifyChain(s, "acme", 10)->verified == kEvents - 10);
  CHECK(VerifyChain(s, "acme", kEvents)->ok);
  s.events[9].record.hash = std::string(64, '1');
  CHECK_FALSE(VerifyChain(s, "acme", 10)->ok);
  s.events.erase(s.events.begin() + 9);
  CHECK(VerifyChain(s, "acme", 10)->problem.substr(0, 3) == "gap");
  CHECK(VerifyChain(s, "acme", -1).error().code == ErrorCode::kInvalidArgument);
  CHECK(VerifyChain(s, "acme", kEvents + 1).error().code == ErrorCode::kInvalidArgument);
}

}  // namespace intentgate::audit
