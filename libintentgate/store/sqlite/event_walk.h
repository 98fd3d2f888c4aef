// The events of a chain in the order of their places, whichever table has them: audit_runs (event_run.h), or audit_events, where versions before
// migration 0014 wrote them. Mostly all of these stand before a tenant's first run, but not when such a version still had the file open. Each
// function needs a connection that nobody else uses meanwhile, in a transaction or a Snapshot where more than one of them is asked. Included by this
// folder only.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit_store.h"
#include "store/sqlite/connection.h"

namespace intentgate::store {

struct EventWalk {
  std::string_view tenant;
  std::int64_t from = 0, to = std::numeric_limits<std::int64_t>::max();   // both included
  std::uint64_t bits = ~std::uint64_t{0};                                 // only events whose bit seq % 64 is set
  bool ascending = true;
  const AuditFilter* filter = nullptr;                                    // only events that it takes; null: all
  bool projections = false;                                               // whether the event comes with all of its columns, or with its record and time
};
// False ends the walk.
using TakeEvent = std::function<bool(audit::StoredEvent&&)>;

// What an event of a run says in its text are its columns; if it is no event, they are empty. Private values are not read.
Status WalkEvents(Connection& connection, const EventWalk& walk, const TakeEvent& take);

// Whether the event's text, or its row of before, says what it is; of no other one is it known when it was, or whose.
inline bool IsReadable(const audit::StoredEvent& event) { return !event.record.event_id.empty(); }

// In hex, "" for one that cannot be read; false ends the walk. Reads no texts.
Status WalkHashes(Connection& connection, std::string_view tenant, std::int64_t from_seq,
                  const std::function<bool(std::int64_t seq, std::string&& hash)>& take);

// Behind the last event that the tables have, whatever the head says; 0 without events.
Result<std::int64_t> EndOfEvents(Connection& connection, std::string_view tenant);

// All events, whatever they say.
Result<std::int64_t> CountAll(Connection& connection, std::string_view tenant);

// Every tenant that has events or a head, in order.
Result<std::vector<std::string>> ReadTenants(Connection& connection);

}  // namespace intentgate::store
