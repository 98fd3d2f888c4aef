// A store on a schema of its own in the server that the tests of this process share.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "store/postgres/postgres_store.h"
#include "support/postgres.h"

namespace intentgate::test {

inline store::PostgresOptions OptionsFor(const std::string& url, const std::string& schema) {
  store::PostgresOptions options;
  options.url = url;
  options.schema = schema;
  return options;
}

inline std::shared_ptr<store::PostgresStore> OpenStore(store::PostgresOptions options) {
  auto store = store::PostgresStore::Open(std::move(options));
  if (!store.ok()) FAIL(store.error().message);
  return *store;
}

}  // namespace intentgate::test
