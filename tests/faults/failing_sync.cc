// Preloaded into a program: an fsync or fdatasync fails once with EIO when the file is there that the environment
// names. Whichever process removes that file fails; so one file is one fault.
//
//   INTENTGATE_TEST_SYNC_FAULT   the file; its content is a part of the path of the files to fail, such as "/pg_wal/"
//   INTENTGATE_TEST_SYNC_LOST    set: what this process wrote last to the failed file is gone as well, as when the
//                                kernel drops pages that it could not write
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace {

// This process's last write since its last sync, and what was in its place before; what others have synced since then
// must not go, which PostgreSQL's lock over write and sync keeps. Its processes have one thread.
struct LastWrite {
  int file = -1;
  off_t at = 0;
  std::vector<char> before;
};

LastWrite& Last() {
  static LastWrite last;
  return last;
}

template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

std::string PathOf(int file) {
  char path[4'096];
  const ssize_t length = ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path, sizeof path);
  return length < 0 ? std::string() : std::string(path, static_cast<std::size_t>(length));
}

std::string Content(const char* path) {
  char text[256] = "";
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t length = ::read(file, text, sizeof text);
  ::close(file);
  return length <= 0 ? std::string() : std::string(text, static_cast<std::size_t>(length));
}

bool Fails(int file) {
  const char* fault = std::getenv("INTENTGATE_TEST_SYNC_FAULT");
  if (fault == nullptr) return false;
  const std::string wanted = Content(fault);
  return !wanted.empty() && PathOf(file).find(wanted) != std::string::npos && ::unlink(fault) == 0;
}

int Sync(int file, const char* name) {
  const LastWrite last = std::exchange(Last(), {});
  if (!Fails(file)) return Next<int (*)(int)>(name)(file);
  if (std::getenv("INTENTGATE_TEST_SYNC_LOST") != nullptr && last.file == file) {
    static_cast<void>(Next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite")(file, last.before.data(),
                                                                                     last.before.size(), last.at));
  }
  errno = EIO;
  return -1;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int fsync(int file) { return Sync(file, "fsync"); }
__attribute__((visibility("default"))) int fdatasync(int file) { return Sync(file, "fdatasync"); }

__attribute__((visibility("default"))) ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  LastWrite& last = Last();
  last = {file, at, std::vector<char>(size)};
  const ssize_t before = ::pread(file, last.before.data(), size, at);
  last.before.resize(before < 0 ? 0 : static_cast<std::size_t>(before));
  return Next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite")(file, bytes, size, at);
}

}  // extern "C"
