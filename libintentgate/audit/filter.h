// What stores share about queries: which events a filter takes, and the cursor of a page.
//
// Order of AuditStore::Query. With a tenant: by seq. Without: ascending by (tenant, seq), so that every
// chain comes whole and in order; descending by (ts, tenant, seq), newest first for people.
// All functions are pure and thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/audit.h>

#include "audit/audit_store.h"
#include "audit/canonical_check.h"

namespace intentgate::audit {

// The most records of one page. A Query that asks for more is refused; a Scan gives no more.
inline constexpr std::size_t kMaxPage = 10'000;

// kInvalidArgument unless 1 <= limit <= kMaxPage.
Status CheckPageLimit(std::size_t limit);

bool Matches(const AuditFilter& filter, const EventView& event);
bool Matches(const AuditFilter& filter, const StoredEvent& event);

// True if anything but the tenant narrows the filter.
bool NarrowsEvents(const AuditFilter& filter);

// The last event of a page.
struct Cursor {
  std::int64_t ts_micros = 0;
  std::string tenant;
  std::int64_t seq = 0;
};

std::string WriteCursor(const Cursor& cursor);
// kInvalidArgument on a text that WriteCursor did not make.
Result<Cursor> ReadCursor(std::string_view text);

}  // namespace intentgate::audit
