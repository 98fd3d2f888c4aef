// How SQLite goes about the pages of a tenant's chain: by what leads to them in the order of the page, never by sorting,
// whatever is asked for.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <cstdlib>
#include <string>

#include "audit/filter.h"
#include "store/sqlite/postings.h"
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
  const std::string sql = "EXPLAIN QUERY PLAN SELECT e.canonical" + query->from + query->where + query->order + " LIMIT 101";
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

// The field of the postings that lead to the page; 0 without them.
int FieldOf(AuditFilter filter, bool ascending) {
  filter.tenant = "acme";
  const auto query = PageQuery(filter, ascending, "");
  REQUIRE(query.ok());
  const std::size_t at = query->where.find("p.field = ");
  return at == std::string::npos ? 0 : std::atoi(query->where.c_str() + at + 10);
}

}  // namespace

TEST_CASE("a page is read in its own order, by places or by postings") {
  const test::ScratchFolder folder;
  REQUIRE(SqliteStore::Open(folder.File("gate.db"), {}).ok());
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(folder.File("gate.db").c_str(), &db) == SQLITE_OK);
  const auto expect = [&](PostingField field, auto set) {
    for (const bool in_window : {false, true}) {
      AuditFilter filter;
      set(filter);
      if (in_window) filter.from_micros = 1, filter.to_micros = 1'000;
      for (const bool ascending : {false, true}) {
        const std::string plan = PlanOf(db, filter, ascending);
        CAPTURE(static_cast<int>(field));
        CAPTURE(plan);
        const bool by_postings = field != PostingField::kMoment;
        // Bounded on the side of the cursor, and within a window on both.
        const std::string number = by_postings ? "block" : "seq";
        const std::string bounded = in_window ? number + ">? AND " + number + "<?" : number + (ascending ? ">?" : "<?");
        CHECK((plan.find("SEARCH p USING PRIMARY KEY (field=? AND value=? AND tenant=? AND " + bounded) != std::string::npos) ==
              by_postings);
        CHECK(plan.find("SEARCH e USING INDEX audit_events_place (tenant=? AND " +
                        (by_postings ? "seq>? AND seq<?" : bounded)) != std::string::npos);
        CHECK(plan.find("TEMP B-TREE") == std::string::npos);
        CHECK(FieldOf(filter, ascending) == (by_postings ? static_cast<int>(field) : 0));
      }
    }
  };
  expect(PostingField::kMoment, [](AuditFilter&) {});
  expect(PostingField::kAgent, [](AuditFilter& f) { f.agent_id = "a"; });
  expect(PostingField::kTool, [](AuditFilter& f) { f.tool = "t"; });
  expect(PostingField::kAgentAndTool, [](AuditFilter& f) { f.agent_id = "a", f.tool = "t"; });
  expect(PostingField::kDecision, [](AuditFilter& f) { f.decision = "block"; });
  expect(PostingField::kKind, [](AuditFilter& f) { f.kind = "admin"; });
  expect(PostingField::kKind, [](AuditFilter& f) { f.kind = "control"; });
  expect(PostingField::kElevation, [](AuditFilter& f) { f.elevation_id = "e"; });
  expect(PostingField::kRootToken, [](AuditFilter& f) { f.root_jti = "r"; });
  expect(PostingField::kSession, [](AuditFilter& f) { f.session_id = "s", f.agent_id = "a"; });
  sqlite3_close(db);
}

}  // namespace intentgate::store
