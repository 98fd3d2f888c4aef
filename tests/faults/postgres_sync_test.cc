// PostgreSQL's fsync fails under load. It must not go on as if the data were on the disk, and does not: it panics and
// recovers from its WAL. What was acknowledged is there, nothing else is, and the gate goes on by itself.

#include <doctest/doctest.h>
#include <libpq-fe.h>
#include <poll.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "store/postgres/postgres_store.h"
#include "support/load.h"
#include "support/postgres.h"
#include "support/soak.h"

namespace intentgate::test {
namespace {

constexpr int kThreads = 4;
constexpr std::size_t kEvents = 40;
constexpr std::string_view kWal = "/pg_wal/", kTables = "/base/";
constexpr auto kPatience = std::chrono::seconds(60);

// A server whose next sync can be made to fail.
struct FaultyServer {
  std::shared_ptr<ScratchFolder> folder = std::make_shared<ScratchFolder>();
  std::string fault = folder->File("fault");
  std::unique_ptr<PostgresServer> server;

  explicit FaultyServer(bool lost) {
    // The user that runs the server may not be able to look into the build folder.
    const std::string shim = folder->File("failing_sync.so");
    std::filesystem::copy_file(FAILING_SYNC, shim);
    std::vector<std::string> environment{"LD_PRELOAD=" + shim, "INTENTGATE_TEST_SYNC_FAULT=" + fault};
    if (lost) environment.push_back("INTENTGATE_TEST_SYNC_LOST=1");
    server = PostgresServer::Make({}, folder, environment);
  }

  // The next sync of a file whose path contains `part` fails; true when one did within a minute.
  bool FailNextSync(std::string_view part) {
    const std::string written = fault + ".part";
    std::ofstream(written) << part;
    std::filesystem::rename(written, fault);
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::filesystem::exists(fault)) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      if (part == kTables) Checkpoint();
      ::poll(nullptr, 0, 5);
    }
    return true;
  }
  // Tables are synced by checkpoints only. One that fails takes the session along.
  void Checkpoint() {
    const std::unique_ptr<PGconn, void (*)(PGconn*)> session(PQconnectdb(server->Url().c_str()), &PQfinish);
    PQsetNoticeProcessor(session.get(), [](void*, const char*) {}, nullptr);
    PQclear(PQexec(session.get(), "CHECKPOINT"));
  }
  std::size_t Panics() const {
    const std::string log = server->Log();
    std::size_t count = 0;
    for (std::size_t at = log.find("PANIC:"); at != std::string::npos; at = log.find("PANIC:", at + 1)) ++count;
    return count;
  }
};

void FailUnderLoad(bool lost, std::string_view part, int rounds) {
  FaultyServer faulty(lost);
  store::PostgresOptions options;
  options.url = faulty.server->Url();
  const auto store = store::PostgresStore::Open(std::move(options));
  REQUIRE(store.ok());
  Load load(*store, kThreads);
  CHECK(load.WaitFor(kEvents));
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    REQUIRE(faulty.FailNextSync(part));
    CHECK_MESSAGE(load.WaitFor(kEvents), load.last_error());
  }
  load.Stop();
  // Each was taken for what it is. A fault that meets another one's recovery counts there.
  CHECK(faulty.Panics() >= static_cast<std::size_t>(rounds));
  CheckNothingLostOrForged(CheckedChains(**store, **store), load.ids());
}

}  // namespace

TEST_CASE("a sync of PostgreSQL's WAL fails under load") { FailUnderLoad(false, kWal, Rounds(3, 100)); }

TEST_CASE("a sync of PostgreSQL's WAL fails under load and takes what was written") {
  FailUnderLoad(true, kWal, Rounds(3, 100));
}

TEST_CASE("a sync of PostgreSQL's tables fails under load") { FailUnderLoad(false, kTables, Rounds(2, 50)); }

}  // namespace intentgate::test
