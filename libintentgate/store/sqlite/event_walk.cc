// Tested by tests/unit/store/sqlite_older_events_test.cc and sqlite_event_run_test.cc, and by every test of the store.
#include "store/sqlite/event_walk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "audit/canonical_check.h"
#include "audit/filter.h"
#include "store/sqlite/event_columns.h"
#include "store/sqlite/event_run.h"

namespace intentgate::store {
namespace {

using audit::EventView;
using audit::StoredEvent;

constexpr std::string_view kRowColumns =
    "tenant, seq, event_id, prev_hash, hash, canonical, ts, kind, decision, check_name, tool, agent_id, jti, elevation_id, root_jti, session_id, "
    "code, actor";

StoredEvent EventOfRow(const Statement& row) {
  StoredEvent e;
  e.record = {row.Text(0), row.Integer(1), row.Text(2), HashColumn(row, 3), HashColumn(row, 4), CanonicalColumn(row, 5), {}};
  e.ts_micros = row.Integer(6);
  int column = 7;
  for (std::string* const text : {&e.kind, &e.decision, &e.check, &e.tool, &e.agent_id, &e.jti, &e.elevation_id, &e.root_jti, &e.session_id,
                                  &e.code, &e.actor}) {
    *text = row.Text(column++);
  }
  return e;
}

void SetProjections(const EventView& said, StoredEvent& e) {
  e.kind = said.kind;
  e.decision = said.decision;
  e.check = said.check;
  e.tool = said.tool;
  e.agent_id = said.agent_id;
  e.jti = said.jti;
  e.elevation_id = said.elevation_id;
  e.root_jti = said.root_jti;
  e.session_id = said.session_id;
  e.code = said.code;
  e.actor = said.actor;
}

// The runs of a statement whose first columns are EventRun::kColumns, in its order, which is that of first_seq. Each ends where the next one begins.
class RunRows {
 public:
  RunRows(Connection& connection, Statement& select, bool ascending) : connection_(connection), select_(select), ascending_(ascending) {}

  // nullopt behind the last one.
  Result<std::optional<EventRun>> Next() {
    if (!ascending_) return Behind();
    if (!ahead_) {
      Result<std::optional<EventRun>> first = Read();
      if (!first.ok()) return first;
      ahead_ = *std::move(first);
    }
    if (!ahead_) return std::optional<EventRun>();
    std::optional<EventRun> run = std::move(ahead_);
    Result<std::optional<EventRun>> next = Read();
    if (!next.ok()) return next;
    ahead_ = *std::move(next);
    if (ahead_) run->EndAt(ahead_->first_seq());
    return run;
  }

 private:
  Result<std::optional<EventRun>> Behind() {
    Result<std::optional<EventRun>> run = Read();
    if (!run.ok() || !*run) return run;
    if (begin_of_last_) (*run)->EndAt(*begin_of_last_);
    begin_of_last_ = (*run)->first_seq();
    return run;
  }

  Result<std::optional<EventRun>> Read() {
    if (at_end_) return std::optional<EventRun>();
    const Result<bool> row = connection_.Step(select_);
    if (!row.ok()) return row.error();
    at_end_ = !*row;
    return at_end_ ? std::optional<EventRun>() : std::optional<EventRun>(select_);
  }

  Connection& connection_;
  Statement& select_;
  const bool ascending_;
  bool at_end_ = false;
  std::optional<EventRun> ahead_;
  std::optional<std::int64_t> begin_of_last_;
};

// Both tables' events in the order of their numbers, until one of `take_row` and `take_run` says false.
template <typename TakeRow, typename TakeRun>
Status InOrder(Connection& connection, Statement& rows, int seq_column, Statement& runs, bool ascending, const TakeRow& take_row,
               const TakeRun& take_run) {
  Result<bool> has_row = connection.Step(rows);
  // Those that stand before `seq`, or all that are left.
  const auto take_rows = [&](std::optional<std::int64_t> seq) {
    for (; has_row.ok() && *has_row; has_row = connection.Step(rows)) {
      const std::int64_t at = rows.Integer(seq_column);
      if (seq && (ascending ? at >= *seq : at <= *seq)) break;
      if (!take_row(rows)) return false;
    }
    return has_row.ok();
  };
  RunRows each(connection, runs, ascending);
  for (;;) {
    const Result<std::optional<EventRun>> next = each.Next();
    if (!next.ok()) return next.error();
    if (!*next) break;
    const EventRun& run = **next;
    for (std::int64_t i = run.first_seq(); i < run.end_seq(); ++i) {
      const std::int64_t seq = ascending ? i : run.end_seq() - 1 - (i - run.first_seq());
      if (!take_rows(seq) || !take_run(run, seq)) return has_row.ok() ? Status() : Status(has_row.error());
    }
  }
  take_rows(std::nullopt);
  return has_row.ok() ? Status() : Status(has_row.error());
}

// One walk.
class Walker {
 public:
  Walker(Connection& connection, const EventWalk& walk, const TakeEvent& take) : connection_(connection), walk_(walk), take_(take) {}

  Status Run() {
    const Result<Statement*> rows = Select(std::string(kRowColumns) + " FROM audit_events", "seq");
    if (!rows.ok()) return rows.error();
    const Result<Statement*> runs = Select(std::string(EventRun::kColumns) + " FROM audit_runs", "first_seq");
    if (!runs.ok()) return runs.error();
    const StatementUse of_rows(**rows), of_runs(**runs);
    for (const StatementUse* use : {&of_rows, &of_runs}) {
      (*use)->Bind(1, walk_.tenant);
      (*use)->Bind(2, use == &of_runs ? BlockBegin(walk_.from) : walk_.from);
      (*use)->Bind(3, walk_.to);
    }
    return InOrder(
        connection_, **rows, 1, **runs, walk_.ascending, [this](const Statement& row) { return TakeRow(row); },
        [this](const EventRun& run, std::int64_t seq) { return TakeOf(run, seq); });
  }

 private:
  bool IsWanted(std::int64_t seq) const {
    return seq >= walk_.from && seq <= walk_.to && (walk_.bits >> (static_cast<std::uint64_t>(seq) % kRunEvents) & 1) != 0;
  }

  Result<Statement*> Select(const std::string& columns_and_table, std::string_view place) {
    return connection_.Kept("SELECT " + columns_and_table + " WHERE tenant = ? AND " + std::string(place) + " BETWEEN ? AND ? ORDER BY " +
                            std::string(place) + (walk_.ascending ? "" : " DESC"));
  }

  bool TakeRow(const Statement& row) {
    if (!IsWanted(row.Integer(1))) return true;
    StoredEvent event = EventOfRow(row);
    return (walk_.filter != nullptr && !audit::Matches(*walk_.filter, event)) || take_(std::move(event));
  }

  bool TakeOf(const EventRun& run, std::int64_t seq) {
    if (!IsWanted(seq)) return true;
    StoredEvent event;
    AuditRecord& record = event.record;
    record.canonical = run.Canonical(seq);
    const Result<EventView> read = checker_.Check(record.canonical);
    EventView said = read.ok() ? *read : EventView();
    // Where it stands, and not what it says about that: verification compares the two.
    said.tenant = walk_.tenant;
    said.seq = seq;
    if (walk_.filter != nullptr && !audit::Matches(*walk_.filter, said)) return true;
    record.tenant = walk_.tenant;
    record.seq = seq;
    record.event_id = said.event_id;
    record.prev_hash = run.PrevHash(seq);
    record.hash = run.Hash(seq);
    event.ts_micros = said.ts_micros;
    if (walk_.projections) SetProjections(said, event);
    return take_(std::move(event));
  }

  Connection& connection_;
  const EventWalk& walk_;
  const TakeEvent& take_;
  audit::CanonicalChecker checker_;
};

}  // namespace

Status WalkEvents(Connection& connection, const EventWalk& walk, const TakeEvent& take) { return Walker(connection, walk, take).Run(); }

Status WalkHashes(Connection& connection, std::string_view tenant, std::int64_t from_seq,
                  const std::function<bool(std::int64_t seq, std::string&& hash)>& take) {
  const Result<Statement*> rows = connection.Kept("SELECT seq, hash FROM audit_events WHERE tenant = ? AND seq >= ? ORDER BY seq");
  if (!rows.ok()) return rows.error();
  // The texts of a row stand behind its hashes, so that they are not read from the file.
  const Result<Statement*> runs = connection.Kept(
      "SELECT first_seq, count, prev_hash, hashes, x'' FROM audit_runs WHERE tenant = ? AND first_seq >= ? ORDER BY first_seq");
  if (!runs.ok()) return runs.error();
  const StatementUse of_rows(**rows), of_runs(**runs);
  of_rows->Bind(1, tenant);
  of_rows->Bind(2, from_seq);
  of_runs->Bind(1, tenant);
  of_runs->Bind(2, BlockBegin(from_seq));
  return InOrder(
      connection, **rows, 0, **runs, true, [&take](const Statement& row) { return take(row.Integer(0), HashColumn(row, 1)); },
      [&](const EventRun& run, std::int64_t seq) { return seq < from_seq || take(seq, run.Hash(seq)); });
}

Result<std::int64_t> EndOfEvents(Connection& connection, std::string_view tenant) {
  Result<Statement*> select = connection.Kept(
      "SELECT max(coalesce((SELECT first_seq + count FROM audit_runs WHERE tenant = ?1 ORDER BY first_seq DESC LIMIT 1), 0), "
      "coalesce((SELECT max(seq) + 1 FROM audit_events WHERE tenant = ?1), 0))");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  const Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  return use->Integer(0);
}

Result<std::int64_t> CountAll(Connection& connection, std::string_view tenant) {
  Result<Statement*> select = connection.Kept(
      tenant.empty() ? "SELECT (SELECT count(*) FROM audit_events) + (SELECT coalesce(sum(count), 0) FROM audit_runs)"
                     : "SELECT (SELECT count(*) FROM audit_events WHERE tenant = ?1) + "
                       "(SELECT coalesce(sum(count), 0) FROM audit_runs WHERE tenant = ?1)");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  if (!tenant.empty()) use->Bind(1, tenant);
  const Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  return use->Integer(0);
}

Result<std::vector<std::string>> ReadTenants(Connection& connection) {
  // Jumps from tenant to tenant in the indexes; a tenant whose head was removed is still found.
  Result<Statement*> select = connection.Kept(
      "WITH RECURSIVE r(name) AS (SELECT min(tenant) FROM audit_runs UNION ALL "
      "SELECT (SELECT min(tenant) FROM audit_runs WHERE tenant > r.name) FROM r WHERE r.name IS NOT NULL), "
      "e(name) AS (SELECT min(tenant) FROM audit_events UNION ALL "
      "SELECT (SELECT min(tenant) FROM audit_events WHERE tenant > e.name) FROM e WHERE e.name IS NOT NULL) "
      "SELECT name FROM r WHERE name IS NOT NULL UNION SELECT name FROM e WHERE name IS NOT NULL UNION SELECT tenant FROM audit_heads "
      "ORDER BY 1");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  std::vector<std::string> tenants;
  for (;;) {
    const Result<bool> row = connection.Step(**select);
    if (!row.ok()) return row.error();
    if (!*row) return tenants;
    tenants.push_back(use->Text(0));
  }
}

}  // namespace intentgate::store
