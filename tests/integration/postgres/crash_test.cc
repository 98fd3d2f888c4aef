// Servers that end under load. What was acknowledged is in the chain, the chain verifies, and the same store goes on.

#include "fixture.h"
#include "support/load.h"
#include "support/soak.h"

namespace intentgate::test {
namespace {

constexpr int kThreads = 4;
constexpr std::size_t kEvents = 60;

void CheckNothingLost(const Load& load, store::PostgresStore& store) {
  CheckNothingLostOrForged(CheckedChains(store, store), load.ids());
}

}  // namespace

TEST_CASE("kill -9 of the postmaster under load, again and again: no acknowledged event is lost") {
  const auto server = PostgresServer::Make();
  const auto store = OpenStore(OptionsFor(server->Url(), "intentgate"));
  Load load(store, kThreads);
  CHECK(load.WaitFor(kEvents));
  for (int round = 0; round < Rounds(20, 200); ++round) {
    CAPTURE(round);
    server->Kill();
    server->Start();
    CHECK(load.WaitFor(kEvents));
  }
  load.Stop();
  CHECK(load.failed() > 0);
  CheckNothingLost(load, *store);
}

TEST_CASE("a clean restart between two calls is not noticed") {
  const auto server = PostgresServer::Make();
  const auto store = OpenStore(OptionsFor(server->Url(), "intentgate"));
  CHECK(store->Head("acme").ok());
  CHECK(store->Add({"acme", "one", "", "", 1}).ok());
  server->Stop();
  server->Start();
  CHECK(store->Head("acme").ok());
  CHECK(store->Add({"acme", "two", "", "", 1}).ok());
  CHECK(store->Version().value() == 2);
}

TEST_CASE("while the server is down calls fail soon with kUnavailable") {
  const auto server = PostgresServer::Make();
  const auto store = OpenStore(OptionsFor(server->Url(), "intentgate"));
  server->Kill();
  for (int i = 0; i < 100; ++i) {
    const auto head = store->Head("acme");
    REQUIRE_FALSE(head.ok());
    CHECK(head.error().code == ErrorCode::kUnavailable);
  }
  CHECK(store->Version().error().code == ErrorCode::kUnavailable);
}

TEST_CASE("a standby takes over from a primary that was killed: no acknowledged event is lost") {
  const auto primary = PostgresServer::Make();
  const auto standby = PostgresServer::MakeStandby(*primary, "s1");
  primary->Sql("ALTER SYSTEM SET synchronous_standby_names = 's1'");
  primary->Sql("SELECT pg_reload_conf()");
  while (primary->Sql("SELECT sync_state FROM pg_stat_replication") != "sync") {
  }
  const std::string folder = primary->socket_folder();
  const auto store = OpenStore(OptionsFor("host=" + folder + "," + folder + " port=" + std::to_string(primary->port()) +
                                              "," + std::to_string(standby->port()) + " user=gate dbname=postgres",
                                          "intentgate"));
  Load load(store, kThreads);
  CHECK(load.WaitFor(kEvents));
  primary->Kill();
  standby->Promote();
  CHECK(load.WaitFor(kEvents));
  load.Stop();
  CheckNothingLost(load, *store);
}

}  // namespace intentgate::test
