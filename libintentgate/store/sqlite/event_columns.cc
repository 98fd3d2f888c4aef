// Tested by tests/unit/store/sqlite_older_events_test.cc.
#include "store/sqlite/event_columns.h"

#include <optional>
#include <utility>

#include "audit/canonical_event.h"
#include "base/encoding.h"
#include "store/sqlite/packed_text.h"

namespace intentgate::store {

std::string HashColumn(const Statement& row, int column) {
  if (!row.IsBlob(column)) return row.Text(column);
  return base::HexEncode(base::AsBytes(row.Blob(column)));
}

std::string CanonicalColumn(const Statement& row, int column) {
  if (!row.IsBlob(column)) return row.Text(column);
  std::string packed = row.Blob(column);
  std::optional<std::string> text = UnpackText(packed, audit::kEventLimits.max_bytes);
  return text ? *std::move(text) : packed;
}

}  // namespace intentgate::store
