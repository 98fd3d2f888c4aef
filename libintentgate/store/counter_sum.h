// How every store adds to budget counters.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <tuple>

#include "audit/audit_store.h"

namespace intentgate::store {

// Stays at the ends of the range: a counter that wrapped round would open a budget again.
inline std::int64_t AddSaturated(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

// Tenant, counter, bucket. The texts are those of the batches.
using CounterKey = std::tuple<std::string_view, std::string_view, std::int64_t>;

// What the events of `batches` add, one sum for each counter however many events charge it.
inline std::map<CounterKey, std::int64_t> SumCharges(std::span<const audit::TenantBatch> batches) {
  std::map<CounterKey, std::int64_t> sums;
  for (const audit::TenantBatch& batch : batches) {
    for (const audit::StoredEvent& e : batch.events) {
      for (const Charge& charge : e.charges) {
        std::int64_t& sum = sums[{batch.tenant, charge.counter, charge.bucket}];
        sum = AddSaturated(sum, charge.amount);
      }
    }
  }
  return sums;
}

}  // namespace intentgate::store
