// How SQLite goes about the questions of a store: by an index, in its order, and never by sorting or reading a whole table, whatever is asked for.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <set>
#include <string>
#include <vector>

#include "audit/filter.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_file.h"

namespace intentgate::store {
namespace {

// The connections that are opened while it lives.
std::vector<sqlite3*>* opened = nullptr;

int NoteConnection(sqlite3* db, char**, const sqlite3_api_routines*) {
  if (opened != nullptr) opened->push_back(db);
  return SQLITE_OK;
}

class Watch {
 public:
  Watch() {
    opened = &connections_;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(NoteConnection));
  }
  ~Watch() {
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(NoteConnection));
    opened = nullptr;
  }
  Watch(const Watch&) = delete;   // there is one list
  Watch& operator=(const Watch&) = delete;

  // Of all statements that the connections have kept.
  std::set<std::string> Statements() const {
    std::set<std::string> all;
    for (sqlite3* const db : connections_) {
      for (sqlite3_stmt* s = sqlite3_next_stmt(db, nullptr); s != nullptr; s = sqlite3_next_stmt(db, s)) all.insert(sqlite3_sql(s));
    }
    return all;
  }

 private:
  std::vector<sqlite3*> connections_;
};

std::string PlanOf(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_prepare_v2(db, ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &statement, nullptr) == SQLITE_OK);
  std::string plan;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    plan += reinterpret_cast<const char*>(sqlite3_column_text(statement, 3));
    plan += '\n';
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return plan;
}

}  // namespace

TEST_CASE("no page, count, scan or append sorts, or reads a table from end to end") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  test::MakeChain(path, 80);
  std::set<std::string> statements;
  {
    const Watch watch;
    const auto store = *SqliteStore::Open(path, {});
    std::vector<AuditFilter> filters(12);
    filters[1].agent_id = "a";
    filters[2].tool = "t";
    filters[3].agent_id = "a", filters[3].tool = "t";
    filters[4].decision = "block";
    filters[5].kind = "admin";
    filters[6].elevation_id = "e";
    filters[7].root_jti = "r";
    filters[8].session_id = "s";
    filters[9].event_id = "id";
    filters[10].jti = "j";
    filters[11].from_seq = 3, filters[11].to_seq = 70;
    for (AuditFilter filter : filters) {
      for (const bool in_window : {false, true}) {
        if (in_window) filter.from_micros = 1, filter.to_micros = INT64_MAX;
        for (const char* tenant : {"acme", ""}) {
          filter.tenant = tenant;
          for (const bool ascending : {false, true}) REQUIRE(store->Query(filter, ascending, audit::WriteCursor({INT64_MAX / 2, "acme", 50}), 10).ok());
          if (audit::NarrowsEvents(filter)) REQUIRE(store->Count(filter).ok());
        }
      }
    }
    REQUIRE(store->ScanStored("acme", 0, 100).ok());
    REQUIRE(store->ChainHashes("acme", 0, 100).ok());
    REQUIRE(store->PrivateValues("acme", std::vector<std::int64_t>{3}).ok());
    REQUIRE(store->ErasePrivateValues("acme", std::vector<std::int64_t>{3}).ok());
    statements = watch.Statements();
  }
  int looked_at = 0;
  for (const std::string& sql : statements) {
    if (sql.find("audit_") == std::string::npos || sql.find("RECURSIVE") != std::string::npos) continue;   // the jumps from tenant to tenant
    const std::string plan = PlanOf(path, sql);
    CAPTURE(sql);
    CAPTURE(plan);
    CHECK(plan.find("TEMP B-TREE") == std::string::npos);
    CHECK(plan.find("SCAN audit") == std::string::npos);
    ++looked_at;
  }
  CHECK(looked_at >= 12);
}

}  // namespace intentgate::store
