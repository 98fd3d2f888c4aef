// An AuditFilter as SQL. Values are always bound, never written into the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <intentgate/audit.h>

namespace intentgate::store {

// Events of one row of audit_times. Migration 0003 has the number too.
inline constexpr std::int64_t kTimesBlock = 1024;

struct SqlQuery {
  std::string from;    // " FROM audit_events e", with what leads to the events where SQLite would not find it by itself
  std::string where;   // " WHERE ..." or ""
  std::string order;   // " ORDER BY ..."
  std::vector<std::variant<std::int64_t, std::string>> values;   // for the `?` of `where`, in order
};

SqlQuery CountQuery(const AuditFilter& filter);
// In the order of audit/filter.h, behind the cursor `after` unless that is empty.
Result<SqlQuery> PageQuery(const AuditFilter& filter, bool ascending, std::string_view after);

}  // namespace intentgate::store
