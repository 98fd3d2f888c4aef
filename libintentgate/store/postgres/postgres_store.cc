#include "store/postgres/postgres_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "audit/filter.h"
#include "base/encoding.h"
#include "store/connection_pool.h"
#include "store/postgres/approvals.h"
#include "store/postgres/log_tables.h"
#include "store/postgres/private_tables.h"
#include "store/postgres/proofs.h"
#include "store/postgres/query_sql.h"
#include "store/postgres/retention.h"
#include "store/postgres/schema.h"
#include "store/postgres/writer.h"

namespace intentgate::store {
namespace {

using audit::StoredEvent;
using audit::TenantBatch;
using pg::Command;
using pg::Rows;

using ReaderPool = ConnectionPool<pg::Connection>;

constexpr std::string_view kRecordColumns = "tenant, seq, event_id, prev_hash, hash, canonical";
constexpr std::string_view kPageColumns = "tenant, seq, event_id, prev_hash, hash, canonical, ts";
constexpr std::string_view kStoredColumns =
    "tenant, seq, event_id, prev_hash, hash, canonical, ts, kind, decision, check_name, tool, agent_id, jti, elevation_id, "
    "root_jti, session_id, code, actor";

AuditRecord RecordOf(const Rows& rows, int row) {
  return {rows.Text(row, 0), rows.Integer(row, 1), rows.Text(row, 2),
          rows.Text(row, 3), rows.Text(row, 4),    rows.Bytes(row, 5)};
}

StoredEvent StoredOf(const Rows& rows, int row) {
  StoredEvent e;
  e.record = RecordOf(rows, row);
  e.ts_micros = rows.Integer(row, 6);
  e.kind = rows.Text(row, 7);
  e.decision = rows.Text(row, 8);
  e.check = rows.Text(row, 9);
  e.tool = rows.Text(row, 10);
  e.agent_id = rows.Text(row, 11);
  e.jti = rows.Text(row, 12);
  e.elevation_id = rows.Text(row, 13);
  e.root_jti = rows.Text(row, 14);
  e.session_id = rows.Text(row, 15);
  e.code = rows.Text(row, 16);
  e.actor = rows.Text(row, 17);
  return e;
}

std::int64_t AsSqlLimit(std::size_t limit) {
  return static_cast<std::int64_t>(std::clamp<std::size_t>(limit, 1, audit::kMaxPage));
}

class PostgresStoreImpl final : public PostgresStore {
 public:
  PostgresStoreImpl(const std::shared_ptr<const pg::Target>& target, std::shared_ptr<const pg::Target> proof_target,
                    const PostgresOptions& options)
      : schema_("\"" + options.schema + "\"."),
        writer_(target, schema_, options.sync_commit),
        proof_writer_(std::move(proof_target), schema_, options.sync_commit) {
    for (int i = 0; i < options.read_connections; ++i) readers_.Add(std::make_unique<pg::Connection>(target));
  }
  pg::Connection& writing_connection() { return writer_.connection(); }

  Result<ChainHead> Head(std::string_view tenant) override;
  Result<ChainHead> HeadToAppend(std::string_view tenant) override;
  Status Append(std::span<const TenantBatch> batches) override { return writer_.Append(batches); }
  Result<std::vector<AuditRecord>> Scan(std::string_view tenant, std::int64_t from_seq, std::size_t limit) override {
    return ScanRows<AuditRecord>(tenant, from_seq, limit, kRecordColumns, RecordOf);
  }
  Result<std::vector<StoredEvent>> ScanStored(std::string_view tenant, std::int64_t from_seq,
                                              std::size_t limit) override {
    return ScanRows<StoredEvent>(tenant, from_seq, limit, kStoredColumns, StoredOf);
  }
  Result<AuditPage> Query(const AuditFilter& filter, bool ascending, std::string_view after,
                          std::size_t limit) override;
  Result<std::int64_t> Count(const AuditFilter& filter) override;
  Result<std::vector<std::string>> Tenants() override;
  Result<audit::PrunePoint> Pruned(std::string_view tenant) override;

  Status Prune(std::string_view tenant, const audit::PrunePoint& point) override;
  Status AddHold(const audit::LegalHold& hold) override { return pg::InsertHold(writer_, schema_, hold); }
  Status RemoveHold(std::string_view tenant, std::string_view id) override {
    return pg::DeleteHold(writer_, schema_, tenant, id);
  }
  Result<std::vector<audit::LegalHold>> Holds(std::string_view tenant) override;

  Result<std::vector<audit::PlacedValue>> PrivateValues(std::string_view tenant,
                                                        std::span<const std::int64_t> seqs) override;
  Result<std::int64_t> ErasePrivateValues(std::string_view tenant, std::span<const std::int64_t> seqs) override;

  Result<std::vector<tlog::Hash>> ChainHashes(std::string_view tenant, std::int64_t from_seq,
                                              std::size_t limit) override;
  Status PutTiles(std::string_view tenant, std::span<const audit::StoredTile> tiles) override;
  Result<audit::StoredTile> Tile(std::string_view tenant, unsigned level, std::uint64_t index) override {
    return pg::ReadTile(*readers_.Take(), schema_, tenant, level, index);
  }
  Status DropTiles(std::string_view tenant) override { return pg::DeleteTiles(writer_, schema_, tenant); }
  Status SetSignerState(std::string_view tenant, const std::optional<audit::SignerState>& expected,
                        const audit::SignerState& next) override {
    return pg::WriteSignerState(writer_, schema_, tenant, expected, next);
  }
  Result<std::optional<audit::SignerState>> GetSignerState(std::string_view tenant) override {
    return pg::ReadSignerState(*readers_.Take(), schema_, tenant);
  }
  Status PutCheckpoint(std::string_view tenant, const audit::StoredCheckpoint& checkpoint) override {
    return pg::WriteCheckpoint(writer_, schema_, tenant, checkpoint);
  }
  Result<std::vector<audit::StoredCheckpoint>> Checkpoints(std::string_view tenant, std::uint64_t max_size,
                                                           std::size_t limit) override {
    return pg::ReadCheckpoints(*readers_.Take(), schema_, tenant, max_size, limit);
  }

  Result<std::vector<budget::CounterRow>> Load(std::int64_t oldest_bucket) override;
  Status Prune(std::int64_t oldest_bucket) override;

  Status Add(const token::Revocation& revocation) override;
  Result<token::RevocationPage> List(std::string_view tenant, std::size_t limit, std::size_t offset) override;
  Result<token::RevocationPage> All() override { return List({}, SIZE_MAX, 0); }
  Result<std::int64_t> Version() override;

  Result<std::vector<bool>> TakeProofs(std::span<const token::UsedProof> proofs) override {
    return pg::InsertProofs(proof_writer_, schema_, proofs);
  }
  Result<std::size_t> ForgetProofs(std::int64_t ended_before, std::size_t limit) override {
    return pg::DeleteProofs(proof_writer_, schema_, ended_before, limit);
  }

  Result<approval::Requested> RequestApproval(const approval::StoredApproval& wanted,
                                              const approval::PendingLimits& limits) override {
    return pg::InsertApproval(writer_, schema_, wanted, limits);
  }
  Result<std::optional<approval::StoredApproval>> FindApproval(std::string_view tenant, std::string_view id) override;
  Result<std::vector<approval::StoredApproval>> FindApprovals(std::span<const std::string> ids) override {
    return ReadApprovals(pg::ApprovalsCommand(schema_, ids));
  }
  Result<std::vector<approval::StoredApproval>> ListApprovals(const ApprovalFilter& filter, std::string_view after,
                                                              std::size_t limit, std::int64_t now_micros) override {
    return ReadApprovals(pg::ApprovalPageCommand(schema_, filter, after, limit, now_micros));
  }
  Result<bool> ReplaceApproval(const approval::StoredApproval& next) override {
    return pg::UpdateApproval(writer_, schema_, next);
  }
  Result<std::vector<approval::StoredApproval>> DueApprovals(std::int64_t now_micros, std::size_t limit) override {
    return ReadApprovals(pg::DueApprovalsCommand(schema_, now_micros, limit));
  }
  Status ForgetApprovals(std::int64_t created_before_micros) override {
    return pg::DeleteApprovals(writer_, schema_, created_before_micros);
  }
  Result<std::int64_t> EraseApprovals(std::string_view tenant, std::span<const std::string> ids) override {
    return pg::EraseApprovals(writer_, schema_, tenant, ids);
  }

 private:
  // OK unless a hold covers one of the tenant's events below `seq`, which the error names.
  Status HeldBelow(std::string_view tenant, std::int64_t seq);
  Result<Rows> Read(const Command& command) { return readers_.Take()->Read(command); }
  Result<std::vector<approval::StoredApproval>> ReadApprovals(const Command& command);
  template <typename Row>
  Result<std::vector<Row>> ScanRows(std::string_view tenant, std::int64_t from_seq, std::size_t limit,
                                    std::string_view columns, Row (*read)(const Rows&, int));

  const std::string schema_;   // quoted, with the dot
  pg::Writer writer_;
  pg::Writer proof_writer_;   // of its own: no request at the door waits for a batch of events
  ReaderPool readers_;
};

Result<ChainHead> PostgresStoreImpl::Head(std::string_view tenant) {
  if (Status s = writer_.Settle(); !s.ok()) return s.error();
  Command select("SELECT next_seq, hash FROM " + schema_ + "audit_heads WHERE tenant = $1");
  select.Text(tenant);
  Result<Rows> rows = Read(select);
  if (!rows.ok()) return rows.error();
  return rows->count() == 0 ? ChainHead{} : ChainHead{rows->Integer(0, 0), rows->Text(0, 1)};
}

Result<ChainHead> PostgresStoreImpl::HeadToAppend(std::string_view tenant) {
  Result<std::optional<ChainHead>> held = writer_.HeadToAppend(tenant);
  if (!held.ok()) return held.error();
  return held->has_value() ? **held : Head(tenant);
}

template <typename Row>
Result<std::vector<Row>> PostgresStoreImpl::ScanRows(std::string_view tenant, std::int64_t from_seq, std::size_t limit,
                                                     std::string_view columns, Row (*read)(const Rows&, int)) {
  if (Status s = writer_.Settle(); !s.ok()) return s.error();
  Command select("SELECT " + std::string(columns) + " FROM " + schema_ +
                 "audit_events WHERE tenant = $1 AND seq >= $2 ORDER BY seq LIMIT $3");
  select.Text(tenant).Integer(from_seq).Integer(AsSqlLimit(limit));
  Result<Rows> rows = Read(select);
  if (!rows.ok()) return rows.error();
  std::vector<Row> read_rows;
  for (int row = 0; row < rows->count(); ++row) read_rows.push_back(read(*rows, row));
  return read_rows;
}

Result<AuditPage> PostgresStoreImpl::Query(const AuditFilter& filter, bool ascending, std::string_view after,
                                           std::size_t limit) {
  if (Status s = audit::CheckPageLimit(limit); !s.ok()) return s.error();
  const std::int64_t wanted = AsSqlLimit(limit);
  // One more tells whether there is a next page.
  Result<Command> select = pg::PageCommand(schema_, kPageColumns, filter, ascending, after, wanted + 1);
  if (!select.ok()) return select.error();
  // The events of one id are few, and the index that finds them has no order.
  const bool in_order = !filter.tenant.empty() && filter.event_id.empty();
  Result<Rows> rows = readers_.Take()->Read(*select, in_order ? pg::kPageSettings : std::string_view());
  if (!rows.ok()) return rows.error();
  AuditPage page;
  const int shown = std::min(rows->count(), static_cast<int>(wanted));
  for (int row = 0; row < shown; ++row) page.records.push_back(RecordOf(*rows, row));
  if (rows->count() > shown) {
    const AuditRecord& last = page.records.back();
    page.next = audit::WriteCursor({rows->Integer(shown - 1, 6), last.tenant, last.seq});
  }
  return page;
}

Result<std::int64_t> PostgresStoreImpl::Count(const AuditFilter& filter) {
  Result<Rows> rows = Read(pg::CountCommand(schema_, filter));
  if (!rows.ok()) return rows.error();
  return rows->Integer(0, 0);
}

Result<std::vector<std::string>> PostgresStoreImpl::Tenants() {
  // Jumps from tenant to tenant in the index; a tenant whose head was removed is still found.
  const std::string least = "(SELECT tenant FROM " + schema_ + "audit_events";
  Result<Rows> rows = Read(Command(
      "WITH RECURSIVE t(name) AS (" + least + " ORDER BY tenant LIMIT 1) UNION ALL SELECT " + least +
      " WHERE tenant > t.name ORDER BY tenant LIMIT 1) FROM t WHERE t.name IS NOT NULL) "
      "SELECT name FROM t WHERE name IS NOT NULL UNION SELECT tenant FROM " + schema_ + "audit_heads ORDER BY 1"));
  if (!rows.ok()) return rows.error();
  std::vector<std::string> tenants;
  for (int row = 0; row < rows->count(); ++row) tenants.push_back(rows->Text(row, 0));
  return tenants;
}

Result<audit::PrunePoint> PostgresStoreImpl::Pruned(std::string_view tenant) {
  Command select("SELECT first_seq, prev_hash FROM " + schema_ + "audit_pruned WHERE tenant = $1");
  select.Text(tenant);
  Result<Rows> rows = Read(select);
  if (!rows.ok()) return rows.error();
  return rows->count() == 0 ? audit::PrunePoint{} : audit::PrunePoint{rows->Integer(0, 0), rows->Text(0, 1)};
}

Status PostgresStoreImpl::Prune(std::string_view tenant, const audit::PrunePoint& point) {
  for (;;) {
    const Result<pg::Pruning> done = pg::PruneSome(writer_, schema_, tenant, point);
    if (!done.ok()) return done.error();
    if (*done == pg::Pruning::kDone) return {};
    if (*done == pg::Pruning::kBeyondHead) {
      const Result<ChainHead> head = Head(tenant);
      return head.ok() ? audit::BeyondHeadError(tenant, point, *head) : head.error();
    }
    if (*done == pg::Pruning::kHeld) {
      const Status held = HeldBelow(tenant, point.first_seq);
      if (!held.ok()) return held;
      // Lifted in between.
    }
  }
}

Status PostgresStoreImpl::HeldBelow(std::string_view tenant, std::int64_t seq) {
  Command ask("SELECT " + schema_ + "audit_hold_below($1, $2)");
  ask.Text(tenant).Integer(seq);
  const Result<Rows> said = Read(ask);
  if (!said.ok()) return said.error();
  if (said->IsNull(0, 0)) return {};
  const Result<std::vector<audit::LegalHold>> holds = Holds(tenant);
  if (!holds.ok()) return holds.error();
  for (const audit::LegalHold& hold : *holds) {
    if (hold.tenant == tenant && hold.id == said->Text(0, 0)) return audit::HeldError(hold);
  }
  return {};
}

Result<std::vector<audit::PlacedValue>> PostgresStoreImpl::PrivateValues(std::string_view tenant,
                                                                         std::span<const std::int64_t> seqs) {
  if (Status s = writer_.Settle(); !s.ok()) return s.error();
  return pg::ReadPrivateValues(*readers_.Take(), schema_, tenant, seqs);
}

Result<std::int64_t> PostgresStoreImpl::ErasePrivateValues(std::string_view tenant,
                                                           std::span<const std::int64_t> seqs) {
  for (;;) {
    const Result<std::optional<std::int64_t>> erased = pg::DeletePrivateValues(writer_, schema_, tenant, seqs);
    if (!erased.ok()) return erased.error();
    if (erased->has_value()) return **erased;
    const Result<std::vector<audit::LegalHold>> holds = Holds(tenant);
    if (!holds.ok()) return holds.error();
    for (const std::int64_t seq : seqs) {
      const Result<std::vector<StoredEvent>> event = ScanStored(tenant, seq, 1);
      if (!event.ok()) return event.error();
      if (event->empty() || event->front().record.seq != seq) continue;
      for (const audit::LegalHold& hold : *holds) {
        if (hold.tenant == tenant && hold.Covers(event->front().ts_micros)) return audit::HeldError(hold);
      }
    }
    // Lifted in between.
  }
}

Result<std::vector<audit::LegalHold>> PostgresStoreImpl::Holds(std::string_view tenant) {
  Command select("SELECT tenant, id, reason, placed_by, placed_at, from_ts, to_ts FROM " + schema_ +
                 "legal_holds WHERE $1 = '' OR tenant = $1 ORDER BY tenant, id");
  select.Text(tenant);
  Result<Rows> rows = Read(select);
  if (!rows.ok()) return rows.error();
  std::vector<audit::LegalHold> holds;
  for (int row = 0; row < rows->count(); ++row) {
    holds.push_back(
        {rows->Text(row, 0), rows->Text(row, 1), rows->Text(row, 2), rows->Text(row, 3), rows->Integer(row, 4), rows->Integer(row, 5),
         rows->Integer(row, 6)});
  }
  return holds;
}

Result<std::vector<tlog::Hash>> PostgresStoreImpl::ChainHashes(std::string_view tenant, std::int64_t from_seq,
                                                               std::size_t limit) {
  if (Status s = writer_.Settle(); !s.ok()) return s.error();
  return pg::ReadChainHashes(*readers_.Take(), schema_, tenant, from_seq, limit);
}

Status PostgresStoreImpl::PutTiles(std::string_view tenant, std::span<const audit::StoredTile> tiles) {
  Status put = pg::WriteTiles(writer_, schema_, tenant, tiles);
  if (put.ok() || put.error().code != ErrorCode::kConflict) return put;
  const Status differs = pg::CheckAgainstStored(*readers_.Take(), schema_, tenant, tiles);
  return differs.ok() ? put : differs;
}

Result<std::vector<budget::CounterRow>> PostgresStoreImpl::Load(std::int64_t oldest_bucket) {
  Command select("SELECT tenant, counter, bucket, amount FROM " + schema_ +
                 "budget_counters WHERE bucket = 0 OR bucket >= $1");
  select.Integer(oldest_bucket);
  Result<Rows> rows = Read(select);
  if (!rows.ok()) return rows.error();
  std::vector<budget::CounterRow> counters;
  for (int row = 0; row < rows->count(); ++row) {
    counters.push_back({rows->Text(row, 0), rows->Text(row, 1), rows->Integer(row, 2), rows->Integer(row, 3)});
  }
  return counters;
}

Status PostgresStoreImpl::Prune(std::int64_t oldest_bucket) {
  Command remove("DELETE FROM " + schema_ + "budget_counters WHERE bucket <> 0 AND bucket < $1");
  remove.Integer(oldest_bucket);
  const Result<std::vector<Rows>> done = writer_.Transact(std::span(&remove, 1));
  return done.ok() ? Status() : Status(done.error());
}

Status PostgresStoreImpl::Add(const token::Revocation& revocation) {
  if (revocation.id.empty()) return Error{ErrorCode::kInvalidArgument, "a revocation needs the id that it ends"};
  Command put("INSERT INTO " + schema_ + "revocations VALUES ($1, $2, $3, $4, $5) "
              "ON CONFLICT (tenant, id) DO UPDATE SET reason = excluded.reason");
  put.Text(revocation.tenant).Text(revocation.id).Text(revocation.reason).Text(revocation.revoked_by);
  put.Integer(revocation.revoked_at_micros);
  // The version first: its row is the lock that all who add meet in the same order.
  const std::vector<Command> commands{
      Command("UPDATE " + schema_ + "revocation_version SET version = version + 1"), std::move(put)};
  const Result<std::vector<Rows>> done = writer_.Transact(commands);
  return done.ok() ? Status() : Status(done.error());
}

Result<token::RevocationPage> PostgresStoreImpl::List(std::string_view tenant, std::size_t limit, std::size_t offset) {
  // One statement, so that the set and its version are of the same moment.
  Command select("SELECT v.version, r.tenant, r.id, r.reason, r.revoked_by, r.revoked_at FROM " + schema_ +
                 "revocation_version v LEFT JOIN (SELECT * FROM " + schema_ +
                 "revocations WHERE $1 = '' OR tenant = $1 ORDER BY revoked_at DESC, tenant, id LIMIT $2 OFFSET $3) r "
                 "ON true ORDER BY r.revoked_at DESC, r.tenant, r.id");
  constexpr auto kMost = static_cast<std::size_t>(INT64_MAX);
  select.Text(tenant).Integer(static_cast<std::int64_t>(std::min(limit, kMost)));
  select.Integer(static_cast<std::int64_t>(std::min(offset, kMost)));
  Result<Rows> rows = Read(select);
  if (!rows.ok()) return rows.error();
  token::RevocationPage page;
  for (int row = 0; row < rows->count(); ++row) {
    page.version = rows->Integer(row, 0);
    if (rows->IsNull(row, 2)) continue;   // the version of an empty list
    page.revocations.push_back(
        {rows->Text(row, 1), rows->Text(row, 2), rows->Text(row, 3), rows->Text(row, 4), rows->Integer(row, 5)});
  }
  return page;
}

Result<std::int64_t> PostgresStoreImpl::Version() {
  Result<Rows> rows = Read(Command("SELECT version FROM " + schema_ + "revocation_version"));
  if (!rows.ok()) return rows.error();
  return rows->Integer(0, 0);
}

Result<std::optional<approval::StoredApproval>> PostgresStoreImpl::FindApproval(std::string_view tenant,
                                                                                std::string_view id) {
  Result<std::vector<approval::StoredApproval>> found = ReadApprovals(pg::ApprovalCommand(schema_, tenant, id));
  if (!found.ok()) return found.error();
  return found->empty() ? std::nullopt : std::optional(std::move(found->front()));
}

Result<std::vector<approval::StoredApproval>> PostgresStoreImpl::ReadApprovals(const Command& command) {
  Result<Rows> rows = Read(command);
  if (!rows.ok()) return rows.error();
  return pg::ApprovalsOf(*rows);
}

Status CheckOptions(const PostgresOptions& o) {
  if (Status s = pg::CheckConninfo(o.url); !s.ok()) return s;
  if (Status s = pg::CheckSchemaName(o.schema); !s.ok()) return s;
  if (o.read_connections < 1 || o.connect_timeout_s < 1 || o.statement_timeout_ms < 1 || o.clock == nullptr) {
    return Error{ErrorCode::kInvalidArgument,
                 "the PostgreSQL store needs a read connection, timeouts above zero and a clock"};
  }
  for (const std::string_view known : {"on", "remote_apply", "remote_write", "local", "off"}) {
    if (o.sync_commit == known) return {};
  }
  return Error{ErrorCode::kInvalidArgument, "sync_commit must be on, remote_apply, remote_write, local or off"};
}

}  // namespace

Result<std::shared_ptr<PostgresStore>> PostgresStore::Open(PostgresOptions options) {
  if (Status s = CheckOptions(options); !s.ok()) return s.error();
  const auto target_with = [&options](std::int64_t connect_timeout_s, std::int64_t statement_timeout_ms) {
    return std::make_shared<const pg::Target>(pg::Target{crypto::SecretBytes(base::AsBytes(options.url)), connect_timeout_s,
                                                         statement_timeout_ms, options.clock});
  };
  const auto target = target_with(options.connect_timeout_s, options.statement_timeout_ms);
  auto proof_target = target_with(std::min(options.connect_timeout_s, pg::kProofConnectSeconds),
                                  std::min(options.statement_timeout_ms, pg::kProofStatementMs));
  std::fill(options.url.begin(), options.url.end(), '\0');   // it may hold a password
  auto store = std::make_shared<PostgresStoreImpl>(target, std::move(proof_target), options);
  if (Status s = pg::Migrate(store->writing_connection(), options.schema); !s.ok()) return s.error();
  return std::shared_ptr<PostgresStore>(std::move(store));
}

}  // namespace intentgate::store
