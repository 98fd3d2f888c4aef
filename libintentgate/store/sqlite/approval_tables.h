// Approvals in the SQLite file. Each function needs a connection that nobody else uses meanwhile. What they do is said
// at approval::ApprovalStore.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approval_store.h"
#include "store/sqlite/connection.h"

namespace intentgate::store {

Result<approval::Requested> InsertApproval(Connection& connection, const approval::StoredApproval& wanted,
                                           const approval::PendingLimits& limits);
Result<std::optional<approval::StoredApproval>> ReadApproval(Connection& connection, std::string_view tenant,
                                                             std::string_view id);
Result<std::vector<approval::StoredApproval>> ReadApprovals(Connection& connection, std::span<const std::string> ids);
Result<std::vector<approval::StoredApproval>> ReadApprovalPage(Connection& connection, const ApprovalFilter& filter,
                                                               std::string_view after, std::size_t limit,
                                                               std::int64_t now_micros);
Result<bool> UpdateApproval(Connection& connection, const approval::StoredApproval& next);
Result<std::vector<approval::StoredApproval>> ReadDueApprovals(Connection& connection, std::int64_t now_micros,
                                                               std::size_t limit);
Status DeleteApprovals(Connection& connection, std::int64_t created_before_micros);
Result<std::int64_t> EraseApprovals(Connection& connection, std::string_view tenant, std::span<const std::string> ids);

}  // namespace intentgate::store
