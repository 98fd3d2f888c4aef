// Tested by tests/unit/store/sqlite_gathering_test.cc, and by every test of the store.
#include "store/sqlite/gathering_vfs.h"

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <new>
#include <string>

namespace intentgate::store {
namespace {

// Of 128 KiB or more SQLite's own files write the part that is left over by 128 KiB, which may be nothing and then counts as a full disk.
constexpr std::size_t kMostGathered = 124 * 1024;

// Asked once: the host program may choose another default later, whose files are larger than what is laid out for this one.
sqlite3_vfs* SystemVfs() {
  static sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
  return system;
}

// SQLite's open file of a log, and behind it in the same memory the one that does the work.
struct GatheredLog {
  sqlite3_file file;
  sqlite3_int64 begins_at = 0;
  std::string bytes;

  sqlite3_file* real();
  int WriteOut() {
    if (bytes.empty()) return SQLITE_OK;
    const int code = real()->pMethods->xWrite(real(), bytes.data(), static_cast<int>(bytes.size()), begins_at);
    // After an error the transaction is over, and its pages belong to nobody.
    bytes.clear();
    return code;
  }
};

constexpr std::size_t kRealAt = (sizeof(GatheredLog) + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);

sqlite3_file* GatheredLog::real() { return reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(this) + kRealAt); }

GatheredLog& LogOf(sqlite3_file* file) { return *reinterpret_cast<GatheredLog*>(file); }

int Close(sqlite3_file* file) {
  GatheredLog& log = LogOf(file);
  const int written = log.WriteOut();
  const int closed = log.real()->pMethods->xClose(log.real());
  std::destroy_at(&log);
  return written != SQLITE_OK ? written : closed;
}

int Write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 at) {
  GatheredLog& log = LogOf(file);
  const auto size = static_cast<std::size_t>(amount);
  const bool follows = at == log.begins_at + static_cast<sqlite3_int64>(log.bytes.size());
  if (!follows || log.bytes.size() + size > kMostGathered) {
    if (const int code = log.WriteOut(); code != SQLITE_OK) return code;
  }
  if (log.bytes.empty()) log.begins_at = at;
  try {
    log.bytes.append(static_cast<const char*>(data), size);
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  return SQLITE_OK;
}

// Runs an operation of the real file behind what is gathered for it.
template <typename Method, typename... Args>
int After(sqlite3_file* file, Method sqlite3_io_methods::* method, Args... args) {
  GatheredLog& log = LogOf(file);
  if (const int code = log.WriteOut(); code != SQLITE_OK) return code;
  return (log.real()->pMethods->*method)(log.real(), args...);
}

int Read(sqlite3_file* file, void* to, int amount, sqlite3_int64 at) { return After(file, &sqlite3_io_methods::xRead, to, amount, at); }
int Truncate(sqlite3_file* file, sqlite3_int64 size) { return After(file, &sqlite3_io_methods::xTruncate, size); }
int Sync(sqlite3_file* file, int flags) { return After(file, &sqlite3_io_methods::xSync, flags); }
int FileSize(sqlite3_file* file, sqlite3_int64* size) { return After(file, &sqlite3_io_methods::xFileSize, size); }
int FileControl(sqlite3_file* file, int operation, void* argument) {
  return After(file, &sqlite3_io_methods::xFileControl, operation, argument);
}

// Nothing gathered changes these.
int Lock(sqlite3_file* file, int level) { return LogOf(file).real()->pMethods->xLock(LogOf(file).real(), level); }
int Unlock(sqlite3_file* file, int level) { return LogOf(file).real()->pMethods->xUnlock(LogOf(file).real(), level); }
int CheckReservedLock(sqlite3_file* file, int* out) { return LogOf(file).real()->pMethods->xCheckReservedLock(LogOf(file).real(), out); }
int SectorSize(sqlite3_file* file) { return LogOf(file).real()->pMethods->xSectorSize(LogOf(file).real()); }
int DeviceCharacteristics(sqlite3_file* file) { return LogOf(file).real()->pMethods->xDeviceCharacteristics(LogOf(file).real()); }

// Version 1: shared memory and mapping are the database's, never the log's.
constexpr sqlite3_io_methods kMethods = {
    1, Close, Read, Write, Truncate, Sync, FileSize, Lock, Unlock, CheckReservedLock, FileControl, SectorSize, DeviceCharacteristics,
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* const system = SystemVfs();
  if ((flags & SQLITE_OPEN_WAL) == 0) return system->xOpen(system, name, file, flags, out_flags);
  auto* const log = new (file) GatheredLog{};
  const int code = system->xOpen(system, name, log->real(), flags, out_flags);
  if (code == SQLITE_OK) {
    log->file.pMethods = &kMethods;
    return code;
  }
  if (log->real()->pMethods != nullptr) static_cast<void>(log->real()->pMethods->xClose(log->real()));
  std::destroy_at(log);
  file->pMethods = nullptr;   // so SQLite does not close it
  return code;
}

bool Register() {
  const sqlite3_vfs* const system = SystemVfs();
  if (system == nullptr) return false;
  // SQLite links it into its list, so it lives as long as the process.
  static sqlite3_vfs ours = *system;
  ours.pNext = nullptr;
  ours.zName = "intentgate-gathering";
  ours.szOsFile = static_cast<int>(kRealAt) + system->szOsFile;
  ours.xOpen = Open;
  return sqlite3_vfs_register(&ours, 0) == SQLITE_OK;
}

}  // namespace

const char* GatheringVfs() {
  static const bool registered = Register();
  return registered ? "intentgate-gathering" : nullptr;
}

}  // namespace intentgate::store
