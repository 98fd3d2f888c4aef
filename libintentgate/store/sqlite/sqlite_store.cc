#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "audit/filter.h"
#include "store/connection_pool.h"
#include "store/counter_sum.h"
#include "store/sqlite/approval_tables.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/event_query.h"
#include "store/sqlite/event_run.h"
#include "store/sqlite/event_walk.h"
#include "store/sqlite/log_tables.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/postings.h"
#include "store/sqlite/private_tables.h"
#include "store/sqlite/proof_tables.h"
#include "store/sqlite/retention_tables.h"
#include "store/sqlite/store_vfs.h"

namespace intentgate::store {
namespace {

using audit::StoredEvent;
using audit::TenantBatch;

// What one Scan gives at most.
std::size_t ScanLimit(std::size_t limit) { return std::clamp<std::size_t>(limit, 1, audit::kMaxPage); }

// SQLite would make the file readable for everybody; its WAL takes over the permissions.
Status MakeFile(const std::string& path) {
  if (path.empty() || path == ":memory:") {
    return Error{ErrorCode::kInvalidArgument, "the SQLite store needs the path of a file; use the memory store for a "
                                              "database that is not kept"};
  }
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return Error{ErrorCode::kIo, path + ": cannot open the database file: " + std::strerror(errno) +
                                     ". Its directory must exist, and this user must be allowed to write there"};
  }
  ::close(file);
  return {};
}

using ReaderPool = ConnectionPool<Connection>;

class SqliteStoreImpl final : public SqliteStore {
 public:
  SqliteStoreImpl(SqliteOptions options, std::unique_ptr<Connection> writer, std::unique_ptr<Checkpointer> checkpointer)
      : options_(options),
        writer_(std::move(writer)),
        next_ask_(options.checkpoint_pages),
        checkpointer_(std::move(checkpointer)) {}
  ReaderPool& readers() { return readers_; }

  Result<ChainHead> Head(std::string_view tenant) override;
  Status Append(std::span<const TenantBatch> batches) override { return AppendPausing(batches, [] {}); }
  Status AppendPausing(std::span<const TenantBatch> batches, const audit::Pause& pause) override;
  Result<std::vector<AuditRecord>> Scan(std::string_view tenant, std::int64_t from_seq, std::size_t limit) override {
    std::vector<AuditRecord> records;
    const auto take = [&records, most = ScanLimit(limit)](StoredEvent&& event) {
      records.push_back(std::move(event.record));
      return records.size() < most;
    };
    const ReaderPool::Lease reader = readers_.Take();
    Snapshot snapshot(*reader);
    if (Status s = snapshot.Begin(); !s.ok()) return s.error();
    if (Status s = WalkEvents(*reader, {.tenant = tenant, .from = from_seq}, take); !s.ok()) return s.error();
    return records;
  }
  Result<std::vector<StoredEvent>> ScanStored(std::string_view tenant, std::int64_t from_seq,
                                              std::size_t limit) override;
  Result<AuditPage> Query(const AuditFilter& filter, bool ascending, std::string_view after,
                          std::size_t limit) override;
  Result<std::int64_t> Count(const AuditFilter& filter) override;
  Result<std::vector<std::string>> Tenants() override;
  Result<audit::PrunePoint> Pruned(std::string_view tenant) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadPrunePoint(*reader, tenant);
  }

  Status Prune(std::string_view tenant, const audit::PrunePoint& point) override;
  Status AddHold(const audit::LegalHold& hold) override {
    const std::lock_guard lock(write_mutex_);
    return InsertHold(*writer_, hold);
  }
  Status RemoveHold(std::string_view tenant, std::string_view id) override {
    const std::lock_guard lock(write_mutex_);
    return DeleteHold(*writer_, tenant, id);
  }
  Result<std::vector<audit::LegalHold>> Holds(std::string_view tenant) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadHolds(*reader, tenant);
  }

  Result<std::vector<tlog::Hash>> ChainHashes(std::string_view tenant, std::int64_t from_seq,
                                              std::size_t limit) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadChainHashes(*reader, tenant, from_seq, limit);
  }
  Status PutTiles(std::string_view tenant, std::span<const audit::StoredTile> tiles) override {
    const std::lock_guard lock(write_mutex_);
    Status s = WriteTiles(*writer_, tenant, tiles);
    LimitWal();
    return s;
  }
  Result<audit::StoredTile> Tile(std::string_view tenant, unsigned level, std::uint64_t index) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadTile(*reader, tenant, level, index);
  }
  Status DropTiles(std::string_view tenant) override {
    const std::lock_guard lock(write_mutex_);
    return DeleteTiles(*writer_, tenant);
  }
  Status SetSignerState(std::string_view tenant, const std::optional<audit::SignerState>& expected,
                        const audit::SignerState& next) override {
    const std::lock_guard lock(write_mutex_);
    return WriteSignerState(*writer_, tenant, expected, next);
  }
  Result<std::optional<audit::SignerState>> GetSignerState(std::string_view tenant) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadSignerState(*reader, tenant);
  }
  Status PutCheckpoint(std::string_view tenant, const audit::StoredCheckpoint& checkpoint) override {
    const std::lock_guard lock(write_mutex_);
    return WriteCheckpoint(*writer_, tenant, checkpoint);
  }
  Result<std::vector<audit::StoredCheckpoint>> Checkpoints(std::string_view tenant, std::uint64_t max_size,
                                                           std::size_t limit) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadCheckpoints(*reader, tenant, max_size, limit);
  }

  Result<std::vector<audit::PlacedValue>> PrivateValues(std::string_view tenant,
                                                        std::span<const std::int64_t> seqs) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadPrivateValues(*reader, tenant, seqs);
  }
  Result<std::int64_t> ErasePrivateValues(std::string_view tenant, std::span<const std::int64_t> seqs) override {
    const std::lock_guard lock(write_mutex_);
    const Result<std::int64_t> erased = DeletePrivateValues(*writer_, tenant, seqs);
    // The values are overwritten in the file (secure_delete); until this they still stand in the WAL.
    if (erased.ok()) writer_->Checkpoint();
    return erased;
  }

  Result<std::vector<budget::CounterRow>> Load(std::int64_t oldest_bucket) override;
  Status Prune(std::int64_t oldest_bucket) override;

  Status Add(const token::Revocation& revocation) override;
  Result<token::RevocationPage> List(std::string_view tenant, std::size_t limit, std::size_t offset) override;
  Result<token::RevocationPage> All() override { return List({}, SIZE_MAX, 0); }
  Result<std::int64_t> Version() override;

  Result<std::vector<bool>> TakeProofs(std::span<const token::UsedProof> proofs) override {
    const std::lock_guard lock(write_mutex_);
    Result<std::vector<bool>> is_new = InsertProofs(*writer_, proofs);
    LimitWal();
    return is_new;
  }
  Result<std::size_t> ForgetProofs(std::int64_t ended_before, std::size_t limit) override {
    const std::lock_guard lock(write_mutex_);
    Result<std::size_t> removed = DeleteProofs(*writer_, ended_before, limit);
    LimitWal();
    return removed;
  }

  Result<approval::Requested> RequestApproval(const approval::StoredApproval& wanted,
                                              const approval::PendingLimits& limits) override {
    const std::lock_guard lock(write_mutex_);
    return InsertApproval(*writer_, wanted, limits);
  }
  Result<std::optional<approval::StoredApproval>> FindApproval(std::string_view tenant, std::string_view id) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadApproval(*reader, tenant, id);
  }
  Result<std::vector<approval::StoredApproval>> FindApprovals(std::span<const std::string> ids) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadApprovals(*reader, ids);
  }
  Result<std::vector<approval::StoredApproval>> ListApprovals(const ApprovalFilter& filter, std::string_view after,
                                                              std::size_t limit, std::int64_t now_micros) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadApprovalPage(*reader, filter, after, limit, now_micros);
  }
  Result<bool> ReplaceApproval(const approval::StoredApproval& next) override {
    const std::lock_guard lock(write_mutex_);
    return UpdateApproval(*writer_, next);
  }
  Result<std::vector<approval::StoredApproval>> DueApprovals(std::int64_t now_micros, std::size_t limit) override {
    const ReaderPool::Lease reader = readers_.Take();
    return ReadDueApprovals(*reader, now_micros, limit);
  }
  Status ForgetApprovals(std::int64_t created_before_micros) override {
    const std::lock_guard lock(write_mutex_);
    return DeleteApprovals(*writer_, created_before_micros);
  }
  Result<std::int64_t> EraseApprovals(std::string_view tenant, std::span<const std::string> ids) override {
    const std::lock_guard lock(write_mutex_);
    return store::EraseApprovals(*writer_, tenant, ids);
  }

 private:
  void LimitWal();
  Status MoveHead(const TenantBatch& batch);
  Status InsertEvents(const TenantBatch& batch, const audit::Pause& pause);
  Status NoteTimes(const TenantBatch& batch);
  Status AddCharges(std::span<const TenantBatch> batches);

  const SqliteOptions options_;
  std::mutex write_mutex_;
  std::unique_ptr<Connection> writer_;   // under write_mutex_
  RunPacker run_;                        // likewise
  int next_ask_;                         // WAL pages; under write_mutex_
  std::unique_ptr<Checkpointer> checkpointer_;
  ReaderPool readers_;
};

Result<ChainHead> SqliteStoreImpl::Head(std::string_view tenant) {
  const ReaderPool::Lease reader = readers_.Take();
  Result<Statement*> select = reader->Kept("SELECT next_seq, hash FROM audit_heads WHERE tenant = ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  Result<bool> row = reader->Step(**select);
  if (!row.ok()) return row.error();
  return *row ? ChainHead{use->Integer(0), use->Text(1)} : ChainHead{};
}

Status SqliteStoreImpl::AppendPausing(std::span<const TenantBatch> batches, const audit::Pause& pause) {
  const std::lock_guard lock(write_mutex_);
  const Pauses pauses(*writer_, pause);
  {
    Transaction transaction(*writer_);
    if (Status s = transaction.Begin(); !s.ok()) return s;
    for (const TenantBatch& batch : batches) {
      if (batch.events.empty()) continue;
      if (Status s = MoveHead(batch); !s.ok()) return s;
      if (Status s = InsertEvents(batch, pause); !s.ok()) return s;
      if (Status s = NoteTimes(batch); !s.ok()) return s;
    }
    if (Status s = AddCharges(batches); !s.ok()) return s;
    pause();
    if (Status s = transaction.Commit(); !s.ok()) return s;
  }
  LimitWal();
  return {};
}

void SqliteStoreImpl::LimitWal() {
  const int pages = writer_->wal_pages();
  if (pages >= kInlineFactor * options_.checkpoint_pages) {
    writer_->Checkpoint();
    next_ask_ = options_.checkpoint_pages;
  } else if (pages >= next_ask_) {
    checkpointer_->Ask();
    next_ask_ = pages + options_.checkpoint_pages;
  } else if (pages < options_.checkpoint_pages) {
    next_ask_ = options_.checkpoint_pages;   // the WAL started over
  }
}

Status SqliteStoreImpl::MoveHead(const TenantBatch& batch) {
  const AuditRecord& first = batch.events.front().record;
  const AuditRecord& last = batch.events.back().record;
  const bool fresh = first.seq == 0;
  Result<Statement*> move = writer_->Kept(
      fresh ? "INSERT INTO audit_heads (next_seq, hash, tenant) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            : "UPDATE audit_heads SET next_seq = ?, hash = ? WHERE tenant = ? AND next_seq = ? AND hash = ?");
  if (!move.ok()) return move.error();
  const StatementUse use(**move);
  use->Bind(1, last.seq + 1);
  use->Bind(2, last.hash);
  use->Bind(3, batch.tenant);
  if (!fresh) {
    use->Bind(4, first.seq);
    use->Bind(5, first.prev_hash);
  }
  if (Status s = writer_->Run(**move); !s.ok()) return s;
  if (writer_->changed_rows() != 1) return Error{ErrorCode::kConflict, "the chain of tenant " + batch.tenant + " has moved"};
  // No key of the table refuses an event that a run has already.
  const Result<std::int64_t> end = EndOfEvents(*writer_, batch.tenant);
  if (!end.ok()) return end.error();
  if (*end <= first.seq) return {};
  return Error{ErrorCode::kCorrupt, writer_->path() + ": the database holds events of tenant " + batch.tenant + " up to " + std::to_string(*end - 1) +
                                        " where number " + std::to_string(first.seq) + " belongs; verify the audit chain"};
}

// And their postings. An event is looked at once: a busy gateway's batch is larger than the processor's nearer caches.
Status SqliteStoreImpl::InsertEvents(const TenantBatch& batch, const audit::Pause& pause) {
  PostingSums sums;
  run_.Clear();
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    if (i % audit::kRowsBetweenPauses == 0) pause();
    const StoredEvent& event = batch.events[i];
    if (!run_.empty() && !run_.Continues(event)) {
      if (Status s = InsertRun(*writer_, batch.tenant, run_); !s.ok()) return s;
      run_.Clear();
    }
    if (Status s = run_.Add(event); !s.ok()) return s;
    sums.Add(event);
  }
  if (Status s = InsertRun(*writer_, batch.tenant, run_); !s.ok()) return s;
  return InsertPostings(*writer_, batch.tenant, sums, pause);
}

// One statement for each block that the batch touches, so mostly one.
Status SqliteStoreImpl::NoteTimes(const TenantBatch& batch) {
  Result<Statement*> put = writer_->Kept(
      "INSERT INTO audit_times (tenant, block, min_ts, max_ts) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
      "min_ts = min(min_ts, excluded.min_ts), max_ts = max(max_ts, excluded.max_ts)");
  if (!put.ok()) return put.error();
  for (std::size_t i = 0; i < batch.events.size();) {
    const std::int64_t block = batch.events[i].record.seq / kTimesBlock;
    std::int64_t first = batch.events[i].ts_micros, last = first;
    for (; i < batch.events.size() && batch.events[i].record.seq / kTimesBlock == block; ++i) {
      first = std::min(first, batch.events[i].ts_micros);
      last = std::max(last, batch.events[i].ts_micros);
    }
    const StatementUse use(**put);
    use->Bind(1, batch.tenant);
    use->Bind(2, block);
    use->Bind(3, first);
    use->Bind(4, last);
    if (Status s = writer_->Run(**put); !s.ok()) return s;
  }
  return {};
}

// One statement for each counter of the batch, however many of its events charge it.
Status SqliteStoreImpl::AddCharges(std::span<const TenantBatch> batches) {
  const std::map<CounterKey, std::int64_t> sums = SumCharges(batches);
  if (sums.empty()) return {};
  Result<Statement*> select =
      writer_->Kept("SELECT amount FROM budget_counters WHERE tenant = ? AND counter = ? AND bucket = ?");
  if (!select.ok()) return select.error();
  Result<Statement*> put = writer_->Kept(
      "INSERT INTO budget_counters (tenant, counter, bucket, amount) VALUES (?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET amount = excluded.amount");
  if (!put.ok()) return put.error();
  for (const auto& [key, sum] : sums) {
    const auto& [tenant, counter, bucket] = key;
    std::int64_t before = 0;
    {
      const StatementUse use(**select);
      use->Bind(1, tenant);
      use->Bind(2, counter);
      use->Bind(3, bucket);
      Result<bool> row = writer_->Step(**select);
      if (!row.ok()) return row.error();
      if (*row) before = use->Integer(0);
    }
    const StatementUse use(**put);
    use->Bind(1, tenant);
    use->Bind(2, counter);
    use->Bind(3, bucket);
    use->Bind(4, AddSaturated(before, sum));
    if (Status s = writer_->Run(**put); !s.ok()) return s;
  }
  return {};
}

Result<std::vector<StoredEvent>> SqliteStoreImpl::ScanStored(std::string_view tenant, std::int64_t from_seq,
                                                             std::size_t limit) {
  std::vector<StoredEvent> events;
  const auto take = [&events, most = ScanLimit(limit)](StoredEvent&& event) {
    events.push_back(std::move(event));
    return events.size() < most;
  };
  const ReaderPool::Lease reader = readers_.Take();
  Snapshot snapshot(*reader);
  if (Status s = snapshot.Begin(); !s.ok()) return s.error();
  if (Status s = WalkEvents(*reader, {.tenant = tenant, .from = from_seq, .projections = true}, take); !s.ok()) return s.error();
  if (Status s = FalsifyUnfound(*reader, tenant, events); !s.ok()) return s.error();
  return events;
}

Result<AuditPage> SqliteStoreImpl::Query(const AuditFilter& filter, bool ascending, std::string_view after,
                                         std::size_t limit) {
  if (Status s = audit::CheckPageLimit(limit); !s.ok()) return s.error();
  const ReaderPool::Lease reader = readers_.Take();
  Snapshot snapshot(*reader);
  if (Status s = snapshot.Begin(); !s.ok()) return s.error();
  return ReadPage(*reader, filter, ascending, after, limit);
}

Result<std::int64_t> SqliteStoreImpl::Count(const AuditFilter& filter) {
  const ReaderPool::Lease reader = readers_.Take();
  Snapshot snapshot(*reader);
  if (Status s = snapshot.Begin(); !s.ok()) return s.error();
  return CountEvents(*reader, filter);
}

Result<std::vector<std::string>> SqliteStoreImpl::Tenants() {
  const ReaderPool::Lease reader = readers_.Take();
  return ReadTenants(*reader);
}

Status SqliteStoreImpl::Prune(std::string_view tenant, const audit::PrunePoint& point) {
  for (;;) {
    // Let go between the pieces, so that calls in flight are recorded meanwhile.
    const std::lock_guard lock(write_mutex_);
    const Result<bool> done = PruneSome(*writer_, tenant, point);
    if (!done.ok()) return done.error();
    LimitWal();
    if (*done) return {};
  }
}

Result<std::vector<budget::CounterRow>> SqliteStoreImpl::Load(std::int64_t oldest_bucket) {
  const ReaderPool::Lease reader = readers_.Take();
  Result<Statement*> select =
      reader->Kept("SELECT tenant, counter, bucket, amount FROM budget_counters WHERE bucket = 0 OR bucket >= ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, oldest_bucket);
  std::vector<budget::CounterRow> rows;
  for (;;) {
    Result<bool> row = reader->Step(**select);
    if (!row.ok()) return row.error();
    if (!*row) return rows;
    rows.push_back({use->Text(0), use->Text(1), use->Integer(2), use->Integer(3)});
  }
}

Status SqliteStoreImpl::Prune(std::int64_t oldest_bucket) {
  const std::lock_guard lock(write_mutex_);
  Result<Statement*> remove = writer_->Kept("DELETE FROM budget_counters WHERE bucket <> 0 AND bucket < ?");
  if (!remove.ok()) return remove.error();
  const StatementUse use(**remove);
  use->Bind(1, oldest_bucket);
  return writer_->Run(**remove);
}

Status SqliteStoreImpl::Add(const token::Revocation& revocation) {
  if (revocation.id.empty()) return Error{ErrorCode::kInvalidArgument, "a revocation needs the id that it ends"};
  const std::lock_guard lock(write_mutex_);
  Transaction transaction(*writer_);
  if (Status s = transaction.Begin(); !s.ok()) return s;
  {
    Result<Statement*> put = writer_->Kept(
        "INSERT INTO revocations (tenant, id, reason, revoked_by, revoked_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET reason = excluded.reason");
    if (!put.ok()) return put.error();
    const StatementUse use(**put);
    use->Bind(1, revocation.tenant);
    use->Bind(2, revocation.id);
    use->Bind(3, revocation.reason);
    use->Bind(4, revocation.revoked_by);
    use->Bind(5, revocation.revoked_at_micros);
    if (Status s = writer_->Run(**put); !s.ok()) return s;
  }
  if (Status s = writer_->Execute("UPDATE revocation_version SET version = version + 1"); !s.ok()) return s;
  return transaction.Commit();
}

Result<token::RevocationPage> SqliteStoreImpl::List(std::string_view tenant, std::size_t limit, std::size_t offset) {
  const ReaderPool::Lease reader = readers_.Take();
  // One statement, so that the set and its version are of the same moment.
  Result<Statement*> select = reader->Kept(
      "SELECT v.version, r.tenant, r.id, r.reason, r.revoked_by, r.revoked_at FROM revocation_version v "
      "LEFT JOIN (SELECT * FROM revocations WHERE ?1 = '' OR tenant = ?1 "
      "ORDER BY revoked_at DESC, tenant, id LIMIT ?2 OFFSET ?3) r ORDER BY r.revoked_at DESC, r.tenant, r.id");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  constexpr auto kMost = static_cast<std::size_t>(INT64_MAX);
  use->Bind(1, tenant);
  use->Bind(2, static_cast<std::int64_t>(std::min(limit, kMost)));
  use->Bind(3, static_cast<std::int64_t>(std::min(offset, kMost)));
  token::RevocationPage page;
  for (;;) {
    Result<bool> row = reader->Step(**select);
    if (!row.ok()) return row.error();
    if (!*row) return page;
    page.version = use->Integer(0);
    std::string id = use->Text(2);
    if (id.empty()) continue;   // the version of an empty list
    page.revocations.push_back({use->Text(1), std::move(id), use->Text(3), use->Text(4), use->Integer(5)});
  }
}

Result<std::int64_t> SqliteStoreImpl::Version() {
  const ReaderPool::Lease reader = readers_.Take();
  return reader->QueryInteger("SELECT version FROM revocation_version");
}

// The mode is a property of the file, so another process that starts at this moment may hold it.
Status UseWal(Connection& connection, std::int64_t busy_timeout_ms) {
  constexpr int kPauseMs = 10;
  for (std::int64_t waited = 0;; waited += kPauseMs) {
    Status s = connection.Execute("PRAGMA journal_mode = WAL");
    if (s.ok() || s.error().code != ErrorCode::kUnavailable || waited >= busy_timeout_ms) return s;
    sqlite3_sleep(kPauseMs);
  }
}

std::string WriterPragmas(const SqliteOptions& o) {
  std::string sql = "PRAGMA cache_size = -16384; PRAGMA secure_delete = ON;";
  sql += o.sync_every_commit ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = NORMAL;";
  if (o.max_pages > 0) sql += "PRAGMA max_page_count = " + std::to_string(o.max_pages) + ";";
  return sql;
}

}  // namespace

Result<std::shared_ptr<SqliteStore>> SqliteStore::Open(const std::string& path, const SqliteOptions& options) {
  if (options.read_connections < 1) {
    return Error{ErrorCode::kInvalidArgument, "the SQLite store needs at least one read connection"};
  }
  if (Status s = MakeFile(path); !s.ok()) return s.error();
  Result<std::unique_ptr<Connection>> writer =
      Connection::Open(path, options.busy_timeout_ms, StoreVfs(options.sync_every_commit));
  if (!writer.ok()) return writer.error();
  // Before anything is changed in a file that may not be ours.
  if (Status s = CheckSchema(**writer); !s.ok()) return s.error();
  if (Status s = UseWal(**writer, options.busy_timeout_ms); !s.ok()) return s.error();
  if (Status s = (*writer)->Execute(WriterPragmas(options)); !s.ok()) return s.error();
  if (Status s = Migrate(**writer); !s.ok()) return s.error();
  Result<std::unique_ptr<Connection>> copier = Connection::Open(path, options.busy_timeout_ms, StoreVfs(false));
  if (!copier.ok()) return copier.error();
  if (Status s = (*copier)->Execute(WriterPragmas(options)); !s.ok()) return s.error();
  Result<std::unique_ptr<Checkpointer>> checkpointer = Checkpointer::Start(std::move(*copier));
  if (!checkpointer.ok()) return checkpointer.error();
  auto store = std::make_shared<SqliteStoreImpl>(options, std::move(*writer), std::move(*checkpointer));
  for (int i = 0; i < options.read_connections; ++i) {
    Result<std::unique_ptr<Connection>> reader = Connection::Open(path, options.busy_timeout_ms);
    if (!reader.ok()) return reader.error();
    if (Status s = (*reader)->Execute("PRAGMA query_only = 1"); !s.ok()) return s.error();
    store->readers().Add(std::move(*reader));
  }
  return std::shared_ptr<SqliteStore>(std::move(store));
}

}  // namespace intentgate::store
