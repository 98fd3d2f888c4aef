// The file of a SQLite store that nobody has open, for tests of what else may be in it.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "audit/audit_log.h"
#include "store/sqlite/sqlite_store.h"

namespace intentgate::test {

// All statements of `sql`.
inline void RunSql(const std::string& path, const std::string& sql) {
  CAPTURE(sql.substr(0, 200));
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

// What the first column of the first row says.
inline std::int64_t ReadNumber(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  sqlite3_stmt* select = nullptr;
  REQUIRE(sqlite3_prepare_v2(db, sql.c_str(), -1, &select, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_step(select) == SQLITE_ROW);
  const std::int64_t number = sqlite3_column_int64(select, 0);
  sqlite3_finalize(select);
  sqlite3_close(db);
  return number;
}

// Makes the file, with a chain of the tenant "acme": what it begins with, and `blocks` blocked calls. Gives the chain.
inline std::vector<AuditRecord> MakeChain(const std::string& path, int blocks) {
  const auto store = store::SqliteStore::Open(path, {});
  REQUIRE(store.ok());
  const auto log = audit::AuditLog::Create(*store, {}, SystemClock(), SystemRandom());
  REQUIRE(log.ok());
  for (int i = 0; i < blocks; ++i) {
    AuditEvent e;
    e.tenant = "acme";
    e.decision = "block";
    REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
  }
  REQUIRE(audit::VerifyChain(**store, "acme")->ok);
  return *(*store)->Scan("acme", 0, static_cast<std::size_t>(blocks) + 1);
}

}  // namespace intentgate::test
