// Tested by tests/unit/evidence/key_file_test.cc.

#include "evidence/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <intentgate/evidence.h>

#include "base/encoding.h"
#include "crypto/secret_bytes.h"

namespace intentgate::evidence {
namespace {

constexpr std::size_t kMaxKeyFileBytes = 4'096;

Error System(const std::string& path, const char* what) {
  return {ErrorCode::kIo, path + ": " + what + ": " + std::strerror(errno)};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;   // closes it
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

// At most `bytes.size()` bytes; more than fit is an error.
Result<std::size_t> ReadInto(int file, const std::string& path, std::string& bytes) {
  std::size_t length = 0;
  while (length < bytes.size()) {
    const ssize_t n = ::read(file, bytes.data() + length, bytes.size() - length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return System(path, "cannot read the signing key");
    if (n == 0) return length;
    length += static_cast<std::size_t>(n);
  }
  return Error{ErrorCode::kMalformed, path + " is too large for a signing key; make one with `intentgate audit keygen`"};
}

bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<tlog::SigningKey> ReadKeyFile(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (file.number() < 0 || ::fstat(file.number(), &info) != 0) return System(path, "cannot open the signing key");
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kInvalidArgument, path + " is no regular file"};
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{ErrorCode::kPermissionDenied, path + " may be used by others than its owner; run: chmod 600 " + path};
  }
  std::string text(kMaxKeyFileBytes, '\0');
  const Result<std::size_t> length = ReadInto(file.number(), path, text);
  if (!length.ok()) {
    crypto::Wipe(text);
    return length.error();
  }
  std::string_view line(text.data(), *length);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  Result<tlog::SigningKey> key = tlog::SigningKey::Parse(line);
  crypto::Wipe(text);
  if (!key.ok()) {
    return Error{key.error().code, path + " is no signing key (" + key.error().message + "); make one with `intentgate audit keygen`"};
  }
  return key;
}

Result<tlog::SigningKey> MakeKeyFile(const std::string& path, std::string_view name, Random& random, tlog::KeyType type) {
  Result<tlog::SigningKey> key = tlog::SigningKey::Generate(name, type, random);
  if (!key.ok()) return key;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.number() < 0 && errno == EEXIST) {
    return Error{ErrorCode::kIo, path + " exists already and is not overwritten; choose another name"};
  }
  if (file.number() < 0) return System(path, "cannot make the signing key's file");
  const crypto::SecretBytes secret = key->ToSecretText();
  const bool written = WriteAll(file.number(), base::AsText(secret.Expose(crypto::SecretAccess{}))) &&
                       WriteAll(file.number(), "\n") && ::fsync(file.number()) == 0;
  if (written) return key;
  const Error failed = System(path, "cannot write the signing key");
  ::unlink(path.c_str());
  return failed;
}

}  // namespace intentgate::evidence

namespace intentgate {

Result<std::string> MakeTimeKeyFile(const std::string& path, std::string_view name, Random& random) {
  const Result<tlog::SigningKey> key = evidence::MakeKeyFile(path, name, random, tlog::KeyType::kCosignature);
  return key.ok() ? Result<std::string>(key->verifier().ToString()) : Result<std::string>(key.error());
}

Result<std::string> MakeSigningKeyFile(const std::string& path, std::string_view name, Random& random) {
  const Result<tlog::SigningKey> key = evidence::MakeKeyFile(path, name, random);
  if (!key.ok()) return key.error();
  return key->verifier().ToString();
}

Result<std::string> ReadVerifierKey(const std::string& path) {
  const Result<tlog::SigningKey> key = evidence::ReadKeyFile(path);
  if (!key.ok()) return key.error();
  return key->verifier().ToString();
}

}  // namespace intentgate
