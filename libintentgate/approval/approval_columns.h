// The columns of an approval in the SQL stores, in the one order in which all of them read and write a row.
#pragma once

#include <cstdint>
#include <string_view>

#include "approval/approval_store.h"

namespace intentgate::approval {

inline constexpr std::string_view kApprovalColumns =
    "id, tenant, binding, root_jti, jti, agent_id, method, server, tool, arguments, args_sha256, intent_summary, reason, "
    "requires_step_up, created_at, state, recorded, deadline, decided_at, used_at, decided_by, claimed_by, note, revision";

// In these words the partial indexes know it.
inline constexpr std::string_view kApprovalHasDeadline = "state IN ('pending', 'approved')";

// `row` has Text(column) and Integer(column).
template <typename Row>
StoredApproval ReadApprovalColumns(const Row& row) {
  StoredApproval a;
  int column = 0;
  a.row.id = row.Text(column++);
  a.row.tenant = row.Text(column++);
  a.binding = row.Text(column++);
  a.row.root_jti = row.Text(column++);
  a.row.jti = row.Text(column++);
  a.row.agent_id = row.Text(column++);
  a.row.method = row.Text(column++);
  a.row.server = row.Text(column++);
  a.row.tool = row.Text(column++);
  a.row.arguments = row.Text(column++);
  a.row.args_sha256 = row.Text(column++);
  a.row.intent_summary = row.Text(column++);
  a.row.reason = row.Text(column++);
  a.row.requires_step_up = row.Integer(column++) != 0;
  a.row.created_at_micros = row.Integer(column++);
  // A word that nobody knows must not be usable.
  a.row.state = ParseApprovalState(row.Text(column++)).value_or(ApprovalState::kExpired);
  a.recorded = row.Integer(column++) != 0;
  a.row.deadline_micros = row.Integer(column++);
  a.row.decided_at_micros = row.Integer(column++);
  a.row.used_at_micros = row.Integer(column++);
  a.row.decided_by = row.Text(column++);
  a.row.claimed_by = row.Text(column++);
  a.row.note = row.Text(column++);
  a.revision = row.Integer(column++);
  return a;
}

// `parameters` takes one value after the other by Text(string_view) and Integer(int64).
template <typename Parameters>
void WriteApprovalColumns(const StoredApproval& a, Parameters& parameters) {
  for (const std::string_view text : {std::string_view(a.row.id), std::string_view(a.row.tenant), std::string_view(a.binding),
                                      std::string_view(a.row.root_jti), std::string_view(a.row.jti),
                                      std::string_view(a.row.agent_id), std::string_view(a.row.method),
                                      std::string_view(a.row.server), std::string_view(a.row.tool),
                                      std::string_view(a.row.arguments), std::string_view(a.row.args_sha256),
                                      std::string_view(a.row.intent_summary), std::string_view(a.row.reason)}) {
    parameters.Text(text);
  }
  parameters.Integer(a.row.requires_step_up ? 1 : 0);
  parameters.Integer(a.row.created_at_micros);
  parameters.Text(ApprovalStateName(a.row.state));
  parameters.Integer(a.recorded ? 1 : 0);
  parameters.Integer(a.row.deadline_micros);
  parameters.Integer(a.row.decided_at_micros);
  parameters.Integer(a.row.used_at_micros);
  parameters.Text(a.row.decided_by);
  parameters.Text(a.row.claimed_by);
  parameters.Text(a.row.note);
  parameters.Integer(a.revision);
}

}  // namespace intentgate::approval
