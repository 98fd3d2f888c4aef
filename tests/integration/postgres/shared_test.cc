// Several gateways on one database.

#include <thread>
#include <vector>

#include "contract/chains.h"
#include "fixture.h"
#include "load.h"

namespace intentgate::test {

TEST_CASE("two gateways append to the same chains at once: no gap, no fork, every acknowledged event there") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  std::vector<std::shared_ptr<store::PostgresStore>> stores;
  for (int i = 0; i < 2; ++i) stores.push_back(OpenStore(OptionsFor(server.Url(), schema)));
  std::set<std::string> acknowledged;
  {
    Load one(stores[0], 4), two(stores[1], 4);
    CHECK(one.WaitFor(300));
    CHECK(two.WaitFor(300));
    for (Load* load : {&one, &two}) {
      load->Stop();
      CHECK_MESSAGE(load->failed() == 0, load->last_error());
      acknowledged.insert(load->acknowledged().begin(), load->acknowledged().end());
    }
  }
  const std::set<std::string> stored = CheckedIds(*stores[0]);
  CHECK(stored.size() == acknowledged.size() + 2);   // and a genesis event each
  for (const std::string& id : acknowledged) CHECK(stored.count(id) == 1);
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
