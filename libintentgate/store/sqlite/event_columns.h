// The columns of audit_events that hold an event's bytes and hashes: packed (packed_text.h), and as the digests' own bytes. Rows of before migration 0013,
// and whatever cannot be packed, have texts; both are read. And the private values (packed_values.h). Included by this folder only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "audit/audit_store.h"
#include "store/sqlite/connection.h"

namespace intentgate::store {

// A digest as everybody else has it, in hex.
std::string HashColumn(const Statement& row, int column);
// Bytes that cannot be unpacked are given as they are: they have another hash than the event, so verification names it.
std::string CanonicalColumn(const Statement& row, int column);

// Binds them for one event. What it binds lives in it until the statement has run.
class PackedColumns {
 public:
  // In the order prev_hash, hash, canonical, behind the first `at` values; returns how many there are then.
  int Bind(const AuditRecord& record, int at, Statement& to);
  // NULL for none; likewise.
  int BindValues(std::span<const PrivateValue> values, int at, Statement& to);

 private:
  using Digest = std::array<std::uint8_t, 32>;
  static void BindHash(std::string_view hex, int index, Digest& room, Statement& to);

  Digest prev_hash_{}, hash_{};
  std::string text_, values_;
};

}  // namespace intentgate::store
