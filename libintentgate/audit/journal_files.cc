// Tested by tests/unit/audit/journal_files_test.cc.

#include "audit/journal_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace intentgate::audit {
namespace {

Error Failed(const std::string& path, const char* what) {
  return {ErrorCode::kIo, path + ": cannot " + what + ": " + std::strerror(errno)};
}

template <typename Call>
auto Again(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;   // closes once
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

Descriptor Open(const std::string& path, int flags, mode_t mode = 0) {
  return Descriptor(Again([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

struct CloseFolder {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

int SyncData(int fd) {
#ifdef F_FULLFSYNC
  return ::fcntl(fd, F_FULLFSYNC);
#else
  return ::fdatasync(fd);
#endif
}

class SystemFile final : public JournalFile {
 public:
  SystemFile(std::string path, Descriptor descriptor) : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  Status Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = Again([&] { return ::write(descriptor_.get(), bytes.data(), bytes.size()); });
      if (n < 0) return Failed(path_, "write");
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }
  Status Sync() override {
    if (Again([&] { return SyncData(descriptor_.get()); }) != 0) return Failed(path_, "bring it to the disk");
    return {};
  }

 private:
  const std::string path_;
  const Descriptor descriptor_;
};

class SystemLock final : public JournalLock {
 public:
  explicit SystemLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};

class SystemFiles final : public JournalFiles {
 public:
  Result<std::unique_ptr<JournalLock>> Lock(const std::string& folder) override {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return Failed(folder, "make the journal's folder");
    const std::string path = folder + "/lock";
    Descriptor file = Open(path, O_RDWR | O_CREAT, 0600);
    if (!file.open()) return Failed(path, "open the journal's lock");
    if (Again([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno != EWOULDBLOCK) return Failed(path, "lock the journal");
      return Error{ErrorCode::kUnavailable, folder + ": another process uses this journal; give each its own folder"};
    }
    return std::unique_ptr<JournalLock>(std::make_unique<SystemLock>(std::move(file)));
  }

  Result<std::vector<std::string>> List(const std::string& folder) override {
    const std::unique_ptr<DIR, CloseFolder> directory(::opendir(folder.c_str()));
    if (!directory) return Failed(folder, "read the folder");
    std::vector<std::string> names;
    errno = 0;
    for (const dirent* entry = ::readdir(directory.get()); entry != nullptr; entry = ::readdir(directory.get())) {
      names.emplace_back(entry->d_name);
      errno = 0;
    }
    if (errno != 0) return Failed(folder, "read the folder");
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::unique_ptr<JournalFile>> Create(const std::string& path) override {
    Descriptor file = Open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
    if (!file.open()) return Failed(path, "make the file");
    return std::unique_ptr<JournalFile>(std::make_unique<SystemFile>(path, std::move(file)));
  }

  Result<std::string> Read(const std::string& path, std::uint64_t offset, std::uint64_t size) override {
    const Descriptor file = Open(path, O_RDONLY);
    if (!file.open()) return Failed(path, "open it");
    std::string bytes(static_cast<std::size_t>(size), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = Again([&] {
        return ::pread(file.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      });
      if (n < 0) return Failed(path, "read");
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    bytes.resize(done);
    return bytes;
  }

  Result<std::uint64_t> Size(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return Failed(path, "ask for its size");
    return static_cast<std::uint64_t>(info.st_size);
  }

  Status Truncate(const std::string& path, std::uint64_t size) override {
    const Descriptor file = Open(path, O_WRONLY);
    if (!file.open()) return Failed(path, "open it");
    if (Again([&] { return ::ftruncate(file.get(), static_cast<off_t>(size)); }) != 0) return Failed(path, "cut it");
    if (Again([&] { return ::fsync(file.get()); }) != 0) return Failed(path, "bring it to the disk");
    return {};
  }

  Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return Failed(path, "remove it");
    return {};
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return Failed(from, "rename it");
    return {};
  }

  Status SyncFolder(const std::string& folder) override {
    const Descriptor file = Open(folder, O_RDONLY | O_DIRECTORY);
    if (!file.open()) return Failed(folder, "open it");
    if (Again([&] { return ::fsync(file.get()); }) != 0) return Failed(folder, "bring it to the disk");
    return {};
  }
};

}  // namespace

std::shared_ptr<JournalFiles> SystemJournalFiles() { return std::make_shared<SystemFiles>(); }

}  // namespace intentgate::audit
