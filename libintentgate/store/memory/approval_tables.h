// Approvals of the memory store. Thread-compatible.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approval_store.h"

namespace intentgate::store {

// The functions are those of approval::ApprovalStore.
class MemoryApprovalTables {
 public:
  approval::Requested Request(const approval::StoredApproval& wanted, const approval::PendingLimits& limits);
  std::optional<approval::StoredApproval> Find(std::string_view tenant, std::string_view id) const;
  std::vector<approval::StoredApproval> Find(std::span<const std::string> ids) const;
  std::vector<approval::StoredApproval> List(const ApprovalFilter& filter, std::string_view after, std::size_t limit,
                                             std::int64_t now_micros) const;
  bool Replace(const approval::StoredApproval& next);
  std::vector<approval::StoredApproval> Due(std::int64_t now_micros, std::size_t limit) const;
  void Forget(std::int64_t created_before_micros);
  std::int64_t Erase(std::string_view tenant, std::span<const std::string> ids);

 private:
  std::map<std::string, approval::StoredApproval, std::less<>> approvals_;   // by id, so by time of asking
};

}  // namespace intentgate::store
