// What somebody with write access to the file can do, and that verification finds it.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "audit/canonical_event.h"
#include "base/encoding.h"
#include "store/sqlite/packed_text.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_file.h"
#include "support/sqlite_older_rows.h"

namespace intentgate::store {
namespace {

struct Case {
  const char* sql;
  const char* problem;
};

// Runs each on a copy of the file, which has seven events of the tenant "acme".
void CheckFound(const std::string& made, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CAPTURE(std::string(c.sql));
    const test::ScratchFolder folder;
    const std::string path = folder.File("gate.db");
    std::filesystem::copy_file(made, path);
    test::RunSql(path, c.sql);

    const auto store = SqliteStore::Open(path, {});
    REQUIRE(store.ok());
    CHECK((*store)->Tenants()->size() == 1);
    const auto report = audit::VerifyChain(**store, "acme");
    REQUIRE(report.ok());
    CHECK_FALSE(report->ok);
    CHECK(report->problem.substr(0, report->problem.find(':')) == c.problem);
  }
}

audit::TenantBatch Batch(int events) {
  audit::TenantBatch batch{"acme", {}};
  std::string prev;
  for (int i = 0; i < events; ++i) {
    AuditEvent event;
    event.tenant = "acme";
    event.event_id = "0190b7c2-0000-7000-8000-00000000000" + std::to_string(i % 10);
    event.ts_micros = 1'000 + i;
    event.decision = "block";
    if (i == 0) event.kind = EventKind::kGenesis;
    audit::EventDraft draft = audit::MakeDraft(std::move(event), "test", false);
    audit::Place(draft, i, prev, draft.stored.record);
    prev = draft.stored.record.hash;
    batch.events.push_back(std::move(draft.stored));
  }
  return batch;
}

}  // namespace

TEST_CASE("changes made with SQL are found by verification") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  test::MakeChain(path, 6);   // a run for each, since each was waited for
  CheckFound(path, {
      {"UPDATE audit_runs SET texts = (SELECT texts FROM audit_runs WHERE first_seq = 4) WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET texts = x'01027b7d' WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET texts = x'02' || substr(texts, 2) WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET texts = substr(texts, 1, length(texts) - 1) WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET texts = x'' WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET texts = 'x' WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET texts = zeroblob(100000) WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET hashes = 'x' WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET hashes = x'00' WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET hashes = zeroblob(32) WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET prev_hash = zeroblob(32) WHERE first_seq = 3", "link"},
      {"UPDATE audit_runs SET prev_hash = x'' WHERE first_seq = 3", "link"},
      {"UPDATE audit_runs SET prev_hash = 'x' WHERE first_seq = 3", "link"},
      {"UPDATE audit_runs SET count = 0 WHERE first_seq = 3", "gap"},
      {"UPDATE audit_runs SET count = -1 WHERE first_seq = 3", "gap"},
      {"UPDATE audit_runs SET count = 2 WHERE first_seq = 3", "altered"},
      {"UPDATE audit_runs SET count = 9223372036854775807 WHERE first_seq = 6", "beyond_head"},
      {"UPDATE audit_runs SET count = 'x' WHERE first_seq = 3", "gap"},
      {"UPDATE audit_runs SET first_seq = 9 WHERE first_seq = 3", "gap"},
      {"UPDATE audit_runs SET first_seq = 9223372036854775807 WHERE first_seq = 3", "gap"},
      {"UPDATE audit_runs SET first_seq = -1 WHERE first_seq = 3", "gap"},
      {"UPDATE audit_runs SET tenant = 'acme', first_seq = CASE first_seq WHEN 3 THEN 104 ELSE 103 END WHERE first_seq IN (3, 4);"
       "UPDATE audit_runs SET first_seq = first_seq - 100 WHERE first_seq > 100", "link"},
      {"DELETE FROM audit_runs WHERE first_seq = 3", "gap"},
      {"DELETE FROM audit_runs WHERE first_seq < 3", "gap"},
      {"DELETE FROM audit_runs WHERE first_seq > 3", "truncated"},
      {"DELETE FROM audit_runs", "truncated"},
      {"INSERT INTO audit_runs (tenant, first_seq, count, prev_hash, hashes, texts) SELECT tenant, 7, 1, prev_hash, hashes, texts FROM audit_runs "
       "WHERE first_seq = 6", "beyond_head"},
      {"DELETE FROM audit_heads", "beyond_head"},
      {"UPDATE audit_heads SET next_seq = 3, hash = (SELECT lower(hex(hashes)) FROM audit_runs WHERE first_seq = 2)", "beyond_head"},
      {"UPDATE audit_heads SET hash = 'x'", "head"},
  });
}

TEST_CASE("changes within a run of many events are found, and named by their place") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  REQUIRE((*SqliteStore::Open(path, {}))->Append(std::vector{Batch(7)}).ok());
  CheckFound(path, {
      {"UPDATE audit_runs SET count = 6", "truncated"},
      {"UPDATE audit_runs SET count = 8", "beyond_head"},
      {"UPDATE audit_runs SET first_seq = 1", "gap"},
      {"UPDATE audit_runs SET hashes = substr(hashes, 33) || substr(hashes, 1, 32)", "altered"},
      {"UPDATE audit_runs SET hashes = substr(hashes, 1, 64)", "altered"},
      {"UPDATE audit_runs SET texts = substr(texts, 1, 200)", "altered"},
      {"INSERT INTO audit_runs (tenant, first_seq, count, prev_hash, hashes, texts) SELECT tenant, 3, 1, prev_hash, hashes, texts FROM audit_runs", "altered"},
      {"INSERT INTO audit_runs (tenant, first_seq, count, prev_hash, hashes, texts) SELECT tenant, 3, 0, prev_hash, hashes, texts FROM audit_runs", "altered"},
      {"INSERT INTO audit_runs (tenant, first_seq, count, prev_hash, hashes, texts) SELECT tenant, 3, 1, substr(hashes, 65, 32), substr(hashes, 97, 32), "
       "CAST(x'01' || substr(texts, 2) AS BLOB) FROM audit_runs", "altered"},
  });
  // Bytes all over the row's texts and hashes.
  const std::string copy = folder.File("copy.db");
  for (const std::string name : {"texts", "hashes"}) {
    const std::int64_t size = test::ReadNumber(path, "SELECT length(" + name + ") FROM audit_runs");
    for (std::int64_t at = 1; at <= size; at += 7) {
      CAPTURE(name);
      CAPTURE(at);
      std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
      const std::string place = std::to_string(at);
      test::RunSql(copy, "UPDATE audit_runs SET " + name + " = CAST(substr(" + name + ", 1, " + place + " - 1) || CASE substr(" + name + ", " + place +
                             ", 1) WHEN x'31' THEN x'32' ELSE x'31' END || substr(" + name + ", " + place + " + 1) AS BLOB)");
      const auto report = audit::VerifyChain(**SqliteStore::Open(copy, {}), "acme");
      REQUIRE(report.ok());
      CHECK_FALSE(report->ok);
    }
  }
}

TEST_CASE("changes of the rows of older versions are found by verification") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  test::MakeChain(path, 6);
  test::ToOlderRows(path, test::RowForm::kPacked);
  CheckFound(path, {
      {"UPDATE audit_events SET canonical = (SELECT canonical FROM audit_events WHERE seq = 4) WHERE seq = 3", "altered"},
      {"UPDATE audit_events SET canonical = CAST(canonical || x'ff1d' AS BLOB) WHERE seq = 3", "altered"},
      {"UPDATE audit_events SET canonical = '{}' WHERE seq = 3", "altered"},
      {"UPDATE audit_events SET decision = 'allow' WHERE seq = 3", "projection"},
      {"UPDATE audit_events SET check_name = 'x' WHERE seq = 3", "projection"},
      {"UPDATE audit_events SET jti = 'x' WHERE seq = 3", "projection"},
      {"UPDATE audit_events SET root_jti = 'x' WHERE seq = 3", "projection"},
      {"UPDATE audit_events SET session_id = 'x' WHERE seq = 3", "projection"},
      {"UPDATE audit_events SET code = 'x' WHERE seq = 3", "projection"},
      {"UPDATE audit_events SET actor = 'x' WHERE seq = 3", "projection"},
      {"UPDATE audit_events SET ts = ts + 1 WHERE seq = 3", "projection"},
      {"UPDATE audit_events SET hash = 'x' WHERE seq = 3", "altered"},
      {"UPDATE audit_events SET hash = x'00' WHERE seq = 3", "altered"},
      {"UPDATE audit_events SET hash = zeroblob(32) WHERE seq = 3", "altered"},
      {"UPDATE audit_events SET prev_hash = zeroblob(32) WHERE seq = 3", "link"},
      {"DELETE FROM audit_events WHERE seq = 3", "gap"},
      {"DELETE FROM audit_events WHERE seq < 3", "gap"},
      {"DELETE FROM audit_events WHERE seq > 3", "truncated"},
      {"DELETE FROM audit_events", "truncated"},
      {"DELETE FROM audit_heads", "beyond_head"},
      {"UPDATE audit_heads SET next_seq = 3, hash = (SELECT lower(hex(hash)) FROM audit_events WHERE seq = 2)", "beyond_head"},
      {"UPDATE audit_heads SET hash = 'x'", "head"},
  });
}

TEST_CASE("an event whose packed bytes were changed is named by verification") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  const std::vector<AuditRecord> records = test::MakeChain(path, 3);
  std::string text = records[2].canonical;
  text.replace(text.find("\"block\""), 7, "\"allow\"");
  std::string packed;
  REQUIRE(PackText(text, packed));
  for (const std::string& bytes : {packed, packed.substr(0, packed.size() / 2), std::string("\x01\xff\xff", 3), std::string("\x09"), text}) {
    CAPTURE(base::HexEncode(base::AsBytes(bytes)));
    const std::string part = base::HexEncode(base::AsBytes(bytes));
    std::string length = "ff00000000";
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint8_t byte = static_cast<std::uint8_t>(bytes.size() >> (8 * i));
      length.replace(2 + 2 * i, 2, base::HexEncode({&byte, 1}));
    }
    test::RunSql(path, "UPDATE audit_runs SET texts = x'01" + length + part + "' WHERE first_seq = 2");
    const auto store = SqliteStore::Open(path, {});
    REQUIRE(store.ok());
    const auto report = audit::VerifyChain(**store, "acme");
    REQUIRE(report.ok());
    CHECK_FALSE(report->ok);
    CHECK(report->problem.substr(0, report->problem.find(':')) == "altered");
    CHECK(report->broken_seq == 2);
  }
}

}  // namespace intentgate::store
