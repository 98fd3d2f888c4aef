// Tested by tests/unit/audit/commitments_test.cc.

#include "audit/erasure.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <intentgate/json.h>

#include "audit/canonical_event.h"
#include "audit/filter.h"

namespace intentgate::audit {
namespace {

constexpr std::size_t kPage = 1'000;

// Each once.
std::vector<std::string> ApprovalsOf(const std::vector<AuditRecord>& records) {
  std::set<std::string> ids;
  for (const AuditRecord& record : records) {
    const Result<json::Value> event = json::Parse(record.canonical, kEventLimits);
    const json::Value* id = event.ok() ? event->Find("pending_id") : nullptr;
    if (id != nullptr && id->is_string() && !id->string_value().empty()) ids.emplace(id->string_value());
  }
  return {ids.begin(), ids.end()};
}

}  // namespace

Status CheckErasure(const AuditFilter& filter) {
  if (filter.tenant.empty()) return Error{ErrorCode::kInvalidArgument, "an erasure needs the tenant"};
  if (!NarrowsEvents(filter)) {
    return Error{ErrorCode::kInvalidArgument, "an erasure needs more than the tenant: an event, an agent, a time, ..."};
  }
  return {};
}

Status CheckHolds(AuditStore& store, RetentionStore& retention, const AuditFilter& filter) {
  const Result<std::vector<LegalHold>> holds = retention.Holds(filter.tenant);
  if (!holds.ok()) return holds.error();
  for (const LegalHold& hold : *holds) {
    AuditFilter covered = filter;
    if (!hold.covers_everything()) {
      covered.from_micros = std::max(filter.from_micros.value_or(hold.from_micros), hold.from_micros);
      covered.to_micros = std::min(filter.to_micros.value_or(hold.to_micros), hold.to_micros);
    }
    const Result<std::int64_t> count = store.Count(covered);
    if (!count.ok()) return count.error();
    if (*count > 0) return HeldError(hold);
  }
  return {};
}

Result<EraseReport> EraseValues(AuditStore& store, const ErasedStores& stores, const AuditFilter& filter, bool dry_run) {
  PrivateValueStore& values = stores.values;
  EraseReport report;
  std::string after;
  do {
    const Result<AuditPage> page = store.Query(filter, true, after, kPage);
    if (!page.ok()) return page.error();
    std::vector<std::int64_t> seqs;
    for (const AuditRecord& record : page->records) seqs.push_back(record.seq);
    report.events += static_cast<std::int64_t>(seqs.size());
    if (dry_run) {
      const Result<std::vector<PlacedValue>> there = values.PrivateValues(filter.tenant, seqs);
      if (!there.ok()) return there.error();
      report.values += static_cast<std::int64_t>(there->size());
    } else {
      const Result<std::int64_t> erased = values.ErasePrivateValues(filter.tenant, seqs);
      if (!erased.ok()) return erased.error();
      report.values += *erased;
    }
    const std::vector<std::string> ids = stores.approvals ? ApprovalsOf(page->records) : std::vector<std::string>();
    if (!ids.empty()) {
      const Result<std::int64_t> approvals = stores.approvals(ids, dry_run);
      if (!approvals.ok()) return approvals.error();
      report.approvals += *approvals;
    }
    after = page->next;
  } while (!after.empty());
  return report;
}

}  // namespace intentgate::audit
