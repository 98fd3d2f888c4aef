// The VFS of a store's connections that write (https://www.sqlite.org/vfs.html): SQLite's own, but for the two files that log_file.h and database_file.h are about.
#pragma once

#include <sqlite3.h>

#include "audit/audit_store.h"

namespace intentgate::store {

// Its name, for sqlite3_open_v2; null if SQLite could not take it. Thread-safe.
// With `gathers` the log is written in large pieces. Only for connections with synchronous=FULL: there a commit syncs the log before anyone is
// told that its pages are there (https://www.sqlite.org/wal.html). With less, another connection would look for pages that are not written.
const char* StoreVfs(bool gathers);

// From now on `db`, opened by a StoreVfs, calls `pause` before each page that a checkpoint writes, and between the pieces of a large commit if it gathers; null:
// nothing. `pause` must live until the next call, may not throw, and may not use `db`. For the thread that uses `db`; with another VFS nothing happens.
void PauseBetweenPages(sqlite3* db, const audit::Pause* pause);

}  // namespace intentgate::store
