#include "settings/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include <intentgate/keys.h>

namespace intentgate::settings {
namespace {

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

Error System(const std::string& path) { return {ErrorCode::kIo, "cannot read " + path + ": " + std::strerror(errno)}; }

// Reads a regular file of at most `max_bytes`. `owner_only`: refuses it when others may read it. The
// permissions are those of the file that was opened, so it cannot be exchanged in between.
Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes, bool owner_only) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0) return System(path);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kInvalidArgument, path + " is no regular file"};
  if (owner_only && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{ErrorCode::kPermissionDenied, path + " may be used by others than its owner; run: chmod 600 " + path};
  }
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(file.fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return System(path);
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > max_bytes) {
      return Error{ErrorCode::kLimitExceeded, path + " is larger than " + std::to_string(max_bytes) + " bytes"};
    }
  }
}

void ReadKeys(Draft& draft) {
  const NamedFile& file = *draft.key_file;
  Result<std::string> text = ReadFile(file.path, kMaxKeyFileBytes, true);
  if (!text.ok()) return draft.Problem(file.where, text.error().message);
  Result<KeyRing> ring = KeyRing::Parse(*text);
  explicit_bzero(text->data(), text->size());
  if (!ring.ok()) return draft.Problem(file.where, file.path + ": " + ring.error().message);
  draft.settings.keys = *std::move(ring);
}

}  // namespace

std::string Beside(const std::string& base_file, const std::string& path) {
  const std::filesystem::path wanted(path);
  if (wanted.is_absolute()) return path;
  return (std::filesystem::path(base_file).parent_path() / wanted).string();
}

void ReadNamedFiles(Draft& draft) {
  if (draft.key_file && !draft.settings.keys) ReadKeys(draft);
  for (const NamedFile& file : draft.policy_files) {
    const bool bundle = file.path.ends_with(".tar.gz") || file.path.ends_with(".tgz");
    Result<std::string> text = ReadFile(file.path, bundle ? kMaxPolicyBundleBytes : kMaxPolicyFileBytes, false);
    if (!text.ok()) {
      draft.Problem(file.where, text.error().message);
    } else {
      draft.settings.policy_sources.emplace_back(file.path, *std::move(text));
    }
  }
}

}  // namespace intentgate::settings
