// Tested by tests/unit/store/sqlite_store_vfs_test.cc.
#include "store/sqlite/writeback.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <charconv>
#include <filesystem>
#include <string>
#include <system_error>

namespace intentgate::store {
namespace {

bool IsFile(int descriptor, const struct stat& file) {
  struct stat found {};
  return fstat(descriptor, &found) == 0 && found.st_dev == file.st_dev && found.st_ino == file.st_ino;
}

}  // namespace

void BeginWriteback(int descriptor, std::int64_t at, std::size_t size) {
#ifdef SYNC_FILE_RANGE_WRITE
  static_cast<void>(sync_file_range(descriptor, at, static_cast<std::int64_t>(size), SYNC_FILE_RANGE_WRITE));
#else
  static_cast<void>(descriptor), static_cast<void>(at), static_cast<void>(size);
#endif
}

int DescriptorOf(const char* path) {
  struct stat file {};
  if (stat(path, &file) != 0) return -1;
  std::error_code error;
  for (std::filesystem::directory_iterator open("/proc/self/fd", error); !error && open != std::filesystem::directory_iterator(); open.increment(error)) {
    const std::string name = open->path().filename();
    int descriptor = -1;
    std::from_chars(name.data(), name.data() + name.size(), descriptor);
    if (descriptor >= 0 && IsFile(descriptor, file)) return descriptor;
  }
  return -1;
}

bool IsDescriptorOf(int descriptor, const char* path) {
  struct stat file {};
  return descriptor >= 0 && stat(path, &file) == 0 && IsFile(descriptor, file);
}

}  // namespace intentgate::store
