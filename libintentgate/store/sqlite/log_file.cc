// Tested by tests/unit/store/sqlite_log_file_test.cc, and by every test of the store.
#include "store/sqlite/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <new>

#include "store/sqlite/writeback.h"

namespace intentgate::store {
namespace {

// Of 128 KiB or more SQLite's own files write the part that is left over by 128 KiB, which may be nothing and then counts as a full disk.
constexpr std::size_t kMostGathered = 124 * 1024;

int WriteOut(LogFile& log) {
  Gathered& gathered = log.state;
  if (gathered.bytes.empty()) return SQLITE_OK;
  const int code = log.real()->pMethods->xWrite(log.real(), gathered.bytes.data(), static_cast<int>(gathered.bytes.size()), gathered.begins_at);
  // After an error the transaction is over, and its pages belong to nobody.
  gathered.bytes.clear();
  return code;
}

// Nobody locks a log, so a descriptor of it may be opened and closed.
void HandToDisk(Gathered& gathered, sqlite3_int64 at, std::size_t size) {
  if (gathered.to_disk < 0) gathered.to_disk = open(gathered.name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (gathered.to_disk >= 0) BeginWriteback(gathered.to_disk, at, size);
}

int WritePiece(LogFile& log) {
  Gathered& gathered = log.state;
  const std::size_t size = gathered.bytes.size();
  if (const int code = WriteOut(log); code != SQLITE_OK) return code;
  HandToDisk(gathered, gathered.begins_at, size);
  if (const audit::Pause* const pause = gathered.database->state.pause) (*pause)();
  return SQLITE_OK;
}

int Close(sqlite3_file* file) {
  LogFile& log = LogFile::Of(file);
  const int written = WriteOut(log);
  if (log.state.to_disk >= 0) close(log.state.to_disk);
  const int closed = LogFile::Close(file);
  return written != SQLITE_OK ? written : closed;
}

int Write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 at) {
  LogFile& log = LogFile::Of(file);
  Gathered& gathered = log.state;
  const auto size = static_cast<std::size_t>(amount);
  if (at != gathered.begins_at + static_cast<sqlite3_int64>(gathered.bytes.size())) {
    if (const int code = WriteOut(log); code != SQLITE_OK) return code;
  } else if (gathered.bytes.size() + size > kMostGathered) {
    if (const int code = WritePiece(log); code != SQLITE_OK) return code;
  }
  if (gathered.bytes.empty()) gathered.begins_at = at;
  try {
    gathered.bytes.append(static_cast<const char*>(data), size);
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  return SQLITE_OK;
}

// Calls a method of the real file behind what is gathered for it.
template <auto Method, typename... Args>
int After(sqlite3_file* file, Args... args) {
  if (const int code = WriteOut(LogFile::Of(file)); code != SQLITE_OK) return code;
  return Real<Gathered, Method>(file, args...);
}

using Methods = sqlite3_io_methods;
// Version 1: shared memory and mapping are the database's, never the log's. Nothing gathered changes a lock.
constexpr Methods kMethods = {
    1, Close, After<&Methods::xRead>, Write, After<&Methods::xTruncate>, After<&Methods::xSync>, After<&Methods::xFileSize>,
    Real<Gathered, &Methods::xLock>, Real<Gathered, &Methods::xUnlock>, Real<Gathered, &Methods::xCheckReservedLock>,
    After<&Methods::xFileControl>, Real<Gathered, &Methods::xSectorSize>, Real<Gathered, &Methods::xDeviceCharacteristics>,
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};

}  // namespace

int OpenLogFile(sqlite3_vfs* below, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int code = LogFile::Open(below, [](int) { return &kMethods; }, name, file, flags, out_flags);
  if (code != SQLITE_OK) return code;
  LogFile::Of(file).state.database = &DatabaseFile::Of(sqlite3_database_file_object(name));
  LogFile::Of(file).state.name = name;
  return code;
}

}  // namespace intentgate::store
