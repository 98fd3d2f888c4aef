// A VFS of SQLite's whose write-ahead log is written in large pieces. SQLite writes each page of a commit by itself, and a header before
// it; here they gather until the log is synced, read, or large, and go out in one system call.
//
// Only for connections with synchronous=FULL: there a commit syncs the log before anyone is told that its pages are there
// (https://www.sqlite.org/wal.html; https://www.sqlite.org/vfs.html for what a VFS is). With less, another connection would look for pages that are not written.
#pragma once

namespace intentgate::store {

// Its name, for sqlite3_open_v2; null if SQLite could not take it. Thread-safe.
const char* GatheringVfs();

}  // namespace intentgate::store
