// The default store: one SQLite file in WAL mode, made and migrated when it is opened.
//
//   Result<std::shared_ptr<store::SqliteStore>> s = store::SqliteStore::Open("/var/lib/intentgate/intentgate.db", {});
//
// One connection writes, a few read beside it, one moves the WAL into the file. A batch of events, the new heads and the budget charges
// are one transaction. Two processes may share a file: each write compares the head it saw, so the
// slower one hears kConflict and tries again.
//
// Errors: kIo (cannot open or write, disk full; nothing was changed), kCorrupt (not a database, damaged),
// kUnsupportedVersion (a newer schema), kUnavailable (locked by another process for too long), kConflict.
// Each names the file and the way out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "approval/approval_store.h"
#include "audit/audit_store.h"
#include "audit/log_store.h"
#include "audit/retention_store.h"
#include "budget/budget_store.h"
#include "token/proof_store.h"
#include "token/revocation_store.h"

namespace intentgate::store {

struct SqliteOptions {
  // True: a commit is on the disk when Append returns (synchronous=FULL). False: a power cut may take
  // the newest commits, but never the file's or the chain's consistency.
  bool sync_every_commit = true;
  std::int64_t busy_timeout_ms = 5'000;   // how long to wait for another process
  int read_connections = 2;
  int checkpoint_pages = 4'096;           // WAL pages after which they are copied into the file by a thread beside the
                                          // writer; the WAL grows to four times as many before the writer helps
  std::int64_t max_pages = 0;             // ceiling of the file in 4 KiB pages; 0: the disk's
};

// Thread-safe.
class SqliteStore : public audit::AuditStore,
                    public audit::RetentionStore,
                    public audit::LogStore,
                    public audit::PrivateValueStore,
                    public budget::BudgetStore,
                    public token::RevocationStore,
                    public token::ProofStore,
                    public approval::ApprovalStore {
 public:
  // Makes the file (readable by this user only) if it is not there; its directory must exist.
  static Result<std::shared_ptr<SqliteStore>> Open(const std::string& path, const SqliteOptions& options);
};

}  // namespace intentgate::store
