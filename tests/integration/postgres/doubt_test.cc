// The answer to a COMMIT that does not come.

#include <chrono>
#include <thread>

#include "audit/audit_log.h"
#include "contract/chains.h"
#include "fixture.h"

namespace intentgate::test {

TEST_CASE("a commit that waits for a standby is in doubt until it is over, and is then found") {
  const auto server = PostgresServer::Make({"synchronous_standby_names = 'nobody'", "synchronous_commit = local"});
  store::PostgresOptions local = OptionsFor(server->Url(), "intentgate");
  local.sync_commit = "local";
  const audit::TenantBatch genesis = MakeBatch("acme", {}, 1);
  REQUIRE(OpenStore(local)->Append(std::span(&genesis, 1)).ok());
  store::PostgresOptions options = OptionsFor(server->Url(), "intentgate");
  options.statement_timeout_ms = 300;
  const auto store = OpenStore(options);

  // A known tenant, and one whose head the batch inserts.
  const std::vector<audit::TenantBatch> batches{MakeBatch("acme", *store->Head("acme"), 2), MakeBatch("fresh", {}, 1)};
  const Status appended = store->Append(batches);
  REQUIRE_FALSE(appended.ok());
  CHECK(appended.error().code == ErrorCode::kUnavailable);
  // It has not happened and cannot be called off: no reader may be told that it did not.
  for (const char* tenant : {"acme", "fresh"}) {
    const auto unknown = store->Head(tenant);
    REQUIRE_FALSE(unknown.ok());
    CHECK(unknown.error().code == ErrorCode::kUnavailable);
    CHECK(unknown.error().message.find("in doubt") != std::string::npos);
  }
  CHECK_FALSE(store->Scan("acme", 0, 10).ok());
  CHECK_FALSE(store->Append(batches).ok());

  server->Sql("ALTER SYSTEM SET synchronous_standby_names = ''");
  server->Sql("SELECT pg_reload_conf()");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  auto settled = store->Head("acme");
  while (!settled.ok() && std::chrono::steady_clock::now() < deadline) settled = store->Head("acme");
  REQUIRE(settled.ok());
  CHECK(settled->next_seq == 3);
  CHECK(store->Head("fresh")->next_seq == 1);
  CHECK(audit::VerifyChain(*store, "acme")->ok);
}

TEST_CASE("a commit that an operator cuts loose from its standby is not acknowledged") {
  const auto server = PostgresServer::Make({"synchronous_standby_names = 'nobody'", "synchronous_commit = local"});
  store::PostgresOptions local = OptionsFor(server->Url(), "intentgate");
  local.sync_commit = "local";
  OpenStore(local);
  const auto store = OpenStore(OptionsFor(server->Url(), "intentgate"));
  std::thread operator_thread([&] {
    while (server->Sql("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "0") {
    }
  });
  const audit::TenantBatch batch = MakeBatch("acme", {}, 1);
  const Status appended = store->Append(std::span(&batch, 1));
  operator_thread.join();
  REQUIRE_FALSE(appended.ok());
  CHECK(appended.error().code == ErrorCode::kUnavailable);
  CHECK(appended.error().message.find("warning") != std::string::npos);
}

}  // namespace intentgate::test
