// An AuditFilter as SQL. Values are always bound, never written into the text.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/audit.h>

#include "store/postgres/values.h"

namespace intentgate::store::pg {

// Numbers of one row of audit_time_spans.
inline constexpr std::int64_t kSpanBlock = 4'096;

// For pages of one tenant: rows come from an index in the order of the page, wherever there is one. By itself the server
// gathers and sorts what it takes for a few rows, and it takes any span of numbers for few.
inline constexpr std::string_view kPageSettings = "set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)";

// `schema` is quoted, with the dot: `"intentgate".`.
Command CountCommand(const std::string& schema, const AuditFilter& filter);
// `columns` in the order of audit/filter.h, behind the cursor `after` unless that is empty, at most `limit` rows.
Result<Command> PageCommand(const std::string& schema, std::string_view columns, const AuditFilter& filter,
                            bool ascending, std::string_view after, std::int64_t limit);

}  // namespace intentgate::store::pg
