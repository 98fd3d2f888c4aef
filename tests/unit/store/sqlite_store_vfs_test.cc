// The database file that pauses between the pages of a checkpoint, under SQLite itself.

#include "store/sqlite/store_vfs.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

#include "store/sqlite/connection.h"
#include "store/sqlite/writeback.h"
#include "support/scratch_folder.h"

namespace intentgate::store {
namespace {

// Some hundred pages, none of them in the file yet.
constexpr const char* kFill =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO t (b) SELECT randomblob(2000) FROM n";

std::unique_ptr<Connection> Open(const std::string& path, const char* vfs) {
  { const std::ofstream made(path, std::ios::app); }
  return Connection::Open(path, 1'000, vfs).value();
}

int PausesOfACheckpoint(const char* vfs) {
  const test::ScratchFolder folder;
  const auto connection = Open(folder.File("t.db"), vfs);
  REQUIRE(connection->Execute(kFill).ok());
  int count = 0;
  const audit::Pause pause = [&count] { ++count; };
  const Pauses pauses(*connection, pause);
  connection->Checkpoint();
  return count;
}

}  // namespace

TEST_CASE("a checkpoint pauses before each page") {
  for (const bool gathers : {false, true}) {
    REQUIRE(StoreVfs(gathers) != nullptr);
    CHECK(PausesOfACheckpoint(StoreVfs(gathers)) > 200);
  }
  CHECK(PausesOfACheckpoint(nullptr) == 0);
}

TEST_CASE("a connection pauses only while it shall, and not for another") {
  const test::ScratchFolder folder;
  const auto writer = Open(folder.File("t.db"), StoreVfs(true));
  const auto copier = Open(folder.File("t.db"), StoreVfs(false));
  REQUIRE(writer->Execute(kFill).ok());
  REQUIRE(copier->QueryInteger("SELECT count(*) FROM t").value() == 400);   // before that it does not know of the log
  int of_writer = 0, of_copier = 0;
  const audit::Pause writer_pause = [&of_writer] { ++of_writer; }, copier_pause = [&of_copier] { ++of_copier; };
  {
    const Pauses pauses(*writer, writer_pause), others(*copier, copier_pause);
    copier->Checkpoint();
    CHECK(of_copier > 200);
    CHECK(of_writer == 0);
  }
  of_copier = 0;
  REQUIRE(writer->Execute("UPDATE t SET b = randomblob(2000); PRAGMA wal_checkpoint(TRUNCATE)").ok());
  CHECK(of_writer == 0);
  CHECK(of_copier == 0);
}

TEST_CASE("a large commit pauses between its pieces, a small one does not") {
  const test::ScratchFolder folder;
  const auto writer = Open(folder.File("t.db"), StoreVfs(true));
  REQUIRE(writer->Execute(kFill).ok());
  const auto other = Open(folder.File("t.db"), nullptr);
  int count = 0;
  const audit::Pause pause = [&] {
    ++count;
    CHECK(other->QueryInteger("SELECT count(*) FROM t WHERE b = 'x'").value() == 0);   // no part of it is there before all is
  };
  const Pauses pauses(*writer, pause);
  REQUIRE(writer->Execute("UPDATE t SET b = randomblob(1900) WHERE a < 10").ok());
  CHECK(count == 0);
  REQUIRE(writer->Execute("BEGIN; UPDATE t SET b = randomblob(1900) WHERE a > 10; UPDATE t SET b = 'x' WHERE a = 5; COMMIT").ok());
  CHECK(count > 2);
  CHECK(other->QueryInteger("SELECT count(*) FROM t WHERE b = 'x'").value() == 1);
  CHECK(other->QueryInteger("SELECT integrity_check = 'ok' FROM pragma_integrity_check").value() == 1);
}

TEST_CASE("a descriptor of a file is found, and told from another's that took its number") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("a"), other = folder.File("b");
  CHECK(DescriptorOf(path.c_str()) == -1);   // there is no such file
  const int descriptor = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  REQUIRE(descriptor >= 0);
  CHECK(DescriptorOf(path.c_str()) == descriptor);
  CHECK(IsDescriptorOf(descriptor, path.c_str()));
  close(descriptor);
  CHECK(DescriptorOf(path.c_str()) == -1);
  CHECK_FALSE(IsDescriptorOf(descriptor, path.c_str()));
  const int another = open(other.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  REQUIRE(dup2(another, descriptor) == descriptor);
  CHECK_FALSE(IsDescriptorOf(descriptor, path.c_str()));
  BeginWriteback(descriptor, 0, 4096);   // a hint for the wrong file is harmless
  BeginWriteback(-1, 0, 4096);
  close(descriptor);
  if (another != descriptor) close(another);
}

TEST_CASE("a reader sees one state while a checkpoint pauses, and the writer goes on") {
  const test::ScratchFolder folder;
  const auto writer = Open(folder.File("t.db"), StoreVfs(true));
  const auto copier = Open(folder.File("t.db"), StoreVfs(false));
  const auto reader = Open(folder.File("t.db"), nullptr);
  REQUIRE(writer->Execute(kFill).ok());
  REQUIRE(copier->QueryInteger("SELECT count(*) FROM t").value() == 400);
  int count = 0;
  const audit::Pause pause = [&] {
    if (++count % 50 != 0) return;
    CHECK(writer->Execute("INSERT INTO t (b) VALUES ('new')").ok());
    CHECK(reader->QueryInteger("SELECT count(*) FROM t").value() == 400 + count / 50);
  };
  const Pauses pauses(*copier, pause);
  copier->Checkpoint();
  CHECK(count > 200);
  writer->Checkpoint();
  const auto after = Open(folder.File("t.db"), nullptr);
  CHECK(after->QueryInteger("SELECT count(*) FROM t").value() == 400 + count / 50);
  CHECK(after->QueryInteger("SELECT integrity_check = 'ok' FROM pragma_integrity_check").value() == 1);
}

}  // namespace intentgate::store
