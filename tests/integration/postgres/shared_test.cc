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

}  // namespace intentgate::test
