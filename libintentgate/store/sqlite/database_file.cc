// Tested by tests/unit/store/sqlite_store_vfs_test.cc, and by every test of the store.
#include "store/sqlite/database_file.h"

#include <algorithm>

namespace intentgate::store {
namespace {

int Write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 at) {
  if (const audit::Pause* const pause = DatabaseFile::Of(file).state.pause) (*pause)();
  return Real<Pausing, &sqlite3_io_methods::xWrite>(file, data, amount, at);
}

int FileControl(sqlite3_file* file, int operation, void* argument) {
  if (operation != kSetPause) return Real<Pausing, &sqlite3_io_methods::xFileControl>(file, operation, argument);
  DatabaseFile::Of(file).state.pause = static_cast<const audit::Pause*>(argument);
  return SQLITE_OK;
}

using Methods = sqlite3_io_methods;

constexpr Methods MethodsOf(int version) {
  return {version, DatabaseFile::Close, Real<Pausing, &Methods::xRead>, Write, Real<Pausing, &Methods::xTruncate>, Real<Pausing, &Methods::xSync>,
          Real<Pausing, &Methods::xFileSize>, Real<Pausing, &Methods::xLock>, Real<Pausing, &Methods::xUnlock>,
          Real<Pausing, &Methods::xCheckReservedLock>, FileControl, Real<Pausing, &Methods::xSectorSize>,
          Real<Pausing, &Methods::xDeviceCharacteristics>, Real<Pausing, &Methods::xShmMap>, Real<Pausing, &Methods::xShmLock>,
          Real<Pausing, &Methods::xShmBarrier>, Real<Pausing, &Methods::xShmUnmap>, Real<Pausing, &Methods::xFetch>,
          Real<Pausing, &Methods::xUnfetch>};
}

// SQLite calls no method that is newer than the version says.
constexpr Methods kByVersion[] = {MethodsOf(1), MethodsOf(2), MethodsOf(3)};

}  // namespace

int OpenDatabaseFile(sqlite3_vfs* below, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  return DatabaseFile::Open(below, [](int version) { return &kByVersion[std::min(version, 3) - 1]; }, name, file, flags, out_flags);
}

}  // namespace intentgate::store
