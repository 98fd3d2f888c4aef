#include "store/postgres/approvals.h"

#include <algorithm>
#include <utility>

#include "approval/approval_columns.h"

namespace intentgate::store::pg {
namespace {

using approval::Requested;
using approval::RequestResult;
using approval::StoredApproval;

using approval::kApprovalColumns;
using approval::kApprovalHasDeadline;

std::string Select(const std::string& schema) {
  return "SELECT " + std::string(kApprovalColumns) + " FROM " + schema + "approvals ";
}

struct RowAt {
  const Rows& rows;
  int row;
  std::string Text(int column) const { return rows.Text(row, column); }
  std::int64_t Integer(int column) const { return rows.Integer(row, column); }
};

std::int64_t AsSqlLimit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min(limit, kMaxApprovalPage + 1));
}

Array ArrayOf(std::span<const std::string> ids) {
  Array array(kText);
  for (const std::string& id : ids) array.AddText(id);
  return array;
}

}  // namespace

// All statements go out together; each sees what committed before it began, so those behind the first see
// everything of whoever had the turn before.
Result<Requested> InsertApproval(Writer& writer, const std::string& schema, const StoredApproval& wanted,
                                 const approval::PendingLimits& limits) {
  const std::string table = schema + "approvals";
  const std::string live_of_tenant = " FROM " + table + " WHERE tenant = $2 AND " + std::string(kApprovalHasDeadline) + " AND deadline > $15 ";
  Command turn("INSERT INTO " + schema + "approval_turns AS t VALUES ($1, 1) ON CONFLICT (tenant) DO UPDATE SET turns = t.turns + 1");
  turn.Text(wanted.row.tenant);
  Command insert("INSERT INTO " + table + " (" + std::string(kApprovalColumns) +
                 ") SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, "
                 "$24 WHERE NOT EXISTS (SELECT 1" + live_of_tenant + "AND binding = $3) AND (SELECT count(*)" + live_of_tenant +
                 "AND state = 'pending' AND root_jti = $4) < $25 AND (SELECT count(*)" + live_of_tenant +
                 "AND state = 'pending') < $26");
  approval::WriteApprovalColumns(wanted, insert);
  insert.Integer(limits.per_token).Integer(limits.per_tenant);
  Command equal(Select(schema) + "WHERE tenant = $1 AND " + std::string(kApprovalHasDeadline) + " AND binding = $2 AND deadline > $3 LIMIT 1");
  equal.Text(wanted.row.tenant).Text(wanted.binding).Integer(wanted.row.created_at_micros);
  Command of_token("SELECT count(*) FROM " + table + " WHERE tenant = $1 AND state IN ('pending', 'approved') AND state = 'pending' "
                   "AND root_jti = $2 AND deadline > $3");
  of_token.Text(wanted.row.tenant).Text(wanted.row.root_jti).Integer(wanted.row.created_at_micros);
  const std::vector<Command> commands{std::move(turn), std::move(insert), std::move(equal), std::move(of_token)};
  const Result<std::vector<Rows>> answers = writer.Transact(commands);
  if (!answers.ok()) return answers.error();
  if ((*answers)[1].changed() == 1) return Requested{RequestResult::kCreated, wanted};
  std::vector<StoredApproval> found = ApprovalsOf((*answers)[2]);
  if (!found.empty()) return Requested{RequestResult::kExists, std::move(found.front())};
  const bool token_full = (*answers)[3].Integer(0, 0) >= limits.per_token;
  return Requested{token_full ? RequestResult::kTokenLimit : RequestResult::kTenantLimit, {}};
}

Result<bool> UpdateApproval(Writer& writer, const std::string& schema, const StoredApproval& next) {
  Command update("UPDATE " + schema + "approvals SET state = $1, recorded = $2, deadline = $3, decided_at = $4, used_at = $5, "
                 "decided_by = $6, claimed_by = $7, note = $8, revision = revision + 1 WHERE id = $9 AND revision = $10");
  update.Text(ApprovalStateName(next.row.state)).Integer(next.recorded ? 1 : 0).Integer(next.row.deadline_micros);
  update.Integer(next.row.decided_at_micros).Integer(next.row.used_at_micros).Text(next.row.decided_by);
  update.Text(next.row.claimed_by).Text(next.row.note).Text(next.row.id).Integer(next.revision);
  const Result<std::vector<Rows>> answers = writer.Transact(std::span(&update, 1));
  if (!answers.ok()) return answers.error();
  return answers->front().changed() == 1;
}

Status DeleteApprovals(Writer& writer, const std::string& schema, std::int64_t created_before_micros) {
  Command remove("DELETE FROM " + schema + "approvals WHERE created_at < $1 AND state NOT IN ('pending', 'approved')");
  remove.Integer(created_before_micros);
  const Result<std::vector<Rows>> done = writer.Transact(std::span(&remove, 1));
  return done.ok() ? Status() : Status(done.error());
}

Result<std::int64_t> EraseApprovals(Writer& writer, const std::string& schema, std::string_view tenant,
                                    std::span<const std::string> ids) {
  Command remove("DELETE FROM " + schema + "approvals WHERE id = ANY($1) AND tenant = $2");
  remove.Add(ArrayOf(ids)).Text(tenant);
  const Result<std::vector<Rows>> done = writer.Transact(std::span(&remove, 1));
  if (!done.ok()) return done.error();
  return done->front().changed();
}

Command ApprovalCommand(const std::string& schema, std::string_view tenant, std::string_view id) {
  Command select(Select(schema) + "WHERE id = $1 AND ($2 = '' OR tenant = $2)");
  select.Text(id).Text(tenant);
  return select;
}

Command ApprovalsCommand(const std::string& schema, std::span<const std::string> ids) {
  Command select(Select(schema) + "WHERE id = ANY($1)");
  select.Add(ArrayOf(ids));
  return select;
}

Command ApprovalPageCommand(const std::string& schema, const ApprovalFilter& filter, std::string_view after,
                            std::size_t limit, std::int64_t now_micros) {
  Command select(Select(schema) +
                 "WHERE ($1 = '' OR tenant = $1) AND ($2 = '' OR id < $2) AND ($3 = '' OR agent_id = $3) AND ($4 = '' OR tool = $4) "
                 "AND ($5 = '' OR root_jti = $5) AND ($6 = '' OR $6 = CASE WHEN " + std::string(kApprovalHasDeadline) +
                 " AND deadline <= $7 THEN 'expired' ELSE state END) ORDER BY id DESC LIMIT $8");
  select.Text(filter.tenant).Text(after).Text(filter.agent_id).Text(filter.tool).Text(filter.root_jti);
  select.Text(filter.state ? ApprovalStateName(*filter.state) : std::string_view());
  select.Integer(now_micros).Integer(AsSqlLimit(limit));
  return select;
}

Command DueApprovalsCommand(const std::string& schema, std::int64_t now_micros, std::size_t limit) {
  Command select(Select(schema) + "WHERE " + std::string(kApprovalHasDeadline) + " AND deadline <= $1 ORDER BY deadline LIMIT $2");
  select.Integer(now_micros).Integer(AsSqlLimit(limit));
  return select;
}

std::vector<StoredApproval> ApprovalsOf(const Rows& rows) {
  std::vector<StoredApproval> found;
  for (int row = 0; row < rows.count(); ++row) found.push_back(approval::ReadApprovalColumns(RowAt{rows, row}));
  return found;
}

}  // namespace intentgate::store::pg
