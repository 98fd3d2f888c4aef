#include "contract/stores.h"

#include <doctest/doctest.h>

#include "store/memory/memory_store.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"
#include "support/postgres.h"

namespace intentgate::test {

void ForEachStore(const std::function<void(Stores&)>& test) {
  {
    INFO("memory store");
    const auto store = std::make_shared<store::MemoryStore>();
    Stores stores{"memory", store, store, store, store, store, store, store, store};
    test(stores);
  }
  {
    INFO("SQLite store");
    const ScratchFolder folder;
    const auto store = store::SqliteStore::Open(folder.File("gate.db"), {});
    REQUIRE(store.ok());
    Stores stores{"sqlite", *store, *store, *store, *store, *store, *store, *store, *store};
    test(stores);
  }
  {
    INFO("PostgreSQL store");
    PostgresServer& server = PostgresServer::Shared();
    store::PostgresOptions options;
    options.url = server.Url();
    options.schema = server.FreshSchema();
    const auto store = store::PostgresStore::Open(options);
    if (!store.ok()) FAIL(store.error().message);
    Stores stores{"postgres", *store, *store, *store, *store, *store, *store, *store, *store};
    test(stores);
  }
}

}  // namespace intentgate::test
