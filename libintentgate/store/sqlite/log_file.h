// The write-ahead log in a store's VFS, written in large pieces. SQLite writes each page of a commit by itself, and a header before it; here they
// gather until the log is synced, read, or large, and go out in one system call. Between the pieces of a large commit it pauses, if the
// database was told to. Included by this folder only.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <string>

#include "store/sqlite/database_file.h"
#include "store/sqlite/vfs_shim.h"

namespace intentgate::store {

struct Gathered {
  sqlite3_int64 begins_at = 0;
  std::string bytes;
  const DatabaseFile* database = nullptr;
  const char* name = nullptr;   // SQLite keeps it while the file is open
  int to_disk = -1;             // a descriptor of the log's own, once a commit was large
};
using LogFile = ShimFile<Gathered>;

// As xOpen of `below`, for the log of a database that OpenDatabaseFile opened.
int OpenLogFile(sqlite3_vfs* below, const char* name, sqlite3_file* file, int flags, int* out_flags);

}  // namespace intentgate::store
