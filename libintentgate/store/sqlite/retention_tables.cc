#include "store/sqlite/retention_tables.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "store/sqlite/event_query.h"
#include "store/sqlite/event_run.h"
#include "store/sqlite/event_walk.h"
#include "store/sqlite/postings.h"

namespace intentgate::store {
namespace {

// Events in one transaction: a writer waits for it no longer than for a large batch.
constexpr std::int64_t kPruneAtOnce = 2'048;

Result<ChainHead> ReadHead(Connection& connection, std::string_view tenant) {
  Result<Statement*> select = connection.Kept("SELECT next_seq, hash FROM audit_heads WHERE tenant = ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  return *row ? ChainHead{use->Integer(0), use->Text(1)} : ChainHead{};
}

Result<std::string> HashOf(Connection& connection, std::string_view tenant, std::int64_t seq) {
  std::string hash;
  Status s = WalkHashes(connection, tenant, seq, [&](std::int64_t first, std::string&& hex) {
    if (first == seq) hash = std::move(hex);
    return false;
  });
  if (!s.ok()) return s.error();
  if (!hash.empty()) return hash;
  return Error{ErrorCode::kCorrupt, "event " + std::to_string(seq) + " of tenant " + std::string(tenant) +
                                        " is missing; verify the chain before pruning it"};
}

// The run that has events on both sides of `seq` loses those before it.
Status CutRun(Connection& connection, std::string_view tenant, std::int64_t seq) {
  RunPacker left;
  std::int64_t id = 0;
  {
    Result<Statement*> select = connection.Kept("SELECT " + std::string(EventRun::kColumns) +
                                                ", private, id FROM audit_runs WHERE tenant = ? AND first_seq BETWEEN ? AND ? "
                                                "ORDER BY first_seq DESC LIMIT 1");
    if (!select.ok()) return select.error();
    const StatementUse use(**select);
    use->Bind(1, tenant);
    use->Bind(2, BlockBegin(seq));
    use->Bind(3, seq - 1);
    const Result<bool> row = connection.Step(**select);
    if (!row.ok()) return row.error();
    if (!*row) return {};
    const EventRun run(**select);
    const RunValues values(use->Blob(5));
    id = use->Integer(6);
    for (std::int64_t i = seq; i < run.end_seq(); ++i) {
      audit::StoredEvent event;
      event.record = {std::string(tenant), i, {}, run.PrevHash(i), run.Hash(i), run.Canonical(i), {}};
      event.private_values = values.Of(i - run.first_seq());
      if (!left.Add(event).ok()) {
        return Error{ErrorCode::kCorrupt, "event " + std::to_string(i) + " of tenant " + std::string(tenant) +
                                              " has no hash; verify the chain before pruning it"};
      }
    }
  }
  return left.empty() ? Status() : ReplaceRun(connection, id, left);
}

Status DeleteBelow(Connection& connection, std::string_view tenant, std::int64_t seq) {
  if (Status s = DeletePostings(connection, tenant, seq); !s.ok()) return s;
  if (Status s = CutRun(connection, tenant, seq); !s.ok()) return s;
  for (const std::string_view sql : {"DELETE FROM audit_runs WHERE tenant = ? AND first_seq < ?", "DELETE FROM audit_events WHERE tenant = ? AND seq < ?",
                                     "DELETE FROM private_values WHERE tenant = ? AND seq < ?"}) {
    Result<Statement*> remove = connection.Kept(sql);
    if (!remove.ok()) return remove.error();
    const StatementUse use(**remove);
    use->Bind(1, tenant);
    use->Bind(2, seq);
    if (Status s = connection.Run(**remove); !s.ok()) return s;
  }
  return {};
}

// Whether the hold covers one of the tenant's events below `seq`.
Result<bool> CoversBelow(Connection& connection, const audit::LegalHold& hold, std::int64_t seq) {
  if (hold.covers_everything()) return true;
  AuditFilter filter;
  filter.tenant = hold.tenant;
  filter.from_micros = hold.from_micros;
  filter.to_micros = hold.to_micros;
  filter.to_seq = seq - 1;
  return HasEvents(connection, filter);
}

// Whether one of these events cannot be read.
Result<bool> HasUnreadable(Connection& connection, std::string_view tenant, std::int64_t from_seq, std::int64_t end_seq) {
  bool found = false;
  EventWalk walk{.tenant = tenant, .from = from_seq, .to = end_seq - 1};
  Status s = WalkEvents(connection, walk, [&found](audit::StoredEvent&& event) {
    found = !IsReadable(event);
    return !found;
  });
  if (!s.ok()) return s.error();
  return found;
}

// The first of the tenant's holds that forbids pruning up to `point`, of which the events from `from_seq` to before `end_seq` go now. An event that
// cannot be read may be of any time, so each hold covers it.
Result<std::optional<audit::LegalHold>> HoldOver(Connection& connection, std::string_view tenant, std::int64_t from_seq, std::int64_t end_seq,
                                                 const audit::PrunePoint& point) {
  const Result<std::vector<audit::LegalHold>> holds = ReadHolds(connection, tenant);
  if (!holds.ok()) return holds.error();
  std::optional<audit::LegalHold> any;
  for (const audit::LegalHold& hold : *holds) {
    if (hold.tenant != tenant) continue;   // no tenant is asked for by the empty name
    const Result<bool> covers = CoversBelow(connection, hold, point.first_seq);
    if (!covers.ok()) return covers.error();
    if (*covers) return std::optional(hold);
    if (!any) any = hold;
  }
  if (!any) return any;
  const Result<bool> unreadable = HasUnreadable(connection, tenant, from_seq, end_seq);
  if (!unreadable.ok()) return unreadable.error();
  return *unreadable ? any : std::nullopt;
}

Status PutPrunePoint(Connection& connection, std::string_view tenant, const audit::PrunePoint& point) {
  Result<Statement*> put = connection.Kept(
      "INSERT INTO audit_pruned (tenant, first_seq, prev_hash) VALUES (?, ?, ?) "
      "ON CONFLICT DO UPDATE SET first_seq = excluded.first_seq, prev_hash = excluded.prev_hash");
  if (!put.ok()) return put.error();
  const StatementUse use(**put);
  use->Bind(1, tenant);
  use->Bind(2, point.first_seq);
  use->Bind(3, point.prev_hash);
  return connection.Run(**put);
}

}  // namespace

Result<audit::PrunePoint> ReadPrunePoint(Connection& connection, std::string_view tenant) {
  Result<Statement*> select = connection.Kept("SELECT first_seq, prev_hash FROM audit_pruned WHERE tenant = ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  return *row ? audit::PrunePoint{use->Integer(0), use->Text(1)} : audit::PrunePoint{};
}

Result<bool> PruneSome(Connection& connection, std::string_view tenant, const audit::PrunePoint& point) {
  Transaction transaction(connection);
  if (Status s = transaction.Begin(); !s.ok()) return s.error();
  const Result<ChainHead> head = ReadHead(connection, tenant);
  if (!head.ok()) return head.error();
  if (point.first_seq > head->next_seq) return audit::BeyondHeadError(tenant, point, *head);
  const Result<audit::PrunePoint> now = ReadPrunePoint(connection, tenant);
  if (!now.ok()) return now.error();
  if (point.first_seq <= now->first_seq) return true;

  audit::PrunePoint next = point;
  // Between two runs where there is the choice.
  next.first_seq = std::min(point.first_seq, BlockBegin(now->first_seq + kPruneAtOnce));
  const Result<std::optional<audit::LegalHold>> hold = HoldOver(connection, tenant, now->first_seq, next.first_seq, point);
  if (!hold.ok()) return hold.error();
  if (hold->has_value()) return audit::HeldError(**hold);
  if (next.first_seq < point.first_seq) {
    Result<std::string> hash = HashOf(connection, tenant, next.first_seq - 1);
    if (!hash.ok()) return hash.error();
    next.prev_hash = *std::move(hash);
  }
  if (Status s = DeleteBelow(connection, tenant, next.first_seq); !s.ok()) return s.error();
  if (Status s = PutPrunePoint(connection, tenant, next); !s.ok()) return s.error();
  if (Status s = transaction.Commit(); !s.ok()) return s.error();
  return next.first_seq == point.first_seq;
}

Status InsertHold(Connection& connection, const audit::LegalHold& hold) {
  Result<Statement*> insert = connection.Kept(
      "INSERT INTO legal_holds (tenant, id, reason, placed_by, placed_at, from_ts, to_ts) VALUES (?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT DO NOTHING");
  if (!insert.ok()) return insert.error();
  const StatementUse use(**insert);
  use->Bind(1, hold.tenant);
  use->Bind(2, hold.id);
  use->Bind(3, hold.reason);
  use->Bind(4, hold.placed_by);
  use->Bind(5, hold.placed_at_micros);
  use->Bind(6, hold.from_micros);
  use->Bind(7, hold.to_micros);
  if (Status s = connection.Run(**insert); !s.ok()) return s;
  return connection.changed_rows() == 1 ? Status() : Status(audit::HoldExistsError(hold));
}

Status DeleteHold(Connection& connection, std::string_view tenant, std::string_view id) {
  Result<Statement*> remove = connection.Kept("DELETE FROM legal_holds WHERE tenant = ? AND id = ?");
  if (!remove.ok()) return remove.error();
  const StatementUse use(**remove);
  use->Bind(1, tenant);
  use->Bind(2, id);
  if (Status s = connection.Run(**remove); !s.ok()) return s;
  return connection.changed_rows() == 1 ? Status() : Status(audit::NoHoldError(tenant, id));
}

Result<std::vector<audit::LegalHold>> ReadHolds(Connection& connection, std::string_view tenant) {
  Result<Statement*> select = connection.Kept(
      "SELECT tenant, id, reason, placed_by, placed_at, from_ts, to_ts FROM legal_holds WHERE ?1 = '' OR tenant = ?1 "
      "ORDER BY tenant, id");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  std::vector<audit::LegalHold> holds;
  for (;;) {
    Result<bool> row = connection.Step(**select);
    if (!row.ok()) return row.error();
    if (!*row) return holds;
    holds.push_back({use->Text(0), use->Text(1), use->Text(2), use->Text(3), use->Integer(4), use->Integer(5),
                     use->Integer(6)});
  }
}

}  // namespace intentgate::store
