// How SQLite goes about the pages of a tenant's chain: by an index in the order of the page, never by sorting, whatever
// is asked for.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <string>
#include <variant>

#include "audit/filter.h"
#include "store/sqlite/query_sql.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"

namespace intentgate::store {
namespace {

// The plan of a page behind a cursor in the middle of the chain.
std::string PlanOf(sqlite3* db, AuditFilter filter, bool ascending) {
  filter.tenant = "acme";
  const auto query = PageQuery(filter, ascending, audit::WriteCursor({0, "acme", 500}));
  REQUIRE(query.ok());
  const std::string sql = "EXPLAIN QUERY PLAN SELECT canonical" + query->from + query->where + query->order + " LIMIT 101";
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  std::string plan;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    plan += reinterpret_cast<const char*>(sqlite3_column_text(statement, 3));
    plan += '\n';
  }
  sqlite3_finalize(statement);
  return plan;
}

}  // namespace

TEST_CASE("a page is read from an index in its own order") {
  const test::ScratchFolder folder;
  REQUIRE(SqliteStore::Open(folder.File("gate.db"), {}).ok());
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(folder.File("gate.db").c_str(), &db) == SQLITE_OK);
  const auto expect = [&](const std::string& index, auto set) {
    for (const bool in_window : {false, true}) {
      AuditFilter filter;
      set(filter);
      if (in_window) filter.from_micros = 1, filter.to_micros = 1'000;
      for (const bool ascending : {false, true}) {
        const std::string plan = PlanOf(db, filter, ascending);
        CAPTURE(index);
        CAPTURE(plan);
        CHECK(plan.find("USING INDEX " + index) != std::string::npos);
        CHECK(plan.find("seq") != std::string::npos);
        CHECK(plan.find("TEMP B-TREE") == std::string::npos);
      }
    }
  };
  expect("audit_events_place (tenant=?", [](AuditFilter&) {});
  expect("audit_events_agent (tenant=? AND agent_id=?", [](AuditFilter& f) { f.agent_id = "a"; });
  expect("audit_events_tool (tenant=? AND tool=?", [](AuditFilter& f) { f.tool = "t"; });
  expect("audit_events_agent_tool (tenant=? AND agent_id=? AND tool=?", [](AuditFilter& f) { f.agent_id = "a", f.tool = "t"; });
  expect("audit_events_denied (tenant=? AND decision=?", [](AuditFilter& f) { f.decision = "block"; });
  expect("audit_events_kind (tenant=? AND kind=?", [](AuditFilter& f) { f.kind = "admin"; });
  expect("audit_events_kind (tenant=? AND kind=?", [](AuditFilter& f) { f.kind = "control"; });
  expect("audit_events_elevated (tenant=? AND elevation_id=?", [](AuditFilter& f) { f.elevation_id = "e"; });
  expect("audit_events_root (tenant=? AND root_jti=?", [](AuditFilter& f) { f.root_jti = "r"; });
  expect("audit_events_session (tenant=? AND session_id=?", [](AuditFilter& f) { f.session_id = "s", f.agent_id = "a"; });
  sqlite3_close(db);
}

}  // namespace intentgate::store
