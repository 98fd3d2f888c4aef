#include "store/postgres/approvals.h"

#include <algorithm>
#include <utility>

namespace intentgate::store::pg {
namespace {

using approval::Requested;
using approval::RequestResult;
using approval::StoredApproval;

constexpr std::string_view kColumns =
    "id, tenant, binding, root_jti, jti, agent_id, method, server, tool, arguments, args_sha256, intent_summary, reason, "
    "requires_step_up, created_at, state, recorded, deadline, decided_at, used_at, decided_by, claimed_by, note, revision";
// In these words the partial indexes know it.
constexpr std::string_view kHasDeadline = "state IN ('pending', 'approved')";

std::string Select(const std::string& schema) {
  return "SELECT " + std::string(kColumns) + " FROM " + schema + "approvals ";
}

StoredApproval ApprovalAt(const Rows& rows, int row) {
  StoredApproval a;
  a.row.id = rows.Text(row, 0);
  a.row.tenant = rows.Text(row, 1);
  a.binding = rows.Text(row, 2);
  a.row.root_jti = rows.Text(row, 3);
  a.row.jti = rows.Text(row, 4);
  a.row.agent_id = rows.Text(row, 5);
  a.row.method = rows.Text(row, 6);
  a.row.server = rows.Text(row, 7);
  a.row.tool = rows.Text(row, 8);
  a.row.arguments = rows.Text(row, 9);
  a.row.args_sha256 = rows.Text(row, 10);
  a.row.intent_summary = rows.Text(row, 11);
  a.row.reason = rows.Text(row, 12);
  a.row.requires_step_up = rows.Integer(row, 13) != 0;
  a.row.created_at_micros = rows.Integer(row, 14);
  // A word that nobody knows must not be usable.
  a.row.state = ParseApprovalState(rows.Text(row, 15)).value_or(ApprovalState::kExpired);
  a.recorded = rows.Integer(row, 16) != 0;
  a.row.deadline_micros = rows.Integer(row, 17);
  a.row.decided_at_micros = rows.Integer(row, 18);
  a.row.used_at_micros = rows.Integer(row, 19);
  a.row.decided_by = rows.Text(row, 20);
  a.row.claimed_by = rows.Text(row, 21);
  a.row.note = rows.Text(row, 22);
  a.revision = rows.Integer(row, 23);
  return a;
}

std::int64_t AsSqlLimit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min(limit, kMaxApprovalPage + 1));
}

// Parameters $1 to $24 in the order of the columns.
void AddColumns(const StoredApproval& a, Command& command) {
  command.Text(a.row.id).Text(a.row.tenant).Text(a.binding).Text(a.row.root_jti).Text(a.row.jti).Text(a.row.agent_id);
  command.Text(a.row.method).Text(a.row.server).Text(a.row.tool).Text(a.row.arguments).Text(a.row.args_sha256);
  command.Text(a.row.intent_summary).Text(a.row.reason).Integer(a.row.requires_step_up ? 1 : 0);
  command.Integer(a.row.created_at_micros).Text(ApprovalStateName(a.row.state)).Integer(a.recorded ? 1 : 0);
  command.Integer(a.row.deadline_micros).Integer(a.row.decided_at_micros).Integer(a.row.used_at_micros);
  command.Text(a.row.decided_by).Text(a.row.claimed_by).Text(a.row.note).Integer(a.revision);
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
  const std::string live_of_tenant = " FROM " + table + " WHERE tenant = $2 AND " + std::string(kHasDeadline) + " AND deadline > $15 ";
  Command turn("INSERT INTO " + schema + "approval_turns AS t VALUES ($1, 1) ON CONFLICT (tenant) DO UPDATE SET turns = t.turns + 1");
  turn.Text(wanted.row.tenant);
  Command insert("INSERT INTO " + table + " (" + std::string(kColumns) +
                 ") SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, "
                 "$24 WHERE NOT EXISTS (SELECT 1" + live_of_tenant + "AND binding = $3) AND (SELECT count(*)" + live_of_tenant +
                 "AND state = 'pending' AND root_jti = $4) < $25 AND (SELECT count(*)" + live_of_tenant +
                 "AND state = 'pending') < $26");
  AddColumns(wanted, insert);
  insert.Integer(limits.per_token).Integer(limits.per_tenant);
  Command equal(Select(schema) + "WHERE tenant = $1 AND " + std::string(kHasDeadline) + " AND binding = $2 AND deadline > $3 LIMIT 1");
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
                 "AND ($5 = '' OR root_jti = $5) AND ($6 = '' OR $6 = CASE WHEN " + std::string(kHasDeadline) +
                 " AND deadline <= $7 THEN 'expired' ELSE state END) ORDER BY id DESC LIMIT $8");
  select.Text(filter.tenant).Text(after).Text(filter.agent_id).Text(filter.tool).Text(filter.root_jti);
  select.Text(filter.state ? ApprovalStateName(*filter.state) : std::string_view());
  select.Integer(now_micros).Integer(AsSqlLimit(limit));
  return select;
}

Command DueApprovalsCommand(const std::string& schema, std::int64_t now_micros, std::size_t limit) {
  Command select(Select(schema) + "WHERE " + std::string(kHasDeadline) + " AND deadline <= $1 ORDER BY deadline LIMIT $2");
  select.Integer(now_micros).Integer(AsSqlLimit(limit));
  return select;
}

std::vector<StoredApproval> ApprovalsOf(const Rows& rows) {
  std::vector<StoredApproval> found;
  for (int row = 0; row < rows.count(); ++row) found.push_back(ApprovalAt(rows, row));
  return found;
}

}  // namespace intentgate::store::pg
