// Tested by tests/unit/audit/commitments_test.cc.

#include "audit/erasure.h"

#include <algorithm>
#include <string>
#include <vector>

#include "audit/filter.h"

namespace intentgate::audit {
namespace {

constexpr std::size_t kPage = 1'000;

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

Result<EraseReport> EraseValues(AuditStore& store, PrivateValueStore& values, const AuditFilter& filter, bool dry_run) {
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
    after = page->next;
  } while (!after.empty());
  return report;
}

}  // namespace intentgate::audit
