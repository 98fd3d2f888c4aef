// A disk in memory for the journal: any call can be made to fail, and a crash takes what was not synced.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "audit/journal_files.h"

namespace intentgate::test {

// Thread-safe.
class FakeJournalFiles final : public audit::JournalFiles, public std::enable_shared_from_this<FakeJournalFiles> {
 public:
  enum class Fault { kNone, kFail, kShort };   // kShort: a write leaves half of its bytes and fails
  // Asked before each call that changes something, counted from 1, with its name.
  void SetFaults(std::function<Fault(int, const std::string&)> faults) {
    const std::lock_guard lock(mutex_);
    faults_ = std::move(faults);
    calls_ = 0;
  }
  int calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  // What a power cut leaves: what was synced, and of the rest of each file the first `kept` bytes.
  void Crash(std::size_t kept) {
    const std::lock_guard lock(mutex_);
    std::map<std::string, File> left;
    for (auto& [path, file] : files_) {
      if (!file.entry_synced && kept == 0) continue;
      file.bytes.resize(std::min(file.bytes.size(), file.synced + kept));
      file.synced = file.bytes.size();
      file.entry_synced = true;
      left[path] = std::move(file);
    }
    files_ = std::move(left);
    locked_.clear();
  }
  std::vector<std::string> Names() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [path, file] : files_) names.push_back(path);
    return names;
  }
  std::string& Bytes(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return files_[path].bytes;
  }

  Result<std::unique_ptr<audit::JournalLock>> Lock(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    if (!locked_.insert(folder).second) return Error{ErrorCode::kUnavailable, folder + ": another process"};
    return std::unique_ptr<audit::JournalLock>(std::make_unique<HeldLock>(shared_from_this(), folder));
  }
  Result<std::vector<std::string>> List(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [path, file] : files_) names.push_back(path.substr(folder.size() + 1));
    return names;
  }
  Result<std::unique_ptr<audit::JournalFile>> Create(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (Next("create") != Fault::kNone) return Down();
    if (files_.count(path) != 0) return Error{ErrorCode::kIo, path + " exists"};
    files_[path] = {};
    return std::unique_ptr<audit::JournalFile>(std::make_unique<OpenFile>(shared_from_this(), path));
  }
  Result<std::string> Read(const std::string& path, std::uint64_t offset, std::uint64_t size) override {
    const std::lock_guard lock(mutex_);
    const auto file = files_.find(path);
    if (file == files_.end()) return Down();
    const std::string& bytes = file->second.bytes;
    return offset >= bytes.size() ? std::string() : bytes.substr(offset, size);
  }
  Result<std::uint64_t> Size(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    return files_[path].bytes.size();
  }
  Status Truncate(const std::string& path, std::uint64_t size) override {
    const std::lock_guard lock(mutex_);
    if (Next("truncate") != Fault::kNone) return Down();
    File& file = files_[path];
    file.bytes.resize(size);
    file.synced = size;
    return {};
  }
  Status Remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (Next("remove") != Fault::kNone) return Down();
    files_.erase(path);
    return {};
  }
  Status Rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    if (Next("rename") != Fault::kNone) return Down();
    files_[to] = std::move(files_[from]);
    files_.erase(from);
    return {};
  }
  Status SyncFolder(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    if (Next("sync_folder") != Fault::kNone) return Down();
    for (auto& [path, file] : files_) file.entry_synced = file.entry_synced || path.starts_with(folder);
    return {};
  }

 private:
  struct File {
    std::string bytes;
    std::size_t synced = 0;
    bool entry_synced = false;
  };
  class HeldLock final : public audit::JournalLock {
   public:
    HeldLock(std::shared_ptr<FakeJournalFiles> files, std::string folder)
        : files_(std::move(files)), folder_(std::move(folder)) {}
    ~HeldLock() override {
      const std::lock_guard lock(files_->mutex_);
      files_->locked_.erase(folder_);
    }

   private:
    const std::shared_ptr<FakeJournalFiles> files_;
    const std::string folder_;
  };
  class OpenFile final : public audit::JournalFile {
   public:
    OpenFile(std::shared_ptr<FakeJournalFiles> files, std::string path)
        : files_(std::move(files)), path_(std::move(path)) {}
    Status Write(std::string_view bytes) override {
      const std::lock_guard lock(files_->mutex_);
      const Fault fault = files_->Next("write");
      std::string& file = files_->files_[path_].bytes;
      if (fault == Fault::kShort) file += bytes.substr(0, bytes.size() / 2);
      if (fault != Fault::kNone) return Down();
      file += bytes;
      return {};
    }
    Status Sync() override {
      const std::lock_guard lock(files_->mutex_);
      if (files_->Next("sync") != Fault::kNone) return Down();
      File& file = files_->files_[path_];
      file.synced = file.bytes.size();
      return {};
    }

   private:
    const std::shared_ptr<FakeJournalFiles> files_;
    const std::string path_;
  };

  static Error Down() { return {ErrorCode::kIo, "the journal's disk is gone"}; }
  Fault Next(const std::string& name) {
    ++calls_;
    return faults_ ? faults_(calls_, name) : Fault::kNone;
  }

  mutable std::mutex mutex_;
  std::map<std::string, File> files_;
  std::set<std::string> locked_;
  std::function<Fault(int, const std::string&)> faults_;
  int calls_ = 0;
};

}  // namespace intentgate::test
