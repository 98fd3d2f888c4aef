// What a store holds after something went wrong, held against what its callers know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "audit/audit_log.h"
#include "budget/budget_store.h"

namespace intentgate::test {

using Ids = std::set<std::string>;

struct ChainIds {
  Ids all;         // of every event
  Ids decisions;   // of those that callers asked for
};

// The ids in the chains of the tenants `even` and `odd`. Checks that the chains verify, that no id is there twice and
// that the counters are the sums of the decisions, each of which charged 1.
inline ChainIds CheckedChains(audit::AuditStore& store, budget::BudgetStore& counters) {
  ChainIds ids;
  const auto rows = counters.Load(0);
  REQUIRE(rows.ok());
  for (const char* tenant : {"even", "odd"}) {
    CAPTURE(tenant);
    const auto report = audit::VerifyChain(store, tenant);
    REQUIRE(report.ok());
    INFO(report->problem);
    CHECK(report->ok);
    std::int64_t decisions = 0, charged = 0;
    for (std::int64_t next = 0; next < report->head.next_seq;) {
      const auto page = store.ScanStored(tenant, next, 1'000);
      REQUIRE(page.ok());
      REQUIRE_FALSE(page->empty());
      for (const audit::StoredEvent& e : *page) {
        CHECK_MESSAGE(ids.all.insert(e.record.event_id).second, e.record.event_id << " is there twice");
        if (e.kind != "decision") continue;
        ids.decisions.insert(e.record.event_id);
        ++decisions;
      }
      next = page->back().record.seq + 1;
    }
    for (const budget::CounterRow& row : *rows) charged += row.tenant == tenant ? row.amount : 0;
    CHECK(charged == decisions);
  }
  return ids;
}

// What callers asked for, and of that what they were told is recorded.
struct CallersIds {
  Ids tried, acknowledged;
};

inline void CheckNothingLostOrForged(const ChainIds& stored, const CallersIds& callers) {
  std::size_t lost = 0, forged = 0;
  for (const std::string& id : callers.acknowledged) lost += 1 - stored.decisions.count(id);
  for (const std::string& id : stored.decisions) forged += 1 - callers.tried.count(id);
  CHECK(lost == 0);
  CHECK(forged == 0);
  MESSAGE(callers.acknowledged.size() << " acknowledged, " << stored.decisions.size() << " stored, "
                                      << callers.tried.size() << " tried");
}

}  // namespace intentgate::test
