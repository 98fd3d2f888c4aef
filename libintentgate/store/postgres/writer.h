// The connection that writes. One transaction and one round trip a batch:
//
//   BEGIN, head of each tenant (compare-and-set), events, time spans, counters, COMMIT
//
// Everything is sent before the first answer is read, so a transaction never waits for this process while it holds a
// lock. A head that has moved raises an error, which skips the rest.
//
// When the answer to a COMMIT is lost, the transaction may still be running or waiting for a standby: reading now could
// miss it although it happens later. Settle waits until it is over, and until what it wrote is as durable as promised.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "audit/audit_store.h"
#include "store/postgres/connection.h"

namespace intentgate::store::pg {

// Events of one tenant in one partition; the number stands in migrations/postgres too.
inline constexpr std::int64_t kPartitionEvents = std::int64_t{1} << 24;
// How often a transaction that met a deadlock is tried again.
inline constexpr int kMaxRepeats = 4;

// Thread-safe.
class Writer {
 public:
  // `schema` is quoted, with the dot.
  Writer(std::shared_ptr<const Target> target, std::string schema, std::string sync_commit);

  // As AuditStore::Append.
  Status Append(std::span<const audit::TenantBatch> batches);
  // `statements` in one transaction; gives back what they answered.
  Result<std::vector<Rows>> Transact(std::span<const Command> statements);
  // kUnavailable while it cannot be told whether an earlier batch was written.
  Status Settle();
  // Migrations and checks; before other threads know the store.
  Connection& connection() { return connection_; }

 private:
  Command Settings() const;
  Command MoveHead(const audit::TenantBatch& batch) const;
  Command InsertEvents(std::span<const audit::TenantBatch* const> batches) const;
  Command WidenSpans(std::span<const audit::TenantBatch* const> batches) const;
  void AddCharges(std::span<const audit::TenantBatch> batches, std::vector<Command>& commands) const;
  std::vector<Command> Transaction(std::vector<Command> statements) const;
  Status MakePartitions(std::span<const audit::TenantBatch> batches);
  Status SettleLocked();

  const std::shared_ptr<const Target> target_;
  const std::string schema_, sync_commit_;
  std::mutex mutex_;
  Connection connection_;
  std::int64_t newest_partition_ = -1;      // known to be there
  std::set<std::string> doubtful_;          // tenants of a batch whose end is unknown
  std::atomic<bool> in_doubt_{false};       // !doubtful_.empty(), for a look without the lock
};

}  // namespace intentgate::store::pg
