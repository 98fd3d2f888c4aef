// Tested by tests/unit/store/sqlite_store_vfs_test.cc, and by every test of the store.
#include "store/sqlite/store_vfs.h"

#include <algorithm>

#include "store/sqlite/database_file.h"
#include "store/sqlite/log_file.h"
#include "store/sqlite/vfs_shim.h"

namespace intentgate::store {
namespace {

// Asked for once: the host program may choose another default later, whose files are larger than what is laid out for this one.
sqlite3_vfs* SystemVfs() {
  static sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
  return system;
}

template <bool Gathers>
int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* const system = SystemVfs();
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) return OpenDatabaseFile(system, name, file, flags, out_flags);
  if (Gathers && (flags & SQLITE_OPEN_WAL) != 0) return OpenLogFile(system, name, file, flags, out_flags);
  return system->xOpen(system, name, file, flags, out_flags);
}

template <bool Gathers>
const char* Registered() {
  static constexpr const char* kName = Gathers ? "intentgate-gathering" : "intentgate";
  static const bool registered = [] {
    if (SystemVfs() == nullptr) return false;
    // SQLite links it into its list, so it stays for good.
    static sqlite3_vfs ours = *SystemVfs();
    ours.pNext = nullptr;
    ours.zName = kName;
    ours.szOsFile += static_cast<int>(std::max(DatabaseFile::RealAt(), LogFile::RealAt()));
    ours.xOpen = Open<Gathers>;
    return sqlite3_vfs_register(&ours, 0) == SQLITE_OK;
  }();
  return registered ? kName : nullptr;
}

}  // namespace

const char* StoreVfs(bool gathers) { return gathers ? Registered<true>() : Registered<false>(); }

void PauseBetweenPages(sqlite3* db, const audit::Pause* pause) {
  sqlite3_file_control(db, "main", kSetPause, const_cast<audit::Pause*>(pause));
}

}  // namespace intentgate::store
