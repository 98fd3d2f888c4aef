#include "store/postgres/schema.h"

#include "embedded/postgres_migrations.h"
#include "store/migration_number.h"

namespace intentgate::store::pg {
namespace {

constexpr std::int64_t kOldestServer = 140'000;
constexpr std::size_t kMaxName = 63;   // PostgreSQL's NAMEDATALEN - 1
constexpr int kAttempts = 3;           // another process may migrate at the same moment
// An index over a long chain takes minutes, and who waits for another that makes it waits as long.
constexpr std::int64_t kMigrationPatienceMs = 3'600'000;
constexpr std::int64_t kNoSchema = -2, kForeign = -1;

Status CheckServer(Connection& connection) {
  Result<Rows> rows = connection.Read(Command(
      "SELECT current_setting('server_version_num')::bigint, current_setting('server_version'), "
      "current_setting('server_encoding')"));
  if (!rows.ok()) return rows.error();
  if (rows->Integer(0, 0) < kOldestServer) {
    return Error{ErrorCode::kUnsupportedVersion,
                 "PostgreSQL " + rows->Text(0, 1) + " is too old; version 14 or newer is needed"};
  }
  if (rows->Text(0, 2) != "UTF8") {
    return Error{ErrorCode::kInvalidArgument, "the database has the encoding " + rows->Text(0, 2) +
                                                  "; create one with ENCODING 'UTF8' and TEMPLATE template0"};
  }
  return {};
}

// The version of the schema, 0 when it is empty, or kNoSchema or kForeign.
Result<std::int64_t> VersionOf(Connection& connection, const std::string& schema) {
  Command look(
      "SELECT CASE WHEN to_regnamespace($1) IS NULL THEN -2 WHEN to_regclass($1 || '.schema_migrations') IS NOT NULL "
      "THEN 1 WHEN EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1)::oid) THEN -1 ELSE 0 END::bigint");
  look.Text("\"" + schema + "\"");
  Result<Rows> rows = connection.Run(look);
  if (!rows.ok()) return rows.error();
  if (const std::int64_t found = rows->Integer(0, 0); found != 1) return found;
  rows = connection.Run(Command("SELECT coalesce(max(version), 0)::bigint FROM \"" + schema + "\".schema_migrations"));
  if (!rows.ok()) return rows.error();
  return rows->Integer(0, 0);
}

// The version, if this build can work with it.
Result<std::int64_t> UsableVersion(Connection& connection, const std::string& schema) {
  Result<std::int64_t> version = VersionOf(connection, schema);
  if (!version.ok()) return version;
  if (*version == kForeign) {
    return Error{ErrorCode::kInvalidArgument,
                 "the schema " + schema + " holds tables of another program; choose another one"};
  }
  if (*version <= NewestSchema()) return version;
  return Error{ErrorCode::kUnsupportedVersion,
               "the schema " + schema + " has version " + std::to_string(*version) + "; this build knows up to " +
                   std::to_string(NewestSchema()) +
                   ". Start the newer version of the program, or restore the backup from before its first start"};
}

// One script from BEGIN to COMMIT: a connection that breaks in the middle leaves nothing behind. If another process was
// faster, the script fails at its first statement that makes something.
std::string ScriptFrom(std::int64_t version, const std::string& schema) {
  std::string script = "BEGIN;\nSET LOCAL statement_timeout TO 0;\nSELECT pg_advisory_xact_lock(hashtextextended('intentgate " + schema + "', 0));\n";
  if (version == kNoSchema) script += "CREATE SCHEMA \"" + schema + "\";\n";
  script += "SET LOCAL search_path TO \"" + schema + "\";\n";
  if (version <= 0) script += "CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL);\n";
  for (const embedded::postgres_migrations_File& file : embedded::postgres_migrations()) {
    const std::int64_t number = MigrationNumber(file.name);
    if (number <= version) continue;
    script += "INSERT INTO schema_migrations VALUES (" + std::to_string(number) + ", '" + std::string(file.name) + "');\n";
    script += file.contents;
  }
  return script + "COMMIT";
}

}  // namespace

std::int64_t NewestSchema() { return MigrationNumber(embedded::postgres_migrations().back().name); }

Status CheckSchemaName(const std::string& name) {
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyz_", kRest = "abcdefghijklmnopqrstuvwxyz_0123456789";
  const bool good = !name.empty() && name.size() <= kMaxName && kFirst.find(name[0]) != std::string_view::npos &&
                    name.find_first_not_of(kRest) == std::string::npos && !name.starts_with("pg_") &&
                    name != "information_schema";
  if (good) return {};
  return Error{ErrorCode::kInvalidArgument,
               "not a name for a schema; write at most 63 of a-z, 0-9 and _, beginning with a letter, not with pg_"};
}

Status Migrate(Connection& connection, const std::string& schema) {
  if (Status s = CheckServer(connection); !s.ok()) return s;
  Status last;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Result<std::int64_t> version = UsableVersion(connection, schema);
    if (!version.ok()) return version.error();
    if (*version == NewestSchema()) return {};
    last = connection.Script(ScriptFrom(*version, schema), kMigrationPatienceMs);
    if (last.ok()) return last;
  }
  return last;
}

}  // namespace intentgate::store::pg
