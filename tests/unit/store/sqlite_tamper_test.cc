// What somebody with write access to the file can do, and that verification finds it.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/encoding.h"
#include "store/sqlite/packed_text.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_file.h"

namespace intentgate::store {

TEST_CASE("changes made with SQL are found by verification") {
  struct Case {
    const char* sql;
    const char* problem;
  };
  const std::vector<Case> cases = {
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
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.sql));
    const test::ScratchFolder folder;
    const std::string path = folder.File("gate.db");
    test::MakeChain(path, 6);
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

TEST_CASE("an event whose packed bytes were changed is named by verification") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  const std::vector<AuditRecord> records = test::MakeChain(path, 3);
  std::string text = records[2].canonical;
  text.replace(text.find("\"block\""), 7, "\"allow\"");
  std::string packed;
  REQUIRE(PackText(text, packed));
  for (const std::string& bytes : {packed, packed.substr(0, packed.size() / 2), std::string("\x01\xff\xff", 3), std::string("\x09")}) {
    CAPTURE(base::HexEncode(base::AsBytes(bytes)));
    test::RunSql(path, "UPDATE audit_events SET canonical = x'" + base::HexEncode(base::AsBytes(bytes)) + "' WHERE seq = 2");
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
