// Tested by tests/unit/store/sqlite_packed_text_test.cc, and by every test of the store.
#include "store/sqlite/event_columns.h"

#include <optional>
#include <string_view>
#include <utility>

#include "audit/canonical_event.h"
#include "base/encoding.h"
#include "store/sqlite/packed_text.h"
#include "store/sqlite/packed_values.h"

namespace intentgate::store {
namespace {

// A rare large event does not hold on to its memory.
void LimitMemory(std::string& room) {
  constexpr std::size_t kMostKept = 64 * 1024;
  if (room.capacity() > kMostKept) room = {};
}

}  // namespace

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

int PackedColumns::Bind(const AuditRecord& record, int at, Statement& to) {
  BindHash(record.prev_hash, ++at, prev_hash_, to);
  BindHash(record.hash, ++at, hash_, to);
  ++at;
  LimitMemory(text_);
  if (PackText(record.canonical, text_)) to.BindBlob(at, text_);
  else to.Bind(at, record.canonical);
  return at;
}

int PackedColumns::BindValues(std::span<const PrivateValue> values, int at, Statement& to) {
  LimitMemory(values_);
  PackValues(values, values_);
  ++at;
  if (values.empty()) to.BindNull(at);
  else to.BindBlob(at, values_);
  return at;
}

void PackedColumns::BindHash(std::string_view hex, int index, Digest& room, Statement& to) {
  if (hex.size() != 2 * room.size() || !base::HexDecodeInto(hex, room.data())) return to.Bind(index, hex);
  to.BindBlob(index, base::AsText(room));
}

}  // namespace intentgate::store
