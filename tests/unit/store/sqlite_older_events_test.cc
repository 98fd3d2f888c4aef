// Files whose older events are rows of their own: what versions before the runs of events wrote is read, found, erased and pruned as ever.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_file.h"
#include "support/sqlite_older_rows.h"

namespace intentgate::store {
namespace {

using test::RowForm;

// Adds events of two tenants to whatever the file has.
void Fill(const std::string& path, int events) {
  const auto store = SqliteStore::Open(path, {});
  REQUIRE(store.ok());
  const auto log = audit::AuditLog::Create(*store, {}, SystemClock(), SystemRandom());
  REQUIRE(log.ok());
  for (int i = 0; i < events; ++i) {
    AuditEvent e;
    e.tenant = i % 5 == 2 ? "other" : "acme";
    e.decision = i % 3 == 0 ? "block" : "allow";
    e.tool = "tool-" + std::to_string(i % 4);
    e.agent_id = "agent-" + std::to_string(i % 7);
    (*log)->Append(std::move(e), AuditDurability::kAsync, {});
  }
  REQUIRE((*log)->Flush().ok());
}

void CheckSame(const std::vector<AuditRecord>& a, const std::vector<AuditRecord>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].tenant == b[i].tenant);
    CHECK(a[i].seq == b[i].seq);
    CHECK(a[i].event_id == b[i].event_id);
    CHECK(a[i].canonical == b[i].canonical);
    CHECK(a[i].hash == b[i].hash);
    CHECK(a[i].prev_hash == b[i].prev_hash);
  }
}

std::vector<AuditRecord> Asked(SqliteStore& store, const AuditFilter& filter, bool ascending) {
  std::vector<AuditRecord> all;
  std::string after;
  do {
    auto page = store.Query(filter, ascending, after, 7);
    REQUIRE(page.ok());
    all.insert(all.end(), page->records.begin(), page->records.end());
    after = page->next;
  } while (!after.empty());
  return all;
}

}  // namespace

TEST_CASE("events of older versions and new ones are one chain") {
  for (const RowForm form : {RowForm::kTexts, RowForm::kPacked}) {
    CAPTURE(static_cast<int>(form));
    const test::ScratchFolder folder;
    const std::string path = folder.File("gate.db");
    Fill(path, 150);
    const std::vector<AuditRecord> older = *(*SqliteStore::Open(path, {}))->Scan("acme", 0, 1'000);
    REQUIRE(older.size() > 100);
    test::ToOlderRows(path, form);
    Fill(path, 100);
    CHECK(test::ReadNumber(path, "SELECT count(*) FROM audit_events WHERE tenant = 'acme'") == static_cast<std::int64_t>(older.size()));
    CHECK(test::ReadNumber(path, "SELECT count(*) FROM audit_runs WHERE tenant = 'acme'") > 0);

    const auto store = *SqliteStore::Open(path, {});
    CHECK(*store->Tenants() == std::vector<std::string>{"acme", "other"});
    const std::vector<AuditRecord> all = *store->Scan("acme", 0, 1'000);
    CheckSame({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(older.size())}, older);
    CHECK(audit::VerifyChain(*store, "acme")->verified == static_cast<std::int64_t>(all.size()));
    CHECK(audit::VerifyChain(*store, "other")->ok);
    const auto hashes = store->ChainHashes("acme", 1, 10'000);
    REQUIRE(hashes.ok());
    REQUIRE(hashes->size() == all.size() - 1);
    for (std::size_t i = 1; i < all.size(); ++i) CHECK((*hashes)[i - 1] == *audit::HashFromHex(all[i].hash));

    AuditFilter filter;
    CHECK(store->Count(filter).value() == static_cast<std::int64_t>(all.size() + store->Scan("other", 0, 1'000)->size()));
    filter.tenant = "acme";
    CHECK(store->Count(filter).value() == static_cast<std::int64_t>(all.size()));
    CheckSame(Asked(*store, filter, true), all);
    CheckSame(Asked(*store, filter, false), {all.rbegin(), all.rend()});
    filter.agent_id = "agent-3";
    const std::vector<AuditRecord> of_agent = Asked(*store, filter, true);
    CHECK(of_agent.size() > 20);
    CHECK(store->Count(filter).value() == static_cast<std::int64_t>(of_agent.size()));
    std::vector<AuditRecord> backwards = Asked(*store, filter, false);
    CheckSame({backwards.rbegin(), backwards.rend()}, of_agent);

    // Up to a place in an older row, to the first run, and into it.
    const auto first_run = static_cast<std::size_t>(test::ReadNumber(path, "SELECT min(first_seq) FROM audit_runs WHERE tenant = 'acme'"));
    audit::RetentionStore& retention = *store;
    for (const std::size_t seq : {std::size_t{30}, first_run, first_run + 1}) {
      REQUIRE(retention.Prune("acme", audit::PrunePoint{static_cast<std::int64_t>(seq), all[seq - 1].hash}).ok());
      CheckSame(*store->Scan("acme", 0, 1'000), {all.begin() + static_cast<std::ptrdiff_t>(seq), all.end()});
      CHECK(test::ReadNumber(path, "SELECT count(*) FROM audit_postings WHERE tenant = 'acme' AND block < " + std::to_string(seq / 64)) == 0);
    }
    CHECK(test::ReadNumber(path, "SELECT count(*) FROM audit_events WHERE tenant = 'acme'") == 0);
  }
}

TEST_CASE("an older version that still had the file open wrote into the same chain") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db"), later = folder.File("later.db");
  Fill(path, 60);
  const std::int64_t first = test::ReadNumber(path, "SELECT next_seq FROM audit_heads WHERE tenant = 'acme'");
  Fill(path, 30);
  std::filesystem::copy_file(path, later);
  test::ToOlderRows(later, RowForm::kPacked);
  const std::int64_t last = test::ReadNumber(path, "SELECT next_seq FROM audit_heads WHERE tenant = 'acme'");
  Fill(path, 30);
  // The events of the second part are rows, as they are in the other file.
  test::RunSql(path, "ATTACH '" + later + "' AS later; INSERT INTO audit_events SELECT * FROM later.audit_events WHERE tenant = 'acme' AND seq >= " +
                         std::to_string(first) + "; DELETE FROM audit_runs WHERE tenant = 'acme' AND first_seq >= " + std::to_string(first) +
                         " AND first_seq < " + std::to_string(last));
  REQUIRE(test::ReadNumber(path, "SELECT max(first_seq) FROM audit_runs WHERE tenant = 'acme'") >= last);
  const auto store = *SqliteStore::Open(path, {});
  const auto report = audit::VerifyChain(*store, "acme");
  CHECK(report->ok);
  CHECK(report->verified == store->Head("acme")->next_seq);
  CHECK(store->ChainHashes("acme", 0, 1'000)->size() == static_cast<std::size_t>(report->verified));
  AuditFilter filter;
  filter.tenant = "acme";
  const std::vector<AuditRecord> up = Asked(*store, filter, true), down = Asked(*store, filter, false);
  CheckSame({down.rbegin(), down.rend()}, up);
  CHECK(up.size() == static_cast<std::size_t>(report->verified));
}

TEST_CASE("an older event behind the head is in the way of a new one") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  Fill(path, 20);
  test::ToOlderRows(path, RowForm::kPacked);
  test::RunSql(path, "UPDATE audit_heads SET next_seq = 3, hash = (SELECT lower(hex(hash)) FROM audit_events WHERE seq = 2 AND tenant = 'acme') "
                     "WHERE tenant = 'acme'");
  const auto store = *SqliteStore::Open(path, {});
  const auto log = audit::AuditLog::Create(store, {}, SystemClock(), SystemRandom());
  REQUIRE(log.ok());
  AuditEvent e;
  e.tenant = "acme";
  const auto refused = (*log)->AppendAndWait(std::move(e));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("verify the audit chain") != std::string::npos);
}

}  // namespace intentgate::store
