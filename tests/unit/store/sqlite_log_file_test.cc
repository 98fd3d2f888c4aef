// The log that is written in large pieces, under SQLite itself.

#include "store/sqlite/log_file.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "store/sqlite/store_vfs.h"
#include "support/scratch_folder.h"

namespace intentgate::store {
namespace {

class Database {
 public:
  Database(const std::string& path, const char* vfs) {
    REQUIRE(sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) == SQLITE_OK);
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;   // owns the handle
  Database& operator=(const Database&) = delete;

  void Run(const char* sql) {
    INFO(sql);
    CHECK(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  std::string Text(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
    const std::string text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
  }

 private:
  sqlite3* db_ = nullptr;
};

constexpr const char* kTable = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)";
// Some hundred pages.
constexpr const char* kRows =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO t (b) SELECT randomblob(2000) FROM n";

// The system calls by which this process has written so far.
std::int64_t Writes() {
  std::ifstream file("/proc/self/io");
  for (std::string name; file >> name;) {
    std::int64_t value = 0;
    file >> value;
    if (name == "syscw:") return value;
  }
  return -1;
}

std::int64_t WritesOfACommit(const char* vfs) {
  const test::ScratchFolder folder;
  Database db(folder.File("t.db"), vfs);
  db.Run(kTable);
  const std::int64_t before = Writes();
  db.Run(kRows);
  return Writes() - before;
}

// One database, and another connection to it.
struct Both {
  test::ScratchFolder folder;
  Database db{folder.File("t.db"), StoreVfs(true)};
  Database other{folder.File("t.db"), nullptr};

  Both() { db.Run(kTable); }
};

}  // namespace

TEST_CASE("a commit writes its pages at once") {
  REQUIRE(StoreVfs(true) != nullptr);
  CHECK(WritesOfACommit(nullptr) > 400);
  CHECK(WritesOfACommit(StoreVfs(true)) < 10);
}

TEST_CASE("what is committed is there for everyone, what is rolled back for nobody") {
  Both both;
  Database &db = both.db, &other = both.other;
  db.Run(kRows);
  CHECK(other.Text("SELECT count(*) FROM t") == "400");
  db.Run("BEGIN");
  db.Run(kRows);
  CHECK(other.Text("SELECT count(*) FROM t") == "400");
  db.Run("ROLLBACK");
  db.Run("INSERT INTO t (b) VALUES ('x')");
  CHECK(other.Text("SELECT count(*) FROM t") == "401");
  CHECK(other.Text("PRAGMA integrity_check") == "ok");
}

TEST_CASE("a transaction that is larger than the cache reads what it has written itself") {
  Both both;
  Database &db = both.db, &other = both.other;
  // Five pages; the others go into the log before the commit, and come back from there.
  db.Run("PRAGMA cache_size = 5; BEGIN");
  db.Run(kRows);
  db.Run("UPDATE t SET b = zeroblob(2000) WHERE a % 2 = 0");
  CHECK(db.Text("SELECT count(*) FROM t WHERE b = zeroblob(2000)") == "200");
  db.Run("SAVEPOINT s; UPDATE t SET b = 'x'; ROLLBACK TO s; COMMIT");
  CHECK(other.Text("SELECT count(*) FROM t WHERE b = zeroblob(2000)") == "200");
  CHECK(other.Text("PRAGMA integrity_check") == "ok");
}

TEST_CASE("logs that start over and are truncated") {
  const test::ScratchFolder folder;
  {
    Database db(folder.File("t.db"), StoreVfs(true));
    db.Run(kTable);
    for (int i = 0; i < 5; ++i) {
      db.Run(kRows);
      db.Run(i % 2 == 0 ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(RESTART)");
    }
    db.Run(kRows);
  }
  Database again(folder.File("t.db"), nullptr);
  CHECK(again.Text("SELECT count(*) FROM t") == "2400");
  CHECK(again.Text("PRAGMA integrity_check") == "ok");
}

}  // namespace intentgate::store
