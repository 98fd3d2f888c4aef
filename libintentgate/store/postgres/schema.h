// Brings a schema to what this build needs: migrations/postgres/NNNN_name.sql, in order, each once, all in one
// transaction under a lock, so that any number of gateways may start at the same moment.
#pragma once

#include <cstdint>
#include <string>

#include <intentgate/result.h>

#include "store/postgres/connection.h"

namespace intentgate::store::pg {

// The newest schema that this build knows.
std::int64_t NewestSchema();

// kInvalidArgument unless the name is [a-z_][a-z0-9_]{0,62} and not one of PostgreSQL's own.
Status CheckSchemaName(const std::string& name);

// kUnsupportedVersion: the schema is newer than this build, or the server older than 14. kInvalidArgument: the schema
// is another program's, or the database is not in UTF-8. Reads only when there is nothing to do.
Status Migrate(Connection& connection, const std::string& schema);

}  // namespace intentgate::store::pg
