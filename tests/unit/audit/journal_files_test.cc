#include "audit/journal_files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>

#include "support/scratch_folder.h"

namespace intentgate::audit {
namespace {

unsigned ModeOf(const std::string& path) {
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777u;
}

}  // namespace

TEST_CASE("the system's files: written, synced, read in part, cut, renamed, removed") {
  const test::ScratchFolder scratch;
  const std::string folder = scratch.File("journal"), path = folder + "/1";
  const std::shared_ptr<JournalFiles> files = SystemJournalFiles();
  const auto lock = files->Lock(folder);
  REQUIRE(lock.ok());
  CHECK(ModeOf(folder) == 0700);
  {
    auto file = files->Create(path);
    REQUIRE(file.ok());
    CHECK(ModeOf(path) == 0600);
    CHECK((*file)->Write("hello ").ok());
    CHECK((*file)->Write(std::string("wor\0ld", 6)).ok());
    CHECK((*file)->Sync().ok());
  }
  CHECK(*files->Size(path) == 12);
  CHECK(*files->Read(path, 6, 100) == std::string("wor\0ld", 6));
  CHECK(*files->Read(path, 0, 5) == "hello");
  CHECK(files->Read(path, 100, 5)->empty());
  REQUIRE(files->Truncate(path, 5).ok());
  CHECK(*files->Size(path) == 5);
  REQUIRE(files->Rename(path, folder + "/2").ok());
  REQUIRE(files->SyncFolder(folder).ok());
  const auto names = files->List(folder);
  REQUIRE(names.ok());
  CHECK(std::find(names->begin(), names->end(), "2") != names->end());
  CHECK(std::find(names->begin(), names->end(), "1") == names->end());
  CHECK(files->Remove(folder + "/2").ok());
}

TEST_CASE("the system's refusals name the path") {
  const test::ScratchFolder scratch;
  const std::shared_ptr<JournalFiles> files = SystemJournalFiles();
  const std::string gone = scratch.File("gone/1");
  for (const Error& error : {files->Create(gone).error(), files->Size(gone).error(), files->Remove(gone).error(),
                             files->Truncate(gone, 0).error(), files->Lock(gone).error()}) {
    CHECK(error.code == ErrorCode::kIo);
    CHECK(error.message.find(gone) != std::string::npos);
  }
  REQUIRE(files->Create(scratch.File("twice")).ok());
  CHECK(files->Create(scratch.File("twice")).error().code == ErrorCode::kIo);
}

TEST_CASE("a journal's folder has one owner at a time") {
  const test::ScratchFolder scratch;
  const std::string folder = scratch.File("journal");
  const std::shared_ptr<JournalFiles> files = SystemJournalFiles();
  {
    const auto first = files->Lock(folder);
    REQUIRE(first.ok());
    const auto second = files->Lock(folder);
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().code == ErrorCode::kUnavailable);
  }
  CHECK(files->Lock(folder).ok());
}

}  // namespace intentgate::audit
