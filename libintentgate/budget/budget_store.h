// Where counters rest between runs. Additions travel with the audit event that caused them
// (audit/audit_store.h, Charge); a store only has to give the sums back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::budget {

struct CounterRow {
  std::string tenant;
  std::string counter;
  std::int64_t bucket = 0;     // unix seconds; 0: lifetime
  std::int64_t amount = 0;
};

// Thread-safe.
class BudgetStore {
 public:
  virtual ~BudgetStore() = default;
  // Every lifetime counter and every bucket that starts at or after `oldest_bucket`.
  virtual Result<std::vector<CounterRow>> Load(std::int64_t oldest_bucket) = 0;
  // Drops buckets that start before `oldest_bucket`; lifetime counters stay.
  virtual Status Prune(std::int64_t oldest_bucket) = 0;
};

}  // namespace intentgate::budget
