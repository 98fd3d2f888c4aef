// What somebody with write access to the file can do, and that verification finds it.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "audit/audit_log.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"

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
    {
      const auto store = SqliteStore::Open(path, {});
      auto log = audit::AuditLog::Create(*store, {}, SystemClock(), SystemRandom());
      for (int i = 0; i < 6; ++i) {
        AuditEvent e;
        e.tenant = "acme";
        e.decision = "block";
        REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
      }
      REQUIRE(audit::VerifyChain(**store, "acme")->ok);
    }
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    REQUIRE(sqlite3_exec(db, c.sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);

    const auto store = SqliteStore::Open(path, {});
    REQUIRE(store.ok());
    CHECK((*store)->Tenants()->size() == 1);
    const auto report = audit::VerifyChain(**store, "acme");
    REQUIRE(report.ok());
    CHECK_FALSE(report->ok);
    CHECK(report->problem.substr(0, report->problem.find(':')) == c.problem);
  }
}

}  // namespace intentgate::store
