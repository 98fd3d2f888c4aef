// The database's file in a store's VFS: it may be told to pause before each page that is written into it. With a write-ahead log only checkpoints
// write there, so these are the steps of a checkpoint, for which SQLite has no other hook. Included by this folder only.
#pragma once

#include <sqlite3.h>

#include "audit/audit_store.h"
#include "store/sqlite/vfs_shim.h"

namespace intentgate::store {

struct Pausing {
  const audit::Pause* pause = nullptr;
};
using DatabaseFile = ShimFile<Pausing>;

// The file control that sets it. SQLite keeps the numbers below 100 for itself
// (https://www.sqlite.org/c3ref/c_fcntl_begin_atomic_write.html).
inline constexpr int kSetPause = 1'001;

// As xOpen of `below`.
int OpenDatabaseFile(sqlite3_vfs* below, const char* name, sqlite3_file* file, int flags, int* out_flags);

}  // namespace intentgate::store
