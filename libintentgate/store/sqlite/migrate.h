// Brings a database file to the schema of this build: migrations/sqlite/NNNN_name.sql, in order, each
// once, all in one transaction that also keeps a second process out.
#pragma once

#include <cstdint>

#include <intentgate/result.h>

#include "store/sqlite/connection.h"

namespace intentgate::store {

// The newest schema that this build knows.
std::int64_t NewestSchema();

// kUnsupportedVersion: the file has a newer schema. kInvalidArgument: it is another program's database.
// kCorrupt: it is no database. Reads only.
Status CheckSchema(Connection& connection);

// As CheckSchema, and brings an older or empty file up to date.
Status Migrate(Connection& connection);

}  // namespace intentgate::store
