// What an audit store must do. Implemented by store/memory and store/sqlite; tests/contract runs one
// suite against all of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <intentgate/audit.h>

#include "audit/private_values.h"

namespace intentgate::audit {

// A record with the columns that queries need. They are projections: never hashed, never trusted by
// verification except to be compared with the canonical bytes.
struct StoredEvent {
  AuditRecord record;
  std::int64_t ts_micros = 0;
  std::string kind, decision, check, tool, agent_id, jti, elevation_id;
  std::string root_jti, session_id, code, actor;
  std::vector<Charge> charges;
  std::vector<PrivateValue> private_values;   // stored with the event, never part of what is hashed
};

// Consecutive events of one tenant. events[0].record.seq is the head's next_seq that the writer saw.
struct TenantBatch {
  std::string tenant;
  std::vector<StoredEvent> events;
};

// Where a tenant's chain begins in this store after pruning. The events before first_seq are gone; an event
// `audit/pruned` in the chain says so and names the same hash.
struct PrunePoint {
  std::int64_t first_seq = 0;                 // 0: never pruned
  std::string prev_hash;                      // hash of event first_seq - 1
};

// Called between the steps of a long write, and may rest there: a writer that nobody waits for shares a processor with threads
// whose callers wait.
using Pause = std::function<void()>;
// Rows of one step: to look at the clock for each would cost a twentieth of the work.
inline constexpr std::size_t kRowsBetweenPauses = 8;

// Thread-safe.
class AuditStore {
 public:
  virtual ~AuditStore() = default;

  // {0, ""} for a tenant without events.
  virtual Result<ChainHead> Head(std::string_view tenant) = 0;
  // As Head, for a writer whose next call is an Append to these heads. After a conflict a store may hold other writers
  // off until then, so that a slow one gets its turn; asked for several tenants in ascending order.
  virtual Result<ChainHead> HeadToAppend(std::string_view tenant) { return Head(tenant); }
  // All batches or none, in one transaction, with their charges added to the counters. kConflict: some
  // tenant's head is not where the batch expects it; nothing was written.
  virtual Status Append(std::span<const TenantBatch> batches) = 0;
  // As Append. A store that does the work itself calls `pause`, which is not empty, between its steps.
  virtual Status AppendPausing(std::span<const TenantBatch> batches, const Pause& pause) {
    static_cast<void>(pause);
    return Append(batches);
  }
  // Ascending by seq from `from_seq`, at most `limit` and never more than audit::kMaxPage; ask again from behind the
  // last one.
  virtual Result<std::vector<AuditRecord>> Scan(std::string_view tenant, std::int64_t from_seq, std::size_t limit) = 0;
  // As Scan, with the projections, so that verification can hold them against the canonical bytes.
  virtual Result<std::vector<StoredEvent>> ScanStored(std::string_view tenant, std::int64_t from_seq,
                                                      std::size_t limit) = 0;
  // Keyset pagination in the order of audit/filter.h; stable while events arrive. `after` is a `next` of an
  // earlier page or empty. kInvalidArgument for a limit of 0 or above audit::kMaxPage: a page is never cut silently.
  virtual Result<AuditPage> Query(const AuditFilter& filter, bool ascending, std::string_view after,
                                  std::size_t limit) = 0;
  virtual Result<std::int64_t> Count(const AuditFilter& filter) = 0;
  virtual Result<std::vector<std::string>> Tenants() = 0;
  // Of a store that cannot prune: the beginning.
  virtual Result<PrunePoint> Pruned(std::string_view tenant) {
    static_cast<void>(tenant);
    return PrunePoint{};
  }
};

}  // namespace intentgate::audit
