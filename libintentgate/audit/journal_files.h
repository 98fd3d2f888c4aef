// The operating system as the journal uses it: one interface, so that tests decide what fails.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::audit {

// A segment that is being written. Thread-compatible; closed by its end.
class JournalFile {
 public:
  virtual ~JournalFile() = default;
  // All of `bytes` behind what was written before, or an error: then any part of them may be there.
  virtual Status Write(std::string_view bytes) = 0;
  // What was written is on the disk. After an error the file says nothing about that any more.
  virtual Status Sync() = 0;
};

// Held while a journal is open; its end lets another process in.
class JournalLock {
 public:
  virtual ~JournalLock() = default;
};

// Thread-safe. Errors are kIo with the path and what the system said, unless a function says otherwise.
class JournalFiles {
 public:
  virtual ~JournalFiles() = default;
  // Makes the folder (mode 0700; its parent must exist) and takes it for this process. kUnavailable: another has it.
  virtual Result<std::unique_ptr<JournalLock>> Lock(const std::string& folder) = 0;
  // Names of the entries of a folder, sorted.
  virtual Result<std::vector<std::string>> List(const std::string& folder) = 0;
  virtual Result<std::unique_ptr<JournalFile>> Create(const std::string& path) = 0;   // mode 0600; must not exist
  // At most `size` bytes from `offset`; fewer at the end of the file.
  virtual Result<std::string> Read(const std::string& path, std::uint64_t offset, std::uint64_t size) = 0;
  virtual Result<std::uint64_t> Size(const std::string& path) = 0;
  virtual Status Truncate(const std::string& path, std::uint64_t size) = 0;   // and the new size is on the disk
  virtual Status Remove(const std::string& path) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  // The folder's entries are on the disk.
  virtual Status SyncFolder(const std::string& folder) = 0;
};

// The system's files. Linux and macOS (F_FULLFSYNC there).
std::shared_ptr<JournalFiles> SystemJournalFiles();

}  // namespace intentgate::audit
