#include <doctest/doctest.h>

#include <limits>

#include "contract/stores.h"

namespace intentgate::test {
namespace {

std::int64_t Amount(budget::BudgetStore& store, const std::string& counter, std::int64_t bucket) {
  const auto rows = store.Load(0);
  REQUIRE(rows.ok());
  for (const budget::CounterRow& row : *rows) {
    if (row.counter == counter && row.bucket == bucket) return row.amount;
  }
  return 0;
}

audit::TenantBatch Charged(audit::AuditStore& store, const std::string& tenant, std::vector<Charge> charges) {
  audit::TenantBatch batch = MakeBatch(tenant, *store.Head(tenant), 2);
  batch.events[1].charges = std::move(charges);
  return batch;
}

}  // namespace

TEST_CASE("charges add up in their counters, together with their events") {
  ForEachStore([](Stores& s) {
    const audit::TenantBatch one = Charged(*s.audit, "acme", {{"calls", 0, 1}, {"calls", 60, 1}, {"cost", 60, 250}});
    REQUIRE(s.audit->Append(std::span(&one, 1)).ok());
    const audit::TenantBatch two = Charged(*s.audit, "acme", {{"calls", 0, 1}, {"calls", 60, 1}, {"cost", 60, -50}});
    REQUIRE(s.audit->Append(std::span(&two, 1)).ok());
    CHECK(Amount(*s.budget, "calls", 0) == 2);
    CHECK(Amount(*s.budget, "calls", 60) == 2);
    CHECK(Amount(*s.budget, "cost", 60) == 200);
  });
}

TEST_CASE("a batch that is refused charges nothing") {
  ForEachStore([](Stores& s) {
    const audit::TenantBatch batch = Charged(*s.audit, "acme", {{"calls", 0, 1}});
    REQUIRE(s.audit->Append(std::span(&batch, 1)).ok());
    REQUIRE_FALSE(s.audit->Append(std::span(&batch, 1)).ok());
    CHECK(Amount(*s.budget, "calls", 0) == 1);
  });
}

TEST_CASE("counters of two tenants are two counters") {
  ForEachStore([](Stores& s) {
    const std::vector<audit::TenantBatch> both{Charged(*s.audit, "a", {{"calls", 0, 1}}),
                                               Charged(*s.audit, "b", {{"calls", 0, 5}})};
    REQUIRE(s.audit->Append(both).ok());
    const auto rows = s.budget->Load(0);
    REQUIRE(rows->size() == 2);
    CHECK((*rows)[0].tenant != (*rows)[1].tenant);
  });
}

TEST_CASE("a counter stays at the end of its range instead of wrapping round") {
  ForEachStore([](Stores& s) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    for (int i = 0; i < 2; ++i) {
      const audit::TenantBatch batch = Charged(*s.audit, "acme", {{"cost", 0, kMost - 1}});
      REQUIRE(s.audit->Append(std::span(&batch, 1)).ok());
    }
    CHECK(Amount(*s.budget, "cost", 0) == kMost);
  });
}

TEST_CASE("loading and pruning keep lifetime counters whatever their age") {
  ForEachStore([](Stores& s) {
    const audit::TenantBatch batch =
        Charged(*s.audit, "acme", {{"life", 0, 1}, {"old", 100, 1}, {"edge", 200, 1}, {"new", 300, 1}});
    REQUIRE(s.audit->Append(std::span(&batch, 1)).ok());
    CHECK(s.budget->Load(200)->size() == 3);
    REQUIRE(s.budget->Prune(200).ok());
    CHECK(s.budget->Load(0)->size() == 3);
    CHECK(Amount(*s.budget, "old", 100) == 0);
    CHECK(Amount(*s.budget, "life", 0) == 1);
  });
}

}  // namespace intentgate::test
