// Pages and counts of events by a filter: what leads to them, a posting or the chain itself, and then each event's own words. Each function needs a
// connection that nobody else uses meanwhile, in a Snapshot. Included by this folder only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/audit.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/postings.h"

namespace intentgate::store {

// Events of one row of audit_times. Migration 0003 has the number too.
inline constexpr int kTimesShift = 10;
inline constexpr std::int64_t kTimesBlock = std::int64_t{1} << kTimesShift;

// What leads to the events of a filter in one tenant's chain: the posting that the fewest have, or by kMoment the chain itself.
struct EventRoute {
  PostingField field = PostingField::kMoment;
  std::string value;
};
EventRoute RouteOf(const AuditFilter& filter);

// In the order of audit/filter.h, behind the cursor `after` unless that is empty. REQUIRES: 1 <= limit <= audit::kMaxPage.
Result<AuditPage> ReadPage(Connection& connection, const AuditFilter& filter, bool ascending, std::string_view after, std::size_t limit);
// Whether there is one.
Result<bool> HasEvents(Connection& connection, const AuditFilter& filter);
Result<std::int64_t> CountEvents(Connection& connection, const AuditFilter& filter);

}  // namespace intentgate::store
