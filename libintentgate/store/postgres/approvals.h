// Approvals in PostgreSQL. What the functions do is said at approval::ApprovalStore. `schema` is quoted and ends with
// its dot.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approval_store.h"
#include "store/postgres/writer.h"

namespace intentgate::store::pg {

Result<approval::Requested> InsertApproval(Writer& writer, const std::string& schema,
                                           const approval::StoredApproval& wanted, const approval::PendingLimits& limits);
Result<bool> UpdateApproval(Writer& writer, const std::string& schema, const approval::StoredApproval& next);
Status DeleteApprovals(Writer& writer, const std::string& schema, std::int64_t created_before_micros);
Result<std::int64_t> EraseApprovals(Writer& writer, const std::string& schema, std::string_view tenant,
                                    std::span<const std::string> ids);

Command ApprovalCommand(const std::string& schema, std::string_view tenant, std::string_view id);
Command ApprovalsCommand(const std::string& schema, std::span<const std::string> ids);
Command ApprovalPageCommand(const std::string& schema, const ApprovalFilter& filter, std::string_view after,
                            std::size_t limit, std::int64_t now_micros);
Command DueApprovalsCommand(const std::string& schema, std::int64_t now_micros, std::size_t limit);
// What one of the commands above gave back.
std::vector<approval::StoredApproval> ApprovalsOf(const Rows& rows);

}  // namespace intentgate::store::pg
