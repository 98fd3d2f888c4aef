// The connection that writes. One transaction and one round trip a batch:
//
//   BEGIN, head of each tenant (compare-and-set), events, time spans, counters, COMMIT
//
// Everything is sent before the first answer is read, so a transaction never waits for this process while it holds a
// lock. A head that has moved raises an error, which skips the rest.
//
// Of two replicas on one chain, the one that won knows the new head and would win again and again. So after a conflict
// the loser reads the heads with their row locks and keeps the transaction open for its next batch; it is the one
// case in which a lock waits for this process, for at most kHoldMs.
//
// When the answer to a COMMIT is lost, the transaction may still be running or waiting for a standby: reading now could
// miss it although it happens later. Settle waits until it is over, and until what it wrote is as durable as promised.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "audit/audit_store.h"
#include "store/postgres/connection.h"

namespace intentgate::store::pg {

// Events of one tenant in one partition; the number stands in migrations/postgres too.
inline constexpr std::int64_t kPartitionEvents = std::int64_t{1} << 24;
// After this long without its batch the server ends a transaction that holds heads.
inline constexpr std::int64_t kHoldMs = 1'000;
// How often a transaction that did nothing (MayRepeat) is tried again.
inline constexpr int kMaxRepeats = 4;

// Thread-safe.
class Writer {
 public:
  // `schema` is quoted, with the dot.
  Writer(std::shared_ptr<const Target> target, std::string schema, std::string sync_commit);

  // As AuditStore::Append.
  Status Append(std::span<const audit::TenantBatch> batches);
  // As AuditStore::HeadToAppend; nullopt: nothing speaks against reading it like anybody else.
  Result<std::optional<ChainHead>> HeadToAppend(std::string_view tenant);
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
  // nullopt: none of the events has any.
  std::optional<Command> InsertPrivateValues(std::span<const audit::TenantBatch* const> batches) const;
  Command WidenSpans(std::span<const audit::TenantBatch* const> batches) const;
  void AddCharges(std::span<const audit::TenantBatch> batches, std::vector<Command>& commands) const;
  std::vector<Command> Transaction(std::vector<Command> statements) const;
  Status MakePartitions(std::span<const audit::TenantBatch> batches);
  Status SettleLocked();
  Result<std::vector<Rows>> LockHead(const Command& select);
  bool HoldsHeadsOf(std::span<const audit::TenantBatch* const> batches);
  void LetGo();

  const std::shared_ptr<const Target> target_;
  const std::string schema_, sync_commit_;
  std::mutex mutex_;
  Connection connection_;
  std::int64_t newest_partition_ = -1;      // known to be there
  std::set<std::string> doubtful_;          // tenants of a batch whose end is unknown
  std::atomic<bool> in_doubt_{false};       // !doubtful_.empty(), for a look without the lock
  bool overtaken_ = false;                  // the last Append met a conflict
  std::set<std::string, std::less<>> held_; // tenants whose heads the open transaction holds; empty: none is open
};

}  // namespace intentgate::store::pg
