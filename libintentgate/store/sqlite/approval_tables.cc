#include "store/sqlite/approval_tables.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "approval/approval_columns.h"

namespace intentgate::store {
namespace {

using approval::Requested;
using approval::RequestResult;
using approval::StoredApproval;

using approval::kApprovalColumns;
using approval::kApprovalHasDeadline;

// Text is joined where it is needed: constants of std::string end with the process, while a gate's thread may still read them.
std::string Joined(std::initializer_list<std::string_view> pieces) {
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

std::string Select(std::initializer_list<std::string_view> rest) {
  return Joined({"SELECT ", kApprovalColumns, " FROM approvals "}) + Joined(rest);
}

// Binds one parameter after the other, from the first on.
class Parameters {
 public:
  explicit Parameters(Statement& statement) : statement_(statement) {}
  void Text(std::string_view text) { statement_.Bind(++last_, text); }
  void Integer(std::int64_t number) { statement_.Bind(++last_, number); }

 private:
  Statement& statement_;
  int last_ = 0;
};

Result<std::vector<StoredApproval>> AllOf(Connection& connection, Statement& select) {
  std::vector<StoredApproval> rows;
  for (;;) {
    Result<bool> row = connection.Step(select);
    if (!row.ok()) return row.error();
    if (!*row) return rows;
    rows.push_back(approval::ReadApprovalColumns(select));
  }
}

Result<std::vector<StoredApproval>> LiveEqual(Connection& connection, const StoredApproval& wanted) {
  Result<Statement*> select =
      connection.Kept(Select({"WHERE tenant = ? AND ", kApprovalHasDeadline, " AND binding = ? AND deadline > ? LIMIT 1"}));
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, wanted.row.tenant);
  use->Bind(2, wanted.binding);
  use->Bind(3, wanted.row.created_at_micros);
  return AllOf(connection, **select);
}

// Pending ones of the tenant, and of the root token among them.
Result<std::pair<std::int64_t, std::int64_t>> CountPending(Connection& connection, const Approval& wanted) {
  Result<Statement*> select =
      connection.Kept(Joined({"SELECT count(*), coalesce(sum(root_jti = ?), 0) FROM approvals WHERE tenant = ? AND ", kApprovalHasDeadline,
                              " AND state = 'pending' AND deadline > ?"}));
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, wanted.root_jti);
  use->Bind(2, wanted.tenant);
  use->Bind(3, wanted.created_at_micros);
  Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  return std::pair{use->Integer(0), use->Integer(1)};
}

Status Insert(Connection& connection, const StoredApproval& a) {
  Result<Statement*> insert = connection.Kept(
      Joined({"INSERT INTO approvals (", kApprovalColumns, ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"}));
  if (!insert.ok()) return insert.error();
  const StatementUse use(**insert);
  Parameters parameters(**insert);
  approval::WriteApprovalColumns(a, parameters);
  return connection.Run(**insert);
}

std::int64_t AsSqlLimit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min(limit, kMaxApprovalPage + 1));
}

}  // namespace

Result<Requested> InsertApproval(Connection& connection, const StoredApproval& wanted,
                                 const approval::PendingLimits& limits) {
  Transaction transaction(connection);
  if (Status s = transaction.Begin(); !s.ok()) return s.error();
  Result<std::vector<StoredApproval>> equal = LiveEqual(connection, wanted);
  if (!equal.ok()) return equal.error();
  if (!equal->empty()) return Requested{RequestResult::kExists, std::move(equal->front())};
  const auto pending = CountPending(connection, wanted.row);
  if (!pending.ok()) return pending.error();
  if (pending->second >= limits.per_token) return Requested{RequestResult::kTokenLimit, {}};
  if (pending->first >= limits.per_tenant) return Requested{RequestResult::kTenantLimit, {}};
  if (Status s = Insert(connection, wanted); !s.ok()) return s.error();
  if (Status s = transaction.Commit(); !s.ok()) return s.error();
  return Requested{RequestResult::kCreated, wanted};
}

Result<std::optional<StoredApproval>> ReadApproval(Connection& connection, std::string_view tenant, std::string_view id) {
  Result<Statement*> select = connection.Kept(Select({"WHERE id = ?1 AND (?2 = '' OR tenant = ?2)"}));
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, id);
  use->Bind(2, tenant);
  Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  return *row ? std::optional(approval::ReadApprovalColumns(**select)) : std::nullopt;
}

Result<std::vector<StoredApproval>> ReadApprovals(Connection& connection, std::span<const std::string> ids) {
  std::vector<StoredApproval> found;
  for (const std::string& id : ids) {
    Result<std::optional<StoredApproval>> one = ReadApproval(connection, {}, id);
    if (!one.ok()) return one.error();
    if (one->has_value()) found.push_back(std::move(**one));
  }
  return found;
}

Result<std::vector<StoredApproval>> ReadApprovalPage(Connection& connection, const ApprovalFilter& filter,
                                                     std::string_view after, std::size_t limit,
                                                     std::int64_t now_micros) {
  Result<Statement*> select = connection.Kept(
      Select({"WHERE (?1 = '' OR tenant = ?1) AND (?2 = '' OR id < ?2) AND (?3 = '' OR agent_id = ?3) AND (?4 = '' OR tool = ?4) "
              "AND (?5 = '' OR root_jti = ?5) AND (?6 = '' OR ?6 = CASE WHEN ", kApprovalHasDeadline,
              " AND deadline <= ?7 THEN 'expired' ELSE state END) ORDER BY id DESC LIMIT ?8"}));
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, filter.tenant);
  use->Bind(2, after);
  use->Bind(3, filter.agent_id);
  use->Bind(4, filter.tool);
  use->Bind(5, filter.root_jti);
  use->Bind(6, filter.state ? ApprovalStateName(*filter.state) : std::string_view());
  use->Bind(7, now_micros);
  use->Bind(8, AsSqlLimit(limit));
  return AllOf(connection, **select);
}

Result<bool> UpdateApproval(Connection& connection, const StoredApproval& next) {
  Result<Statement*> update = connection.Kept(
      "UPDATE approvals SET state = ?, recorded = ?, deadline = ?, decided_at = ?, used_at = ?, decided_by = ?, claimed_by = ?, "
      "note = ?, revision = revision + 1 WHERE id = ? AND revision = ?");
  if (!update.ok()) return update.error();
  const StatementUse use(**update);
  use->Bind(1, ApprovalStateName(next.row.state));
  use->Bind(2, std::int64_t{next.recorded});
  use->Bind(3, next.row.deadline_micros);
  use->Bind(4, next.row.decided_at_micros);
  use->Bind(5, next.row.used_at_micros);
  use->Bind(6, next.row.decided_by);
  use->Bind(7, next.row.claimed_by);
  use->Bind(8, next.row.note);
  use->Bind(9, next.row.id);
  use->Bind(10, next.revision);
  if (Status s = connection.Run(**update); !s.ok()) return s.error();
  return connection.changed_rows() == 1;
}

Result<std::vector<StoredApproval>> ReadDueApprovals(Connection& connection, std::int64_t now_micros, std::size_t limit) {
  Result<Statement*> select =
      connection.Kept(Select({"WHERE ", kApprovalHasDeadline, " AND deadline <= ? ORDER BY deadline LIMIT ?"}));
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, now_micros);
  use->Bind(2, AsSqlLimit(limit));
  return AllOf(connection, **select);
}

Status DeleteApprovals(Connection& connection, std::int64_t created_before_micros) {
  Result<Statement*> remove =
      connection.Kept("DELETE FROM approvals WHERE created_at < ? AND state NOT IN ('pending', 'approved')");
  if (!remove.ok()) return remove.error();
  const StatementUse use(**remove);
  use->Bind(1, created_before_micros);
  return connection.Run(**remove);
}

Result<std::int64_t> EraseApprovals(Connection& connection, std::string_view tenant, std::span<const std::string> ids) {
  Transaction transaction(connection);
  if (Status s = transaction.Begin(); !s.ok()) return s.error();
  std::int64_t erased = 0;
  for (const std::string& id : ids) {
    Result<Statement*> remove = connection.Kept("DELETE FROM approvals WHERE id = ? AND tenant = ?");
    if (!remove.ok()) return remove.error();
    const StatementUse use(**remove);
    use->Bind(1, id);
    use->Bind(2, tenant);
    if (Status s = connection.Run(**remove); !s.ok()) return s.error();
    erased += connection.changed_rows();
  }
  if (Status s = transaction.Commit(); !s.ok()) return s.error();
  return erased;
}

}  // namespace intentgate::store
