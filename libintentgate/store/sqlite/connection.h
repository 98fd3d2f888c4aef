// SQLite's C API with errors as values. The only header that knows its types; included by this folder
// only.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <intentgate/result.h>

#include "audit/audit_store.h"
#include "base/string_map.h"
#include "store/sqlite/store_vfs.h"

namespace intentgate::store {

// One prepared statement. Bound texts must live until Reset. Thread-compatible.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;   // owns the handle
  Statement& operator=(const Statement&) = delete;

  void Bind(int index, std::string_view text);
  void Bind(int index, std::int64_t number);
  void BindBlob(int index, std::string_view bytes);
  void BindNull(int index) { sqlite3_bind_null(statement_, index); }
  std::string Text(int column) const;
  std::string Blob(int column) const;
  // Asked before the column is read in another type.
  bool IsBlob(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_BLOB; }
  std::int64_t Integer(int column) const { return sqlite3_column_int64(statement_, column); }
  int StepCode() { return sqlite3_step(statement_); }
  void Reset();

 private:
  sqlite3_stmt* statement_;
};

// Resets a statement when the use of it ends.
class StatementUse {
 public:
  explicit StatementUse(Statement& statement) : statement_(&statement) {}
  ~StatementUse() { statement_->Reset(); }
  StatementUse(const StatementUse&) = delete;   // one use, one reset
  StatementUse& operator=(const StatementUse&) = delete;
  Statement* operator->() const { return statement_; }

 private:
  Statement* statement_;
};

// One connection. Thread-compatible.
class Connection {
 public:
  // The file must exist. `vfs`: null is SQLite's own.
  static Result<std::unique_ptr<Connection>> Open(const std::string& path, std::int64_t busy_timeout_ms, const char* vfs = nullptr);
  ~Connection();
  Connection(const Connection&) = delete;   // owns the handle
  Connection& operator=(const Connection&) = delete;

  // Runs all statements of `sql`.
  Status Execute(const std::string& sql);
  // The first column of the first row; 0 without rows.
  Result<std::int64_t> QueryInteger(std::string_view sql);
  // Prepared once and kept; `sql` must be one of few fixed texts.
  Result<Statement*> Kept(std::string_view sql);
  // As Kept and Run, for a statement without values.
  Status RunKept(std::string_view sql);
  // Whether there is a row.
  Result<bool> Step(Statement& statement);
  // For statements without rows.
  Status Run(Statement& statement);
  std::int64_t changed_rows() const { return sqlite3_changes64(db_); }
  // Copies finished WAL pages into the file; waits for nobody and makes nobody wait. One that cannot finish
  // now is finished by a later one.
  void Checkpoint();
  // See store_vfs.h.
  void PauseBetweenPages(const audit::Pause* pause) { store::PauseBetweenPages(db_, pause); }
  // After this connection's last commit.
  int wal_pages() const { return wal_pages_; }

  const std::string& path() const { return path_; }

 private:
  Connection(std::string path, sqlite3* db);
  Result<std::unique_ptr<Statement>> Prepare(std::string_view sql);
  Error ErrorOf(int code) const;

  std::string path_;
  sqlite3* db_;
  int wal_pages_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Statement>, base::StringHash, base::StringEq> kept_;
};

// While it lives, a connection's statements read the same moment.
class Snapshot {
 public:
  explicit Snapshot(Connection& connection) : connection_(connection) {}
  ~Snapshot() { static_cast<void>(connection_.RunKept("COMMIT").ok()); }
  Snapshot(const Snapshot&) = delete;   // one scope, one transaction
  Snapshot& operator=(const Snapshot&) = delete;
  Status Begin() { return connection_.RunKept("BEGIN"); }

 private:
  Connection& connection_;
};

// While it lives, a connection that was opened by a StoreVfs pauses as PauseBetweenPages says.
class Pauses {
 public:
  Pauses(Connection& connection, const audit::Pause& pause) : connection_(connection) { connection_.PauseBetweenPages(&pause); }
  ~Pauses() { connection_.PauseBetweenPages(nullptr); }
  Pauses(const Pauses&) = delete;   // one scope, one pause
  Pauses& operator=(const Pauses&) = delete;

 private:
  Connection& connection_;
};

// BEGIN IMMEDIATE ... COMMIT; rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}
  ~Transaction();
  Transaction(const Transaction&) = delete;   // one scope, one transaction
  Transaction& operator=(const Transaction&) = delete;
  Status Begin();
  Status Commit();

 private:
  Connection& connection_;
  bool open_ = false;
};

}  // namespace intentgate::store
