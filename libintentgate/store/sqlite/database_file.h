// The database's file in a store's VFS: it may be told to pause before each page that is written into it. With a write-ahead log only checkpoints
// write there, so these are the steps of a checkpoint, for which SQLite has no other hook. While it pauses, it has the system write the pages
// to the disk as they come, and not all in one call at the end. Included by this folder only.
#pragma once

#include <sqlite3.h>

#include "audit/audit_store.h"
#include "store/sqlite/vfs_shim.h"

namespace intentgate::store {

struct DatabaseState {
  const audit::Pause* pause = nullptr;
  const char* name = nullptr;   // SQLite keeps it while the file is open
  // Of the pages since the system was last told to write: their number, and what they lie between.
  int pages = 0;
  sqlite3_int64 from = 0, to = 0;
  int descriptor = -1;          // see DescriptorOf
};
using DatabaseFile = ShimFile<DatabaseState>;

// The file control that sets it. SQLite keeps the numbers below 100 for itself
// (https://www.sqlite.org/c3ref/c_fcntl_begin_atomic_write.html).
inline constexpr int kSetPause = 1'001;

// As xOpen of `below`.
int OpenDatabaseFile(sqlite3_vfs* below, const char* name, sqlite3_file* file, int flags, int* out_flags);

}  // namespace intentgate::store
