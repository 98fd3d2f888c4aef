// Pages and counts against what each event says: random chains of several tenants, partly rows of older versions, and random filters.

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "audit/filter.h"
#include "store/sqlite/event_query.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_file.h"
#include "support/sqlite_older_rows.h"

namespace intentgate::store {
namespace {

using audit::StoredEvent;

class Chains {
 public:
  explicit Chains(unsigned seed) : random_(seed), path_(folder_.File("gate.db")) {
    Append(80);
    if (seed % 2 == 1) test::ToOlderRows(path_, seed % 4 == 1 ? test::RowForm::kTexts : test::RowForm::kPacked);
    Append(120);
    store_ = *SqliteStore::Open(path_, {});
    const std::vector<std::string> tenants = store_->Tenants().value();
    for (const std::string& tenant : tenants) {
      std::vector<StoredEvent> events = store_->ScanStored(tenant, 0, 10'000).value();
      std::move(events.begin(), events.end(), std::back_inserter(events_));
    }
    REQUIRE(events_.size() > 190);
  }

  void CheckQuestion() {
    const AuditFilter filter = RandomFilter();
    const bool ascending = Under(2) == 0;
    const std::size_t limit = 1 + Under(60);
    std::vector<const StoredEvent*> wanted;
    for (const StoredEvent& e : events_) {
      if (audit::Matches(filter, e)) wanted.push_back(&e);
    }
    const bool by_time = filter.tenant.empty() && !ascending;
    std::sort(wanted.begin(), wanted.end(), [&](const StoredEvent* a, const StoredEvent* b) {
      const auto key = [&](const StoredEvent& e) { return std::tuple(by_time ? e.ts_micros : 0, e.record.tenant, e.record.seq); };
      return ascending ? key(*a) < key(*b) : key(*b) < key(*a);
    });
    CHECK(store_->Count(filter).value() == static_cast<std::int64_t>(wanted.size()));
    std::vector<std::string> got;
    std::string after;
    do {
      const auto page = store_->Query(filter, ascending, after, limit);
      REQUIRE(page.ok());
      CHECK(page->records.size() <= limit);
      for (const AuditRecord& record : page->records) got.push_back(record.tenant + "/" + std::to_string(record.seq) + "/" + record.event_id);
      // A page that says there is more is full, and there is.
      if (!page->next.empty()) CHECK(page->records.size() == limit);
      after = page->next;
    } while (!after.empty() && got.size() <= wanted.size());
    std::vector<std::string> expected;
    for (const StoredEvent* e : wanted) expected.push_back(e->record.tenant + "/" + std::to_string(e->record.seq) + "/" + e->record.event_id);
    CHECK(got == expected);
    found_ += wanted.size();
  }
  std::size_t found() const { return found_; }

 private:
  std::size_t Under(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  void Append(int events) {
    const auto store = SqliteStore::Open(path_, {});
    REQUIRE(store.ok());
    const auto log = audit::AuditLog::Create(*store, {}, SystemClock(), SystemRandom());
    REQUIRE(log.ok());
    for (int i = 0; i < events; ++i) {
      AuditEvent e;
      e.tenant = "tenant-" + std::to_string(Under(3));
      // Many at the same time, and not in the order of the chain.
      e.ts_micros = 1'700'000'000'000'000 + static_cast<std::int64_t>(Under(40)) * 7'000;
      e.decision = std::vector<std::string>{"allow", "block", "escalate"}[Under(3)];
      e.tool = Under(5) == 0 ? "" : "tool-" + std::to_string(Under(3));
      e.agent_id = Under(5) == 0 ? "" : "agent-" + std::to_string(Under(4));
      e.capability_token_id = "jti-" + std::to_string(Under(5));
      e.root_capability_token_id = "root-" + std::to_string(Under(4));
      e.session_id = Under(2) == 0 ? "" : "session-" + std::to_string(Under(6));
      e.elevation_id = Under(9) == 0 ? "elevation" : "";
      if (Under(4) == 0) e.check = Check::kPolicy;
      if (Under(6) == 0) e.event_id = "own-" + std::to_string(Under(12));
      if (Under(8) == 0) e.kind = EventKind::kAdmin, e.actor = "ann";
      // Waited for now and then, so that there are runs of one event and of many.
      if (Under(6) == 0) REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
      else (*log)->Append(std::move(e), AuditDurability::kAsync, {});
    }
    REQUIRE((*log)->Flush().ok());
  }

  AuditFilter RandomFilter() {
    AuditFilter f;
    const StoredEvent& like = events_[Under(events_.size())];
    if (Under(3) != 0) f.tenant = like.record.tenant;
    const auto maybe = [this](std::string& to, const std::string& value) {
      if (Under(7) == 0) to = value;
    };
    maybe(f.agent_id, like.agent_id);
    maybe(f.tool, like.tool);
    maybe(f.decision, like.decision);
    maybe(f.check, like.check);
    maybe(f.jti, like.jti);
    maybe(f.event_id, like.record.event_id);
    maybe(f.elevation_id, like.elevation_id);
    maybe(f.kind, like.kind);
    maybe(f.root_jti, like.root_jti);
    maybe(f.session_id, like.session_id);
    maybe(f.code, like.code);
    maybe(f.actor, like.actor);
    if (Under(5) == 0) f.agent_id = "nobody";
    if (Under(4) == 0) f.from_micros = like.ts_micros - static_cast<std::int64_t>(Under(3)) * 7'000;
    if (Under(4) == 0) f.to_micros = like.ts_micros + static_cast<std::int64_t>(Under(3)) * 7'000;
    if (Under(6) == 0) f.from_seq = static_cast<std::int64_t>(Under(60));
    if (Under(6) == 0) f.to_seq = static_cast<std::int64_t>(Under(90));
    return f;
  }

  std::mt19937 random_;
  test::ScratchFolder folder_;
  std::string path_;
  std::shared_ptr<SqliteStore> store_;
  std::vector<StoredEvent> events_;
  std::size_t found_ = 0;
};

}  // namespace

TEST_CASE("a page has the events that fit its filter, in order, each once, and a count is how many they are") {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    Chains chains(seed);
    for (int i = 0; i < 250; ++i) {
      CAPTURE(i);
      chains.CheckQuestion();
    }
    CHECK(chains.found() > 1'000);
  }
}

TEST_CASE("of several postings that lead to a page the one is taken that the fewest events have") {
  const auto expect = [](PostingField field, const char* value, auto set) {
    AuditFilter filter;
    set(filter);
    CHECK(RouteOf(filter).field == field);
    CHECK(RouteOf(filter).value == value);
  };
  expect(PostingField::kMoment, "", [](AuditFilter& f) { f.tenant = "acme", f.from_micros = 1, f.jti = "j", f.decision = "allow"; });
  expect(PostingField::kAgent, "a", [](AuditFilter& f) { f.agent_id = "a"; });
  expect(PostingField::kTool, "t", [](AuditFilter& f) { f.tool = "t"; });
  expect(PostingField::kAgentAndTool, "a\nt", [](AuditFilter& f) { f.agent_id = "a", f.tool = "t"; });
  expect(PostingField::kDecision, "block", [](AuditFilter& f) { f.decision = "block", f.tool = "t"; });
  expect(PostingField::kKind, "admin", [](AuditFilter& f) { f.kind = "admin"; });
  expect(PostingField::kKind, "control", [](AuditFilter& f) { f.kind = "control", f.agent_id = "a"; });
  expect(PostingField::kElevation, "e", [](AuditFilter& f) { f.elevation_id = "e", f.kind = "admin"; });
  expect(PostingField::kRootToken, "r", [](AuditFilter& f) { f.root_jti = "r", f.agent_id = "a"; });
  expect(PostingField::kSession, "s", [](AuditFilter& f) { f.session_id = "s", f.agent_id = "a"; });
  expect(PostingField::kEventId, "own", [](AuditFilter& f) { f.event_id = "own", f.session_id = "s"; });
}

TEST_CASE("a bit too much in the times of all tenants shows no event twice") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  test::MakeChain(path, 20);
  const auto before = (*SqliteStore::Open(path, {}))->Query({}, false, {}, 1'000);
  REQUIRE(before.ok());
  test::RunSql(path, "UPDATE audit_postings SET bits = -1; INSERT INTO audit_postings VALUES (10, 1, 'acme', 0, -1), (10, 99999999999, 'acme', 0, -1)");
  const auto after = (*SqliteStore::Open(path, {}))->Query({}, false, {}, 1'000);
  REQUIRE(after.ok());
  REQUIRE(after->records.size() == before->records.size());
  for (std::size_t i = 0; i < after->records.size(); ++i) CHECK(after->records[i].hash == before->records[i].hash);
}

}  // namespace intentgate::store
