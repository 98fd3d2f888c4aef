// Takes old events out of a store so that what remains, and what was taken out, can still be proved:
//
//   archive segment of [begin, m), synced and verified  ->  event audit/pruned in the chain  ->  checkpoint over it
//   ->  events deleted
//
// m is a multiple of 256 under a checkpoint. Every step leaves either everything in place or a pruning that the next
// run brings to its end. The tiles of the tree stay: proofs of all later events rest on them. Of two processes that
// prune a tenant at once, one gets its event into the chain; the other one hears kConflict and deletes nothing.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/gate.h>
#include <intentgate/retention.h>

#include "audit/audit_log.h"
#include "audit/log_store.h"
#include "audit/private_values.h"
#include "audit/retention_store.h"

namespace intentgate::evidence {

struct PrunerSetup {
  std::shared_ptr<audit::LogStore> tree;
  std::shared_ptr<audit::RetentionStore> retention;
  std::shared_ptr<audit::PrivateValueStore> values;   // may be null
  std::shared_ptr<const Clock> clock;
  std::string archive_directory;                      // empty: nothing is pruned
  bool archive_values = false;                        // private values go into the segments
  bool only_witnessed = false;                        // only what a checkpoint with a quorum of witnesses covers goes
  std::vector<std::string> keys;                      // that sign here, the current one first; empty: nothing is pruned
  // Signs for everything that is in the chain.
  std::function<Status(std::string_view tenant)> sign;
};

// Thread-safe: one pruning at a time.
class Pruner {
 public:
  // `log` must outlive it.
  Pruner(PrunerSetup setup, audit::AuditLog& log) : setup_(std::move(setup)), log_(log) {}

  // As Evidence::Prune.
  Result<PruneReport> Prune(const PruneRequest& request, const AdminContext& admin);

 private:
  struct Plan {
    audit::PrunePoint point;
    audit::StoredCheckpoint checkpoint;
  };
  Result<audit::StoredCheckpoint> Checkpoint(const std::string& tenant);
  // nullopt: nothing is old enough.
  Result<std::optional<Plan>> MakePlan(const PruneRequest& request, std::int64_t begin);
  // The newest pruning that the chain speaks of.
  struct Announced {
    std::int64_t seq = -1;                    // of its event; -1: the chain speaks of none
    std::int64_t begin = 0;                   // of the chain in the store
    std::optional<audit::PrunePoint> left;    // what is behind `begin` because the store has not done it all
  };
  Result<Announced> NewestAnnounced(const std::string& tenant);
  // kConflict when the chain speaks of another pruning by now.
  Status CheckNewest(const std::string& tenant, std::int64_t newest);
  // Archives what may go and says so in the chain, behind the pruning `newest`. nullopt: nothing is old enough.
  Result<std::optional<audit::PrunePoint>> Announce(std::int64_t newest, const PruneRequest& request,
                                                    const AdminContext& admin, PruneReport& report);
  Result<std::optional<AuditRecord>> NewestEvent(const std::string& tenant);
  Status CheckHolds(const std::string& tenant, std::int64_t next_seq);
  // kConflict when the chain speaks of another pruning than `newest` before this one.
  Status Record(const Plan& plan, const PruneRequest& request, const AdminContext& admin, const PruneReport& report,
                std::int64_t newest);

  PrunerSetup setup_;
  audit::AuditLog& log_;
  std::mutex mutex_;
};

}  // namespace intentgate::evidence
