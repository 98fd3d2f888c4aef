#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "audit/audit_log.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_file.h"

namespace intentgate::store {
namespace {

using test::RunSql;
using test::ScratchFolder;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Error OpenError(const std::string& path, const SqliteOptions& options = {}) {
  const auto store = SqliteStore::Open(path, options);
  REQUIRE_FALSE(store.ok());
  INFO(store.error().message);
  if (!path.empty() && path != ":memory:") CHECK(store.error().message.find(path) != std::string::npos);
  return store.error();
}

AuditEvent Event() {
  AuditEvent e;
  e.tenant = "acme";
  e.reason = std::string(2'000, 'x');
  return e;
}

}  // namespace

TEST_CASE("a new database is readable by its owner only") {
  const ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  const auto store = SqliteStore::Open(path, {});
  REQUIRE(store.ok());
  REQUIRE((*store)->Add({"acme", "jti", "", "", 1}).ok());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat status {};
    REQUIRE(::stat((path + suffix).c_str(), &status) == 0);
    CHECK((status.st_mode & 077) == 0);
  }
}

TEST_CASE("what was written is there after a restart") {
  const ScratchFolder folder;
  for (int run = 0; run < 3; ++run) {
    const auto store = SqliteStore::Open(folder.File("gate.db"), {});
    REQUIRE(store.ok());
    CHECK((*store)->Head("acme")->next_seq == (run == 0 ? 0 : run + 1));
    auto log = audit::AuditLog::Create(*store, {}, SystemClock(), SystemRandom());
    REQUIRE((*log)->AppendAndWait(Event()).ok());
  }
}

TEST_CASE("a path that cannot be a database is refused with the path and the way out") {
  const ScratchFolder folder;
  CHECK(OpenError("").code == ErrorCode::kInvalidArgument);
  CHECK(OpenError(":memory:").message.find("memory store") != std::string::npos);
  CHECK(OpenError(folder.File("no/such/folder/gate.db")).code == ErrorCode::kIo);
  CHECK(OpenError(folder.File("")).code == ErrorCode::kIo);
  std::ofstream(folder.File("file")) << "x";
  CHECK(OpenError(folder.File("file/gate.db")).message.find("directory") != std::string::npos);
}

TEST_CASE("a file that is no database is refused and left as it is") {
  const ScratchFolder folder;
  const std::string path = folder.File("notes.txt");
  std::ofstream(path) << std::string(5'000, 'n');
  const Error error = OpenError(path);
  CHECK(error.code == ErrorCode::kCorrupt);
  CHECK(error.message.find("not a SQLite database") != std::string::npos);
  CHECK(ReadFile(path) == std::string(5'000, 'n'));
}

TEST_CASE("another program's database is refused and left as it is") {
  const ScratchFolder folder;
  const std::string path = folder.File("other.db");
  RunSql(path, "CREATE TABLE theirs (x)");
  const std::string before = ReadFile(path);
  const Error error = OpenError(path);
  CHECK(error.code == ErrorCode::kInvalidArgument);
  CHECK(error.message.find("another program") != std::string::npos);
  CHECK(ReadFile(path) == before);
}

TEST_CASE("a newer schema stops the start and names both versions") {
  const ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  REQUIRE(SqliteStore::Open(path, {}).ok());
  RunSql(path, "INSERT INTO schema_migrations (version, name) VALUES (9999, 'future')");
  const Error error = OpenError(path);
  CHECK(error.code == ErrorCode::kUnsupportedVersion);
  CHECK(error.message.find("9999") != std::string::npos);
  CHECK(error.message.find("up to 14") != std::string::npos);
}

TEST_CASE("several starts at once migrate an empty file once") {
  const ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  std::vector<std::thread> threads;
  std::atomic<int> opened{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto store = SqliteStore::Open(path, {});
      if (store.ok() && (*store)->Version().ok()) ++opened;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(opened == 8);
}

TEST_CASE("a full disk is reported with the path, loses nothing acknowledged and heals") {
  const ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  SqliteOptions small;
  small.max_pages = 60;
  std::vector<std::string> acknowledged;
  {
    const auto store = SqliteStore::Open(path, small);
    REQUIRE(store.ok());
    auto log = audit::AuditLog::Create(*store, {}, SystemClock(), SystemRandom());
    Result<AuditReceipt> receipt = (*log)->AppendAndWait(Event());
    while (receipt.ok()) {
      acknowledged.push_back(receipt->event_id);
      REQUIRE(acknowledged.size() < 1'000);
      receipt = (*log)->AppendAndWait(Event());
    }
    CHECK(receipt.error().code == ErrorCode::kIo);
    CHECK(receipt.error().message.find(path) != std::string::npos);
    CHECK(receipt.error().message.find("no space left") != std::string::npos);
    CHECK_FALSE((*log)->healthy());
    CHECK(audit::VerifyChain(**store, "acme")->ok);
  }
  CHECK(acknowledged.size() > 3);
  const auto store = SqliteStore::Open(path, {});
  auto log = audit::AuditLog::Create(*store, {}, SystemClock(), SystemRandom());
  REQUIRE((*log)->AppendAndWait(Event()).ok());
  const auto report = audit::VerifyChain(**store, "acme");
  CHECK(report->ok);
  for (const std::string& id : acknowledged) {
    AuditFilter filter;
    filter.event_id = id;
    CHECK((*store)->Count(filter).value() == 1);
  }
}

TEST_CASE("a database that another process holds locked is unavailable, not broken") {
  const ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  SqliteOptions options;
  options.busy_timeout_ms = 1;
  const auto store = SqliteStore::Open(path, options);
  REQUIRE(store.ok());
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const Status status = (*store)->Add({"acme", "jti", "", "", 1});
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kUnavailable);
  CHECK(status.error().message.find(path) != std::string::npos);
  CHECK(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  CHECK((*store)->Add({"acme", "jti", "", "", 1}).ok());
}

TEST_CASE("the WAL is copied into the file once it is large") {
  const ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  SqliteOptions options;
  options.checkpoint_pages = 50;
  const auto store = SqliteStore::Open(path, options);
  auto log = audit::AuditLog::Create(*store, {}, SystemClock(), SystemRandom());
  for (int i = 0; i < 300; ++i) REQUIRE((*log)->AppendAndWait(Event()).ok());
  // Without checkpoints 300 commits would have left more than 2,000 pages in it.
  CHECK(std::filesystem::file_size(path + "-wal") < 4'096u * 1'000);
  CHECK(std::filesystem::file_size(path) > 4'096u * 100);
}

}  // namespace intentgate::store
