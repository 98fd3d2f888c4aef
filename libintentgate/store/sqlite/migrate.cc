#include "store/sqlite/migrate.h"

#include <string>

#include "embedded/sqlite_migrations.h"
#include "store/migration_number.h"

namespace intentgate::store {
namespace {

Result<std::int64_t> VersionOf(Connection& connection) {
  // In one statement: between two, another process may migrate the file.
  constexpr int kEmpty = 0, kOurs = 1;
  Result<std::int64_t> owner = connection.QueryInteger(
      "SELECT CASE WHEN count(*) = 0 THEN 0 WHEN sum(name = 'schema_migrations') > 0 THEN 1 ELSE 2 END "
      "FROM sqlite_master WHERE type = 'table'");
  if (!owner.ok()) return owner.error();
  if (*owner == kOurs) return connection.QueryInteger("SELECT max(version) FROM schema_migrations");
  if (*owner != kEmpty) {
    return Error{ErrorCode::kInvalidArgument,
                 connection.path() + " is the database of another program; choose another path"};
  }
  return std::int64_t{0};
}

// The version, if this build can work with it.
Result<std::int64_t> UsableVersion(Connection& connection) {
  Result<std::int64_t> version = VersionOf(connection);
  if (!version.ok() || *version <= NewestSchema()) return version;
  return Error{ErrorCode::kUnsupportedVersion,
               connection.path() + " has schema version " + std::to_string(*version) + "; this build knows up to " +
                   std::to_string(NewestSchema()) +
                   ". Start the newer version of the program, or restore the backup from before its first start"};
}

}  // namespace

std::int64_t NewestSchema() { return MigrationNumber(embedded::sqlite_migrations().back().name); }

Status CheckSchema(Connection& connection) {
  Result<std::int64_t> version = UsableVersion(connection);
  if (!version.ok()) return version.error();
  return {};
}

Status Migrate(Connection& connection) {
  Transaction transaction(connection);
  if (Status s = transaction.Begin(); !s.ok()) return s;
  Result<std::int64_t> version = UsableVersion(connection);
  if (!version.ok()) return version.error();
  if (*version == NewestSchema()) return {};
  if (*version == 0) {
    if (Status s = connection.Execute("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL)");
        !s.ok()) {
      return s;
    }
  }
  for (const embedded::sqlite_migrations_File& file : embedded::sqlite_migrations()) {
    const std::int64_t number = MigrationNumber(file.name);
    if (number <= *version) continue;
    if (Status s = connection.Execute(std::string(file.contents)); !s.ok()) return s;
    Result<Statement*> insert = connection.Kept("INSERT INTO schema_migrations (version, name) VALUES (?, ?)");
    if (!insert.ok()) return insert.error();
    const StatementUse use(**insert);
    use->Bind(1, number);
    use->Bind(2, file.name);
    if (Status s = connection.Run(**insert); !s.ok()) return s;
  }
  return transaction.Commit();
}

}  // namespace intentgate::store
