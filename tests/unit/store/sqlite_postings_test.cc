// The table that leads queries to their events: that it is complete, that verification notices when it is not, and that a
// file from before it gets the same.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <filesystem>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "store/sqlite/postings.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_older_rows.h"
#include "support/sqlite_schema_9.h"

namespace intentgate::store {
namespace {

// The file of a store that nobody has open.
class File {
 public:
  explicit File(const std::string& path) { REQUIRE(sqlite3_open(path.c_str(), &db_) == SQLITE_OK); }
  ~File() { sqlite3_close(db_); }
  File(const File&) = delete;   // owns the handle
  File& operator=(const File&) = delete;

  void Run(const std::string& sql) {
    CAPTURE(sql);
    REQUIRE(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  std::vector<std::string> Rows(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    std::vector<std::string> rows;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      std::string row;
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        row.append(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, i))).append("|");
      }
      rows.push_back(std::move(row));
    }
    sqlite3_finalize(statement);
    return rows;
  }

 private:
  sqlite3* db_ = nullptr;
};

const std::string kPostings = "SELECT field, value, tenant, block, bits FROM audit_postings ORDER BY 1, 2, 3, 4";

AuditEvent EventOf(int i) {
  AuditEvent e;
  e.tenant = i % 7 == 3 ? "other" : "acme";
  e.ts_micros = 1'700'000'000'000'000 + i * 3'000LL * (i % 5 == 0 ? -1 : 1);
  e.decision = i % 3 == 0 ? "block" : i % 11 == 0 ? "escalate" : "allow";
  e.tool = "tool-" + std::to_string(i % 4);
  e.agent_id = i % 13 == 0 ? "" : "agent\xC3\xA9-" + std::to_string(i % 9);
  e.root_capability_token_id = "root-" + std::to_string(i % 5);
  e.session_id = i % 2 == 0 ? "session-" + std::to_string(i / 10) : "";
  e.elevation_id = i % 40 == 0 ? "elevation" : "";
  if (i % 17 == 0) e.event_id = "own-" + std::to_string(i);
  if (i % 19 == 0) e.kind = EventKind::kAdmin;
  return e;
}

void Fill(const std::string& path, int events) {
  const auto store = SqliteStore::Open(path, {});
  REQUIRE(store.ok());
  const auto log = audit::AuditLog::Create(*store, {}, SystemClock(), SystemRandom());
  REQUIRE(log.ok());
  for (int i = 0; i < events; ++i) (*log)->Append(EventOf(i), AuditDurability::kAsync, {});
  REQUIRE((*log)->Flush().ok());
}

}  // namespace

TEST_CASE("a posting that is missing is found by verification") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  Fill(path, 300);
  REQUIRE(audit::VerifyChain(**SqliteStore::Open(path, {}), "acme")->ok);
  for (int field = 1; field <= 10; ++field) {
    CAPTURE(field);
    const std::string one = " WHERE tenant = 'acme' AND block = 2 AND field = " + std::to_string(field);
    for (const std::string& change : {"DELETE FROM audit_postings" + one, "UPDATE audit_postings SET bits = 0" + one}) {
      const std::string copy = folder.File("copy.db");
      File(path).Run("VACUUM INTO '" + copy + "'");
      File(copy).Run(change);
      const auto store = SqliteStore::Open(copy, {});
      REQUIRE(store.ok());
      const auto report = audit::VerifyChain(**store, "acme");
      REQUIRE(report.ok());
      CHECK_FALSE(report->ok);
      CHECK(report->problem.rfind("projection: ", 0) == 0);
      CHECK(report->broken_seq >= 128);
      CHECK(report->broken_seq < 192);
      CHECK(audit::VerifyChain(**store, "other")->ok);
      std::filesystem::remove(copy);
    }
  }
}

TEST_CASE("what a posting has too much shows nobody another event") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  Fill(path, 300);
  AuditFilter filter;
  filter.tenant = "acme";
  filter.agent_id = "agent\xC3\xA9-4";
  const auto before = (*SqliteStore::Open(path, {}))->Query(filter, true, {}, 1'000);
  REQUIRE(before.ok());
  CHECK(before->records.size() > 20);
  File(path).Run("UPDATE audit_postings SET bits = -1");
  const auto store = SqliteStore::Open(path, {});
  const auto after = (*store)->Query(filter, true, {}, 1'000);
  REQUIRE(after.ok());
  REQUIRE(after->records.size() == before->records.size());
  for (std::size_t i = 0; i < after->records.size(); ++i) CHECK(after->records[i].hash == before->records[i].hash);
  CHECK((*store)->Count(filter).value() == static_cast<std::int64_t>(before->records.size()));
  CHECK(audit::VerifyChain(**store, "acme")->ok);
}

TEST_CASE("pruning leaves no posting of an event that is gone") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  Fill(path, 300);
  const std::vector<std::string> whole = File(path).Rows(kPostings + ", 5");
  {
    const auto store = SqliteStore::Open(path, {});
    audit::RetentionStore& retention = **store;
    for (const std::int64_t seq : {70, 71, 200}) {   // within a block, and over several
      const auto before = (*store)->Scan("acme", seq - 1, 1);
      REQUIRE(before.ok());
      REQUIRE(retention.Prune("acme", audit::PrunePoint{seq, before->front().hash}).ok());
    }
    // What is left is found by everything that it has.
    const auto left = (*store)->ScanStored("acme", 0, 1'000);
    REQUIRE(left.ok());
    REQUIRE(left->front().record.seq == 200);
    PostingSums sums;
    for (const audit::StoredEvent& event : *left) sums.Add(event);
    CHECK(static_cast<std::int64_t>(sums.Take().size()) ==
          std::stoll(File(path).Rows("SELECT count(*) FROM audit_postings WHERE tenant = 'acme'").front()));
  }
  CHECK(File(path).Rows("SELECT 1 FROM audit_postings WHERE tenant = 'acme' AND (block < 3 OR block = 3 AND bits & 255 <> 0)").empty());
  File file(path);
  file.Run("DELETE FROM audit_postings WHERE tenant = 'acme'");
  CHECK(file.Rows(kPostings).size() > 50);
  CHECK(file.Rows(kPostings).size() < whole.size());
}

TEST_CASE("a file from before the postings gets those that it would have had") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  Fill(path, 500);
  const std::vector<std::string> written = File(path).Rows(kPostings);
  REQUIRE(written.size() > 200);
  test::ToOlderRows(path, test::RowForm::kTexts);
  File(path).Run(test::kBackToSchema9);
  {
    const auto store = SqliteStore::Open(path, {});
    REQUIRE(store.ok());
    CHECK(audit::VerifyChain(**store, "acme")->ok);
    CHECK(audit::VerifyChain(**store, "other")->ok);
  }
  CHECK(File(path).Rows(kPostings) == written);
  CHECK(File(path).Rows("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_events'") ==
        std::vector<std::string>{"audit_events_place|"});
}

TEST_CASE("a migration that has no room for the postings leaves the file as it was") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  Fill(path, 500);
  std::int64_t pages = 0;
  std::vector<std::string> events;
  test::ToOlderRows(path, test::RowForm::kTexts);
  {
    File file(path);
    file.Run(test::kBackToSchema9);
    file.Run("VACUUM");
    pages = std::stoll(file.Rows("PRAGMA page_count").front());
    events = file.Rows("SELECT id, hash FROM audit_events ORDER BY id");
  }
  SqliteOptions full;
  full.max_pages = pages + 1;
  const auto refused = SqliteStore::Open(path, full);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kIo);
  CHECK(File(path).Rows("SELECT max(version) FROM schema_migrations") == std::vector<std::string>{"9|"});
  CHECK(File(path).Rows("SELECT name FROM sqlite_master WHERE name = 'audit_postings'").empty());
  CHECK(File(path).Rows("SELECT id, hash FROM audit_events ORDER BY id") == events);

  const auto store = SqliteStore::Open(path, {});
  REQUIRE(store.ok());
  CHECK(audit::VerifyChain(**store, "acme")->ok);
}

TEST_CASE("an id of version 7 is posted by its millisecond, and any other by itself") {
  CHECK(EventIdPosting("0190b7c2-0a1b-7000-8000-000000000000") == "0190b7c2-0a1b");
  CHECK(EventIdPosting("0190b7c2-0a1b-7") == "0190b7c2-0a1b");
  for (const char* other : {"", "own", "0190b7c2-0a1b-", "0190b7c2-0a1b-4000-8000-000000000000", "0190B7C2-0A1B-7000-8000-000000000000",
                            "0190b7c2_0a1b-7000-8000-000000000000", "g190b7c2-0a1b-7000"}) {
    CHECK(EventIdPosting(other) == other);
  }
}

}  // namespace intentgate::store
