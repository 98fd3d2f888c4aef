// The store for several gateways: one PostgreSQL database (14 or newer) that all of them write to.
//
//   store::PostgresOptions options;
//   options.url = "postgresql://gate@db1,db2/intentgate?target_session_attrs=read-write";
//   Result<std::shared_ptr<store::PostgresStore>> s = store::PostgresStore::Open(std::move(options));
//
// A batch of events, the new heads and the budget charges are one transaction and one round trip. Replicas share
// chains: each write compares the head it saw, so the slower one hears kConflict and tries again. A lost connection is
// replaced by the next call; while the server does not answer, every call fails with kUnavailable at once or within
// the timeouts, and nothing has to be restarted.
//
// Errors: kUnavailable (no answer, shutting down, failing over, too many connections, a commit whose answer was lost),
// kConflict, kPermissionDenied (password, grants), kInvalidArgument (connection text, schema of another program,
// encoding), kUnsupportedVersion (a newer schema, an older server), kTimeout (a query was too slow), kIo (disk full),
// kCorrupt. Each names the way out; none contains the password. docs/audit.md has the operator's side.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <intentgate/clock.h>

#include "approval/approval_store.h"
#include "audit/audit_store.h"
#include "audit/log_store.h"
#include "audit/retention_store.h"
#include "budget/budget_store.h"
#include "token/proof_store.h"
#include "token/revocation_store.h"

namespace intentgate::store {

struct PostgresOptions {
  std::string url;                          // libpq's URL or "host=... dbname=..."; several hosts for failover
  std::string schema = "intentgate";        // [a-z_][a-z0-9_]*; made if this role may and it is not there
  int read_connections = 3;                 // beside the one that writes and the one for proofs
  std::int64_t connect_timeout_s = 5;       // for each host; libpq takes less than 2 as 2
  std::int64_t statement_timeout_ms = 10'000;
  // PostgreSQL's synchronous_commit for the transactions of this store: "on", "remote_apply", "remote_write", "local"
  // or "off". Anything below "on" may lose acknowledged events: "off" at a crash, the others at a failover.
  std::string sync_commit = "on";
  std::shared_ptr<const Clock> clock = SystemClock();   // for timeouts and the pauses between attempts to connect
};

// Thread-safe.
class PostgresStore : public audit::AuditStore,
                      public audit::RetentionStore,
                      public audit::LogStore,
                      public audit::PrivateValueStore,
                      public budget::BudgetStore,
                      public token::RevocationStore,
                      public token::ProofStore,
                      public approval::ApprovalStore {
 public:
  // Connects, and brings the schema up to date; the role needs DDL rights only when there is something to do.
  static Result<std::shared_ptr<PostgresStore>> Open(PostgresOptions options);
};

}  // namespace intentgate::store
