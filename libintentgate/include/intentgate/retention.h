// What operators do with old events: erase personal values, hold, archive and prune. docs/audit.md.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <intentgate/audit.h>

namespace intentgate {

// While it stands, nothing is pruned and no value is erased of the events that it covers: all of the tenant's, or those
// of a span of time, both ends included.
struct LegalHold {
  std::string tenant, id, reason, placed_by;
  std::int64_t placed_at_micros = 0;
  std::int64_t from_micros = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_micros = std::numeric_limits<std::int64_t>::max();

  bool covers_everything() const {
    return from_micros == std::numeric_limits<std::int64_t>::min() &&
           to_micros == std::numeric_limits<std::int64_t>::max();
  }
  bool Covers(std::int64_t ts_micros) const { return from_micros <= ts_micros && ts_micros <= to_micros; }
};

// Which private values and approvals to erase: those of the matching events of one tenant that are in the chain at the call. The
// filter names the tenant and narrows further, be it by a time.
struct EraseRequest {
  AuditFilter filter;
  std::string reason;                      // goes into the chain
  bool dry_run = false;                    // only counts
};

struct EraseReport {
  std::int64_t events = 0;                 // that match
  std::int64_t values = 0;                 // of them that were erased, or would be
  std::int64_t approvals = 0;              // that they speak of, likewise; each goes with its arguments, whatever its state
};

// Which old events to prune: of one tenant those that come before the first event of `before` or later.
struct PruneRequest {
  std::string tenant;
  std::int64_t before_micros = 0;
  std::string reason;                      // goes into the chain
  bool dry_run = false;                    // only says what would go
};

struct PruneReport {
  std::int64_t first_seq = 0;              // where the chain began
  std::int64_t next_first_seq = 0;         // where it begins now, or would; equal: nothing is pruned
  bool resumed = false;                    // a pruning that was interrupted was brought to its end
  std::string archive;                     // the segment's file; empty for a dry run
  std::string archive_sha256;
};

}  // namespace intentgate
