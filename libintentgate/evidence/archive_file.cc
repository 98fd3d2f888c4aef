// Tested by tests/unit/evidence/pruner_test.cc.

#include "evidence/archive_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::evidence {
namespace {

Error IoError(const std::string& path, const char* what) {
  return {ErrorCode::kIo, path + ": " + what + ": " + std::strerror(errno)};
}

// Closes with the scope.
class File {
 public:
  File(const std::string& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(const File&) = delete;   // owns the descriptor
  File& operator=(const File&) = delete;
  int number() const { return number_; }
  bool good() const { return number_ >= 0; }

 private:
  const int number_;
};

Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return IoError(path, "cannot write the archive segment; is the disk full?");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

std::string ArchiveName(std::string_view tenant, std::int64_t first_seq, std::int64_t next_seq) {
  std::string name;
  for (const char c : tenant) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    const auto byte = static_cast<std::uint8_t>(c);
    if (plain) name += c;
    else name += "%" + base::HexEncode(std::span(&byte, 1));
  }
  const auto padded = [](std::int64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(digits.size() < 12 ? 12 - digits.size() : 0, '0') + digits;
  };
  return name + "-" + padded(first_seq) + "-" + padded(next_seq) + ".tar";
}

Result<ArchiveFile> CheckArchive(const std::string& path, const ArchiveExpectation& expected) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return IoError(path, "cannot read the archive segment");
  Result<BundleVerifier> verifier = BundleVerifier::Create({expected.keys, {}, {}});
  if (!verifier.ok()) return verifier.error();
  crypto::Sha256Stream digest;
  std::string buffer(1 << 16, '\0');
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(in.gcount()));
    verifier->Feed(piece);
    digest.Update(base::AsBytes(piece));
  }
  if (in.bad()) return IoError(path, "cannot read the archive segment");
  const BundleReport report = verifier->Finish();
  if (report.verdict != BundleVerdict::kIntact) {
    return Error{ErrorCode::kCorrupt, path + " is not an intact archive segment: " + report.message};
  }
  if (!report.archive || report.tenant != expected.tenant || report.first_seq != expected.first_seq ||
      report.next_seq != expected.next_seq || report.last_hash != expected.last_hash) {
    return Error{ErrorCode::kCorrupt, path + " is an archive segment of other events"};
  }
  return ArchiveFile{path, base::HexEncode(digest.Finish())};
}

Result<ArchiveFile> WriteArchiveFile(const std::string& directory, const ArchiveExpectation& expected,
                                     const std::function<Status(const ExportSink&)>& write) {
  const std::string path =
      (std::filesystem::path(directory) / ArchiveName(expected.tenant, expected.first_seq, expected.next_seq)).string();
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) {
    Result<ArchiveFile> there = CheckArchive(path, expected);
    if (there.ok()) return there;
    return Error{ErrorCode::kConflict, there.error().message + "; move it away"};
  }
  const std::string unfinished = path + ".part";
  const File file(unfinished, O_WRONLY | O_CREAT);
  if (!file.good()) return IoError(unfinished, "cannot write the archive segment");
  if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kConflict, unfinished + ": another process is writing it"};
  }
  // What an interrupted run left goes only under the lock.
  if (::ftruncate(file.number(), 0) != 0) return IoError(unfinished, "cannot write the archive segment");
  const Status written = write([&](std::string_view piece) { return WriteAll(file.number(), piece, unfinished); });
  if (!written.ok()) return written.error();
  if (::fsync(file.number()) != 0) return IoError(unfinished, "cannot sync the archive segment");
  Result<ArchiveFile> checked = CheckArchive(unfinished, expected);
  if (!checked.ok()) return checked;
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return IoError(path, "cannot name the archive segment");
  const File folder(directory, O_RDONLY | O_DIRECTORY);
  if (!folder.good() || ::fsync(folder.number()) != 0) return IoError(directory, "cannot sync the folder");
  checked->path = path;
  return checked;
}

}  // namespace intentgate::evidence
