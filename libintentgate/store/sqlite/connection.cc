#include "store/sqlite/connection.h"

#include <utility>

namespace intentgate::store {

void Statement::Bind(int index, std::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::Bind(int index, std::int64_t number) { sqlite3_bind_int64(statement_, index, number); }

void Statement::BindBlob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, index, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
}

std::string Statement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
}

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return text == nullptr ? std::string() : std::string(text, static_cast<std::size_t>(size));
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Connection::Connection(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {
  sqlite3_extended_result_codes(db_, 1);
  // Takes the place of SQLite's automatic checkpoints. PRAGMA wal_autocheckpoint would remove it.
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

Connection::~Connection() {
  kept_.clear();
  sqlite3_close_v2(db_);
}

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path, std::int64_t busy_timeout_ms, const char* vfs) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs);
  if (db == nullptr) return Error{ErrorCode::kInternal, "SQLite could not allocate a connection"};
  std::unique_ptr<Connection> connection(new Connection(path, db));
  if (code != SQLITE_OK) return connection->ErrorOf(code);
  // When it may not write, or the disk fails at that moment, SQLite opens the file for reading, for good.
  if (sqlite3_db_readonly(db, "main") != 0) return connection->ErrorOf(SQLITE_READONLY);
  sqlite3_busy_timeout(db, static_cast<int>(busy_timeout_ms));
  return connection;
}

Status Connection::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return ErrorOf(code);
  return {};
}

Result<std::int64_t> Connection::QueryInteger(std::string_view sql) {
  Result<std::unique_ptr<Statement>> statement = Prepare(sql);
  if (!statement.ok()) return statement.error();
  Result<bool> row = Step(**statement);
  if (!row.ok()) return row.error();
  return *row ? (*statement)->Integer(0) : std::int64_t{0};
}

Result<Statement*> Connection::Kept(std::string_view sql) {
  const auto found = kept_.find(sql);
  if (found != kept_.end()) return found->second.get();
  Result<std::unique_ptr<Statement>> statement = Prepare(sql);
  if (!statement.ok()) return statement.error();
  return kept_.emplace(std::string(sql), std::move(*statement)).first->second.get();
}

Status Connection::RunKept(std::string_view sql) {
  Result<Statement*> statement = Kept(sql);
  if (!statement.ok()) return statement.error();
  const StatementUse use(**statement);
  return Run(**statement);
}

Result<std::unique_ptr<Statement>> Connection::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return ErrorOf(code);
  return std::make_unique<Statement>(statement);
}

Result<bool> Connection::Step(Statement& statement) {
  const int code = statement.StepCode();
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return ErrorOf(code);
}

Status Connection::Run(Statement& statement) {
  Result<bool> row = Step(statement);
  if (!row.ok()) return row.error();
  return {};
}

void Connection::Checkpoint() { sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr); }

Error Connection::ErrorOf(int code) const {
  const std::string said = " (SQLite says: " + std::string(sqlite3_errmsg(db_)) + ")";
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::kIo, path_ + ": no space left for the database; nothing was written. Free space on its disk, "
                                      "or raise the size limit if one is set" + said};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable, path_ + ": another process held the database for longer than the busy timeout; "
                                               "look which one has it open" + said};
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt, path_ + " is not a SQLite database; choose another path or move that file away" + said};
    case SQLITE_CORRUPT:
      return {ErrorCode::kCorrupt, path_ + ": the database is damaged; restore a backup and compare it with your "
                                           "newest audit export" + said};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::kCorrupt, path_ + ": the database holds a row where a new one belongs; verify the audit chain" +
                                       said};
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::kIo, path_ + ": cannot open the database for writing; this user needs write permission on the "
                                      "file and on its directory" + said};
    case SQLITE_IOERR:
      return {ErrorCode::kIo, path_ + ": the disk did not read or write the database" + said};
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return {ErrorCode::kLimitExceeded, path_ + ": too large for SQLite or for memory" + said};
    default: return {ErrorCode::kInternal, path_ + ": unexpected SQLite error " + std::to_string(code) + said};
  }
}

Transaction::~Transaction() {
  // After some errors SQLite has rolled back already; then this one says so and changes nothing.
  if (open_) static_cast<void>(connection_.Execute("ROLLBACK").ok());
}

Status Transaction::Begin() {
  Status s = connection_.RunKept("BEGIN IMMEDIATE");
  open_ = s.ok();
  return s;
}

Status Transaction::Commit() {
  Status s = connection_.RunKept("COMMIT");
  if (s.ok()) open_ = false;
  return s;
}

}  // namespace intentgate::store
