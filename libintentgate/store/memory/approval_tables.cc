#include "store/memory/approval_tables.h"

#include <algorithm>

namespace intentgate::store {
namespace {

using approval::Requested;
using approval::RequestResult;
using approval::StoredApproval;

bool HasDeadline(const StoredApproval& a) {
  return a.row.state == ApprovalState::kPending || a.row.state == ApprovalState::kApproved;
}

bool IsLive(const StoredApproval& a, std::int64_t now) { return HasDeadline(a) && a.row.deadline_micros > now; }

bool IsPending(const StoredApproval& a, std::int64_t now) {
  return a.row.state == ApprovalState::kPending && a.row.deadline_micros > now;
}

bool Matches(const ApprovalFilter& filter, const Approval& row, ApprovalState state) {
  return (filter.tenant.empty() || filter.tenant == row.tenant) && (!filter.state || *filter.state == state) &&
         (filter.agent_id.empty() || filter.agent_id == row.agent_id) &&
         (filter.tool.empty() || filter.tool == row.tool) &&
         (filter.root_jti.empty() || filter.root_jti == row.root_jti);
}

}  // namespace

Requested MemoryApprovalTables::Request(const StoredApproval& wanted, const approval::PendingLimits& limits) {
  const std::int64_t now = wanted.row.created_at_micros;
  std::int64_t of_token = 0, of_tenant = 0;
  for (const auto& [id, a] : approvals_) {
    if (a.row.tenant != wanted.row.tenant || !IsLive(a, now)) continue;
    if (a.binding == wanted.binding) return {RequestResult::kExists, a};
    if (!IsPending(a, now)) continue;
    ++of_tenant;
    if (a.row.root_jti == wanted.row.root_jti) ++of_token;
  }
  if (of_token >= limits.per_token) return {RequestResult::kTokenLimit, {}};
  if (of_tenant >= limits.per_tenant) return {RequestResult::kTenantLimit, {}};
  approvals_.insert_or_assign(wanted.row.id, wanted);
  return {RequestResult::kCreated, wanted};
}

std::optional<StoredApproval> MemoryApprovalTables::Find(std::string_view tenant, std::string_view id) const {
  const auto at = approvals_.find(id);
  if (at == approvals_.end() || (!tenant.empty() && at->second.row.tenant != tenant)) return std::nullopt;
  return at->second;
}

std::vector<StoredApproval> MemoryApprovalTables::Find(std::span<const std::string> ids) const {
  std::vector<StoredApproval> found;
  for (const std::string& id : ids) {
    if (const auto at = approvals_.find(id); at != approvals_.end()) found.push_back(at->second);
  }
  return found;
}

std::vector<StoredApproval> MemoryApprovalTables::List(const ApprovalFilter& filter, std::string_view after,
                                                       std::size_t limit, std::int64_t now_micros) const {
  std::vector<StoredApproval> list;
  const auto end = std::make_reverse_iterator(approvals_.begin());
  auto at = std::make_reverse_iterator(after.empty() ? approvals_.end() : approvals_.lower_bound(after));
  for (; at != end && list.size() < limit; ++at) {
    const StoredApproval& a = at->second;
    const bool over = HasDeadline(a) && !IsLive(a, now_micros);
    if (Matches(filter, a.row, over ? ApprovalState::kExpired : a.row.state)) list.push_back(a);
  }
  return list;
}

bool MemoryApprovalTables::Replace(const StoredApproval& next) {
  const auto at = approvals_.find(next.row.id);
  if (at == approvals_.end() || at->second.revision != next.revision) return false;
  Approval& row = at->second.row;
  row.state = next.row.state;
  row.deadline_micros = next.row.deadline_micros;
  row.decided_at_micros = next.row.decided_at_micros;
  row.used_at_micros = next.row.used_at_micros;
  row.decided_by = next.row.decided_by;
  row.claimed_by = next.row.claimed_by;
  row.note = next.row.note;
  at->second.recorded = next.recorded;
  ++at->second.revision;
  return true;
}

std::vector<StoredApproval> MemoryApprovalTables::Due(std::int64_t now_micros, std::size_t limit) const {
  std::vector<StoredApproval> due;
  for (const auto& [id, a] : approvals_) {
    if (HasDeadline(a) && !IsLive(a, now_micros)) due.push_back(a);
  }
  std::stable_sort(due.begin(), due.end(), [](const StoredApproval& a, const StoredApproval& b) {
    return a.row.deadline_micros < b.row.deadline_micros;
  });
  if (due.size() > limit) due.resize(limit);
  return due;
}

void MemoryApprovalTables::Forget(std::int64_t created_before_micros) {
  std::erase_if(approvals_, [&](const auto& entry) {
    return !HasDeadline(entry.second) && entry.second.row.created_at_micros < created_before_micros;
  });
}

std::int64_t MemoryApprovalTables::Erase(std::string_view tenant, std::span<const std::string> ids) {
  std::int64_t erased = 0;
  for (const std::string& id : ids) {
    const auto found = approvals_.find(id);
    if (found == approvals_.end() || found->second.row.tenant != tenant) continue;
    approvals_.erase(found);
    ++erased;
  }
  return erased;
}

}  // namespace intentgate::store
