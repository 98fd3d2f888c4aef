// A disk that is full under load, a real one: calls are refused, nothing acknowledged is lost, and once there is room
// again the same process goes on by itself.

#include <doctest/doctest.h>

#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"
#include "support/load.h"
#include "support/postgres.h"
#include "support/small_disk.h"
#include "support/soak.h"

namespace intentgate::test {
namespace {

constexpr int kThreads = 4;
constexpr std::size_t kEvents = 50;

int FillRounds() { return Rounds(1, 20); }

std::shared_ptr<store::SqliteStore> OpenSqlite(const std::string& path) {
  const auto store = store::SqliteStore::Open(path, {});
  REQUIRE(store.ok());
  return *store;
}

}  // namespace

TEST_CASE("a full disk under the SQLite store" * doctest::skip(!SmallDisk::Allowed())) {
  for (int round = 0; round < FillRounds(); ++round) {
    SmallDisk disk(16);
    const auto store = OpenSqlite(disk.File("gate.db"));
    Load load(store, kThreads);
    CHECK(load.WaitFor(kEvents));
    disk.Fill();
    CHECK(load.WaitForRefusal());
    disk.Free();
    CHECK_MESSAGE(load.WaitFor(kEvents), load.last_error());
    load.Stop();
    CheckNothingLostOrForged(CheckedChains(*store, *store), load.ids());
  }
}

TEST_CASE("a full disk under the journal" * doctest::skip(!SmallDisk::Allowed())) {
  for (int round = 0; round < FillRounds(); ++round) {
    SmallDisk disk(16);
    const ScratchFolder folder;
    const auto store = OpenSqlite(folder.File("gate.db"));
    Load load(store, kThreads, "load", disk.File("journal"));
    CHECK(load.WaitFor(kEvents));
    disk.Fill();
    CHECK(load.WaitForRefusal());
    disk.Free();
    CHECK_MESSAGE(load.WaitFor(kEvents), load.last_error());
    load.Stop();
    CheckNothingLostOrForged(CheckedChains(*store, *store), load.ids());
  }
}

// A server that finds no room for its WAL ends; whoever runs it starts it again.
TEST_CASE("a full disk under PostgreSQL" * doctest::skip(!SmallDisk::Allowed())) {
  for (int round = 0; round < Rounds(1, 5); ++round) {
    SmallDisk disk(192);
    const auto server = PostgresServer::Make({"min_wal_size = 32MB", "max_wal_size = 48MB"},
                                             std::make_shared<ScratchFolder>(disk.path()));
    store::PostgresOptions options;
    options.url = server->Url();
    const auto store = store::PostgresStore::Open(std::move(options));
    REQUIRE(store.ok());
    Load load(*store, kThreads);
    CHECK(load.WaitFor(kEvents));
    disk.Fill();
    CHECK(load.WaitForRefusal());
    disk.Free();
    server->Revive();
    CHECK_MESSAGE(load.WaitFor(kEvents), load.last_error());
    load.Stop();
    CheckNothingLostOrForged(CheckedChains(**store, **store), load.ids());
  }
}

}  // namespace intentgate::test
