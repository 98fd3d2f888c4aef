// Tested by tests/unit/store/sqlite_store_vfs_test.cc, and by every test of the store.
#include "store/sqlite/database_file.h"

#include <algorithm>
#include <cstddef>

#include "store/sqlite/writeback.h"

namespace intentgate::store {
namespace {

// Handed to the disk in a tenth of a millisecond or so.
constexpr int kPagesOfAHint = 32;

void HandToDisk(DatabaseState& state) {
  if (!IsDescriptorOf(state.descriptor, state.name)) state.descriptor = DescriptorOf(state.name);
  if (state.descriptor >= 0) BeginWriteback(state.descriptor, state.from, static_cast<std::size_t>(state.to - state.from));
  state.pages = 0;
}

int Write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 at) {
  DatabaseState& state = DatabaseFile::Of(file).state;
  if (state.pause == nullptr) return Real<DatabaseState, &sqlite3_io_methods::xWrite>(file, data, amount, at);
  (*state.pause)();
  const int code = Real<DatabaseState, &sqlite3_io_methods::xWrite>(file, data, amount, at);
  state.from = state.pages == 0 ? at : std::min(state.from, at);
  state.to = state.pages == 0 ? at + amount : std::max(state.to, at + amount);
  if (++state.pages == kPagesOfAHint) HandToDisk(state);
  return code;
}

int FileControl(sqlite3_file* file, int operation, void* argument) {
  if (operation != kSetPause) return Real<DatabaseState, &sqlite3_io_methods::xFileControl>(file, operation, argument);
  DatabaseFile::Of(file).state.pause = static_cast<const audit::Pause*>(argument);
  DatabaseFile::Of(file).state.pages = 0;
  return SQLITE_OK;
}

using Methods = sqlite3_io_methods;

constexpr Methods MethodsOf(int version) {
  return {version, DatabaseFile::Close, Real<DatabaseState, &Methods::xRead>, Write, Real<DatabaseState, &Methods::xTruncate>, Real<DatabaseState, &Methods::xSync>,
          Real<DatabaseState, &Methods::xFileSize>, Real<DatabaseState, &Methods::xLock>, Real<DatabaseState, &Methods::xUnlock>,
          Real<DatabaseState, &Methods::xCheckReservedLock>, FileControl, Real<DatabaseState, &Methods::xSectorSize>,
          Real<DatabaseState, &Methods::xDeviceCharacteristics>, Real<DatabaseState, &Methods::xShmMap>, Real<DatabaseState, &Methods::xShmLock>,
          Real<DatabaseState, &Methods::xShmBarrier>, Real<DatabaseState, &Methods::xShmUnmap>, Real<DatabaseState, &Methods::xFetch>,
          Real<DatabaseState, &Methods::xUnfetch>};
}

// SQLite calls no method that is newer than the version says.
constexpr Methods kByVersion[] = {MethodsOf(1), MethodsOf(2), MethodsOf(3)};

}  // namespace

int OpenDatabaseFile(sqlite3_vfs* below, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int code = DatabaseFile::Open(below, [](int version) { return &kByVersion[std::min(version, 3) - 1]; }, name, file, flags, out_flags);
  if (code == SQLITE_OK) DatabaseFile::Of(file).state.name = name;
  return code;
}

}  // namespace intentgate::store
