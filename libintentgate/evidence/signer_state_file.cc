// "intentgate-signer-state-1", then a line for each tenant: epoch, size, root in hex, tenant.
// Tested by tests/unit/evidence/signer_test.cc.

#include "evidence/signer_state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "base/encoding.h"

namespace intentgate::evidence {
namespace {

using States = std::map<std::string, audit::SignerState, std::less<>>;

constexpr std::string_view kFirstLine = "intentgate-signer-state-1\n";

// Takes the text up to `end` from the front.
std::optional<std::string_view> Take(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

template <typename Number>
bool TakeNumber(std::string_view& text, Number& number) {
  const std::optional<std::string_view> digits = Take(text, ' ');
  if (!digits) return false;
  const auto read = std::from_chars(digits->data(), digits->data() + digits->size(), number);
  return read.ec == std::errc() && read.ptr == digits->data() + digits->size();
}

Error IoError(const std::string& path, const char* what) {
  return {ErrorCode::kIo, path + ": " + what + ": " + std::strerror(errno)};
}

bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Status SyncFolderOf(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return IoError(folder.string(), "cannot open the folder");
  const bool synced = ::fsync(file) == 0;
  Status s = synced ? Status() : Status(IoError(folder.string(), "cannot sync the folder"));
  ::close(file);
  return s;
}

Result<States> ReadStates(const std::string& path) {
  States states;
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) {
    if (failed) return Error{ErrorCode::kIo, path + ": " + failed.message()};
    return states;
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return IoError(path, "cannot read the signer's state");
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const Error malformed{ErrorCode::kMalformed, path + " is not a signer's state file; restore it, or name another file"};
  std::string_view text = bytes;
  if (!text.starts_with(kFirstLine)) return malformed;
  text.remove_prefix(kFirstLine.size());
  while (!text.empty()) {
    audit::SignerState state;
    if (!TakeNumber(text, state.epoch) || !TakeNumber(text, state.size)) return malformed;
    const std::optional<std::string_view> root = Take(text, ' '), tenant = Take(text, '\n');
    if (!root || !tenant) return malformed;
    const Result<tlog::Hash> hash = audit::HashFromHex(*root);
    if (!hash.ok()) return malformed;
    state.root = *hash;
    if (!states.emplace(*tenant, state).second) return malformed;
  }
  return states;
}

Status WriteStates(const std::string& path, const States& states) {
  std::string text(kFirstLine);
  for (const auto& [tenant, state] : states) {
    text += std::to_string(state.epoch) + ' ' + std::to_string(state.size) + ' ' + base::HexEncode(state.root) + ' ' +
            tenant + '\n';
  }
  const std::string next = path + ".next";
  const int file = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return IoError(next, "cannot write the signer's state");
  const bool written = WriteAll(file, text) && ::fsync(file) == 0;
  Status s = written ? Status() : Status(IoError(next, "cannot write the signer's state"));
  ::close(file);
  if (!s.ok()) return s;
  if (std::rename(next.c_str(), path.c_str()) != 0) return IoError(path, "cannot replace the signer's state");
  return SyncFolderOf(path);
}

// Held while it exists. Given back by name: a descriptor that lives on, because its close failed or a child has it, would
// keep the lock, and the next one would wait for ever.
class FileLock {
 public:
  explicit FileLock(const std::string& path) : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    while (file_ >= 0 && !(held_ = ::flock(file_, LOCK_EX) == 0) && errno == EINTR) {
    }
  }
  ~FileLock() {
    if (held_) ::flock(file_, LOCK_UN);
    if (file_ >= 0) ::close(file_);
  }
  FileLock(const FileLock&) = delete;   // owns the descriptor
  FileLock& operator=(const FileLock&) = delete;
  bool held() const { return held_; }

 private:
  const int file_;
  bool held_ = false;
};

}  // namespace

Result<SignerStateFile> SignerStateFile::Open(std::string path) {
  const Result<States> states = ReadStates(path);
  if (!states.ok()) return states.error();
  SignerStateFile file;
  file.path_ = std::move(path);
  return file;
}

Result<std::optional<audit::SignerState>> SignerStateFile::Get(std::string_view tenant) const {
  const Result<States> states = ReadStates(path_);
  if (!states.ok()) return states.error();
  const auto found = states->find(tenant);
  return found == states->end() ? std::nullopt : std::optional(found->second);
}

Status SignerStateFile::Set(std::string_view tenant, const audit::SignerState& state) {
  if (tenant.find('\n') != std::string_view::npos) {
    return Error{ErrorCode::kInvalidArgument, "a tenant with a line end in its name cannot be signed for"};
  }
  const std::string lock_path = path_ + ".lock";
  const FileLock lock(lock_path);
  if (!lock.held()) return IoError(lock_path, "cannot lock the signer's state");
  Result<States> states = ReadStates(path_);
  if (!states.ok()) return states.error();
  const auto there = states->find(tenant);
  const bool later = there != states->end() &&
                     std::tie(there->second.epoch, there->second.size) > std::tie(state.epoch, state.size);
  if (later) return {};
  states->insert_or_assign(std::string(tenant), state);
  return WriteStates(path_, *states);
}

}  // namespace intentgate::evidence
