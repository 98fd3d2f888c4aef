#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "config/server_settings.h"

namespace intentgate::config {
namespace {

constexpr std::size_t kMaxSecretFileBytes = 4096;

Error Refused(ErrorCode code, const std::string& path, std::string_view what) {
  return {code, path + ": " + std::string(what)};
}

}  // namespace

Result<std::string> ReadSecretFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Refused(ErrorCode::kIo, path, std::strerror(errno));
  struct stat info {};
  std::array<char, kMaxSecretFileBytes> buffer{};
  const bool known = ::fstat(fd, &info) == 0;
  const ssize_t got = known ? ::read(fd, buffer.data(), buffer.size()) : -1;
  ::close(fd);
  if (got < 0) return Refused(ErrorCode::kIo, path, std::strerror(errno));
  if ((info.st_mode & 077) != 0) {
    return Error{ErrorCode::kPermissionDenied, path + ": others may read it; run: chmod 600 " + path};
  }
  if (static_cast<std::size_t>(got) == buffer.size()) return Refused(ErrorCode::kLimitExceeded, path, "is longer than 4 KiB");
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

}  // namespace intentgate::config
