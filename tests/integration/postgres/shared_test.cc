// Several gateways on one database.

#include <thread>
#include <vector>

#include "contract/chains.h"
#include "fixture.h"
#include "support/load.h"

namespace intentgate::test {

TEST_CASE("two gateways append to the same chains at once: no gap, no fork, every acknowledged event there") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  std::vector<std::shared_ptr<store::PostgresStore>> stores;
  for (int i = 0; i < 2; ++i) stores.push_back(OpenStore(OptionsFor(server.Url(), schema)));
  CallersIds ids;
  {
    Load one(stores[0], 4, "one"), two(stores[1], 4, "two");
    CHECK(one.WaitFor(300));
    CHECK(two.WaitFor(300));
    for (Load* load : {&one, &two}) {
      load->Stop();
      CHECK_MESSAGE(load->failed() == 0, load->last_error());
      ids.tried.insert(load->ids().tried.begin(), load->ids().tried.end());
      ids.acknowledged.insert(load->ids().acknowledged.begin(), load->ids().acknowledged.end());
    }
  }
  const ChainIds stored = CheckedChains(*stores[0], *stores[0]);
  CHECK(stored.all.size() == ids.acknowledged.size() + 2);   // and a genesis event each
  CheckNothingLostOrForged(stored, ids);
}

TEST_CASE("a batch whose held transaction the server has ended is written all the same") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  const auto store = OpenStore(OptionsFor(server.Url(), schema));
  const audit::TenantBatch genesis = MakeBatch("acme", {}, 1);
  REQUIRE(store->Append(std::span(&genesis, 1)).ok());
  // A sequence is not rolled back, so only the first statement meets the error.
  server.Sql("CREATE SEQUENCE " + schema + ".tries; CREATE FUNCTION " + schema + ".ended() RETURNS trigger LANGUAGE plpgsql AS "
             "$$ BEGIN IF nextval('" + schema + ".tries') = 1 THEN RAISE EXCEPTION 'idle' USING ERRCODE = '25P03'; END IF; "
             "RETURN new; END $$; CREATE TRIGGER ended BEFORE UPDATE ON " + schema + ".audit_heads FOR EACH ROW "
             "EXECUTE FUNCTION " + schema + ".ended()");
  const audit::TenantBatch batch = MakeBatch("acme", *store->Head("acme"), 2);
  const Status appended = store->Append(std::span(&batch, 1));
  REQUIRE_MESSAGE(appended.ok(), appended.error().message);
  CHECK(server.Sql("SELECT last_value FROM " + schema + ".tries") == "2");
  CHECK(audit::VerifyChain(*store, "acme")->verified == 3);
}

TEST_CASE("batches of many tenants in any order do not deadlock") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  std::vector<std::thread> threads;
  std::atomic<int> unexpected{0};
  for (const bool backwards : {false, true}) {
    threads.emplace_back([&, backwards] {
      const auto store = OpenStore(OptionsFor(server.Url(), schema));
      for (int done = 0; done < 50;) {
        std::vector<audit::TenantBatch> batches;
        for (int t = 0; t < 6; ++t) {
          const std::string tenant = "t" + std::to_string(backwards ? 5 - t : t);
          batches.push_back(MakeBatch(tenant, *store->Head(tenant), 1));
        }
        const Status status = store->Append(batches);
        if (status.ok()) ++done;
        if (!status.ok() && status.error().code != ErrorCode::kConflict) ++unexpected;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(unexpected == 0);
  const auto store = OpenStore(OptionsFor(server.Url(), schema));
  for (int t = 0; t < 6; ++t) CHECK(audit::VerifyChain(*store, "t" + std::to_string(t))->verified == 100);
  CHECK(server.Sql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'") == "0");
}

TEST_CASE("two gateways take the same proofs at once in any order: each is new at one of them, and none deadlocks") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  constexpr int kProofs = 400, kAtOnce = 40;
  std::vector<std::atomic<int>> times_new(kProofs);
  std::atomic<int> unexpected{0};
  std::vector<std::thread> threads;
  for (const bool backwards : {false, true}) {
    threads.emplace_back([&, backwards] {
      const auto store = OpenStore(OptionsFor(server.Url(), schema));
      for (int first = 0; first < kProofs; first += kAtOnce) {
        std::vector<token::UsedProof> proofs;
        for (int i = 0; i < kAtOnce; ++i) proofs.push_back({std::to_string(first + (backwards ? kAtOnce - 1 - i : i)), 100});
        const Result<std::vector<bool>> taken = store->TakeProofs(proofs);
        if (!taken.ok()) ++unexpected;
        for (std::size_t i = 0; taken.ok() && i < proofs.size(); ++i) {
          if ((*taken)[i]) ++times_new[static_cast<std::size_t>(std::stoi(proofs[i].id))];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(unexpected == 0);
  for (const std::atomic<int>& times : times_new) CHECK(times == 1);
  CHECK(server.Sql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'") == "0");
}

TEST_CASE("of two gateways that sign from one state, one is refused") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  OpenStore(OptionsFor(server.Url(), schema));
  constexpr std::uint64_t kRounds = 40;
  std::atomic<int> won{0}, unexpected{0};
  std::vector<std::thread> threads;
  for (const std::uint8_t replica : {std::uint8_t{1}, std::uint8_t{2}}) {
    threads.emplace_back([&, replica] {
      const auto store = OpenStore(OptionsFor(server.Url(), schema));
      for (;;) {
        const auto state = store->GetSignerState("acme");
        if (!state.ok()) ++unexpected;
        const std::uint64_t size = !state.ok() || !state->has_value() ? 0 : (*state)->size;
        if (!state.ok() || size == kRounds) return;
        audit::SignerState next{1, size + 1, {}};
        next.root.fill(replica);
        const Status set = store->SetSignerState("acme", *state, next);
        if (set.ok()) ++won;
        if (!set.ok() && set.error().code != ErrorCode::kConflict) ++unexpected;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(won == kRounds);
  CHECK(unexpected == 0);
}

TEST_CASE("two gateways write the same tiles at once, each in its own widths") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  OpenStore(OptionsFor(server.Url(), schema));
  const auto tile = [](std::uint64_t index, unsigned width) {
    return audit::StoredTile{{0, index, width}, std::string(width * sizeof(tlog::Hash), static_cast<char>(index))};
  };
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (const unsigned step : {3u, 5u}) {
    threads.emplace_back([&, step] {
      const auto store = OpenStore(OptionsFor(server.Url(), schema));
      for (unsigned width = step; width <= tlog::kTileWidth; width += step) {
        std::vector<audit::StoredTile> tiles;
        for (std::uint64_t i = 0; i < 4; ++i) tiles.push_back(tile(step == 3 ? i : 3 - i, width));
        if (!store->PutTiles("acme", tiles).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  const auto store = OpenStore(OptionsFor(server.Url(), schema));
  for (std::uint64_t i = 0; i < 4; ++i) CHECK(store->Tile("acme", 0, i)->bytes == tile(i, 255).bytes);
}

TEST_CASE("a partition in which nothing is left is emptied at once; one with another tenant's events is not") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  const auto store = OpenStore(OptionsFor(server.Url(), schema));
  constexpr std::int64_t kWidth = std::int64_t{1} << 24;
  // Chains that are far along; of their events only those that pruning looks at are there.
  const auto far_along = [&](const std::string& tenant) {
    audit::TenantBatch batch{tenant, {MakeStored(tenant, kWidth - 1, std::string(64, 'a'))}};
    batch.events.push_back(MakeStored(tenant, kWidth, batch.events[0].record.hash));
    batch.events[0].private_values = {{"remote_ip", {}, "192.0.2.1"}};
    server.Sql("INSERT INTO " + schema + ".audit_heads VALUES ('" + tenant + "', " + std::to_string(kWidth - 1) + ", '" +
               std::string(64, 'a') + "'); INSERT INTO " + schema + ".audit_pruned VALUES ('" + tenant + "', " +
               std::to_string(kWidth - 1) + ", '" + std::string(64, 'a') + "')");
    REQUIRE(store->Append(std::span(&batch, 1)).ok());
    return batch.events[0].record.hash;
  };
  const auto rows = [&](const std::string& table) { return server.Sql("SELECT count(*) FROM " + schema + "." + table); };
  const auto file = [&] { return server.Sql("SELECT pg_relation_filenode('" + schema + ".audit_events_0'::regclass)"); };
  const std::string a = far_along("a"), b = far_along("b");
  const std::string before = file();
  CHECK(static_cast<audit::RetentionStore&>(*store).Prune("a", {kWidth, a}).ok());
  CHECK(store->Pruned("a")->first_seq == kWidth);
  CHECK(rows("audit_events_0") == "1");
  CHECK(file() == before);
  CHECK(server.Sql("SELECT " + schema + ".audit_empty_partition(0)") == "f");
  CHECK(rows("audit_events_0") == "1");
  CHECK(static_cast<audit::RetentionStore&>(*store).Prune("b", {kWidth, b}).ok());
  CHECK(rows("audit_events_0") == "0");
  CHECK(rows("private_values_0") == "0");
  CHECK(rows("audit_events_1") == "2");
  CHECK(file() != before);   // TRUNCATE gives a table a new file; DELETE does not
  // A tenant that begins now writes where the others' first events were.
  const audit::TenantBatch fresh = MakeBatch("c", {}, 3);
  CHECK(store->Append(std::span(&fresh, 1)).ok());
  CHECK(server.Sql("SELECT " + schema + ".audit_empty_partition(0)") == "f");
  CHECK(audit::VerifyChain(*store, "c")->ok);
}

}  // namespace intentgate::test
