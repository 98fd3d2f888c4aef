// Consecutive events of a chain as one row of audit_runs (migration 0014). An event of a busy gateway is a few hundred bytes, and what a row of its own
// costs beside them, its place in two B-trees and all that a query looks at once more, is as much again; a run has that once for a batch of them.
// Pure, but for InsertRun. Included by this folder only.
//
// A run lies within one block of postings, 64 numbers: the run of an event is the last one of its block that does not begin behind it. No
// key of the table says that runs do not lie over each other: one that reaches into the next gives its events without texts, which verification names.
//
//   hashes    32 bytes for each event
//   texts     1 byte: format, 1; for each event a length and its canonical text, packed (packed_text.h) or, where that cannot be, as it is
//   private   1 byte: format, 1; for each event that has private values 1 byte, its number in the run; a length, and packed_values.h
//
// A length is 1 byte, or 255 and 4 bytes, little endian. What an event says in its text has no column, so there is nothing to hold against the text.
// A row may be anybody's: what cannot be read is an event without text or hash, which verification names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/result.h>

#include "audit/audit_store.h"
#include "store/sqlite/connection.h"

namespace intentgate::store {

inline constexpr std::int64_t kRunEvents = 64;
// An event that comes when a run is this long begins another one: whoever reads one event reads its run.
inline constexpr std::size_t kFullRunBytes = std::size_t{64} << 10;

// Where the block of an event begins.
inline constexpr std::int64_t BlockBegin(std::int64_t seq) { return seq & ~(kRunEvents - 1); }

// Packs a run. Keeps its memory from one to the next. Thread-compatible.
class RunPacker {
 public:
  // Whether `event` can go into the run that was begun.
  bool Continues(const audit::StoredEvent& event) const;
  // REQUIRES: Continues, or empty(). kInvalidArgument: a hash that is none; the run is of no use then.
  Status Add(const audit::StoredEvent& event);
  void Clear();

  bool empty() const { return count_ == 0; }
  std::int64_t first_seq() const { return first_seq_; }
  std::int64_t count() const { return count_; }
  // 32 bytes, or none at the beginning of a chain.
  std::string_view prev_hash() const { return prev_hash_; }
  std::string_view hashes() const { return hashes_; }
  std::string_view texts() const { return texts_; }
  // Empty: no event has any.
  std::string_view values() const { return values_; }

 private:
  std::int64_t first_seq_ = 0, count_ = 0;
  std::string prev_hash_, hashes_, texts_, values_;
  std::string last_hash_;   // in hex
  std::string room_;
};

// One row. Reading it changes nothing, and says nothing about whether it is as it was written.
class EventRun {
 public:
  // Of a statement whose first columns are kColumns.
  static constexpr std::string_view kColumns = "first_seq, count, prev_hash, hashes, texts";
  explicit EventRun(const Statement& row);

  std::int64_t first_seq() const { return first_seq_; }
  // Behind its last event. Never in another block.
  std::int64_t end_seq() const { return first_seq_ + static_cast<std::int64_t>(texts_.size()); }
  // Another run begins there. If that is within this one, it ends there and its texts are not believed.
  void EndAt(std::int64_t seq);
  // Of the event with this number. REQUIRES: first_seq() <= seq < end_seq().
  std::string Canonical(std::int64_t seq) const;
  std::string Hash(std::int64_t seq) const { return HashAt(seq - first_seq_); }
  std::string PrevHash(std::int64_t seq) const;

 private:
  std::string HashAt(std::int64_t number) const;

  // By its place in bytes_, and not as a view: a run is moved, and so may its bytes be.
  struct Text {
    std::size_t at = 0, size = 0;
  };

  std::int64_t first_seq_;
  std::string prev_hash_, hashes_, bytes_;
  std::vector<Text> texts_;
};

// The column `private` of a row: the values of some of its events.
class RunValues {
 public:
  explicit RunValues(std::string column);
  RunValues(const RunValues&) = delete;   // its views point into its bytes
  RunValues& operator=(const RunValues&) = delete;

  // Of the event with this number in the run. What cannot be read is one value that says so, for each event of which it could be.
  std::vector<PrivateValue> Of(std::int64_t number) const;
  // The column without the values of these events, and without what cannot be read; "": there are no others.
  std::string Without(std::span<const std::int64_t> numbers) const;

 private:
  std::string bytes_;
  std::vector<std::pair<std::int64_t, std::string_view>> each_;
  bool damaged_ = false;
};

// In the writer's transaction.
Status InsertRun(Connection& connection, std::string_view tenant, const RunPacker& run);
// In place of the row with this id.
Status ReplaceRun(Connection& connection, std::int64_t id, const RunPacker& run);

}  // namespace intentgate::store
