// Erasing of private values, a page of events after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include <intentgate/retention.h>

#include "audit/audit_store.h"
#include "audit/private_values.h"
#include "audit/retention_store.h"

namespace intentgate::audit {

// kInvalidArgument unless the filter names a tenant and narrows its events.
Status CheckErasure(const AuditFilter& filter);
// The first legal hold that covers a matching event is the error.
Status CheckHolds(AuditStore& store, RetentionStore& retention, const AuditFilter& filter);

// What an erasure takes away.
struct ErasedStores {
  PrivateValueStore& values;
  // Removes approvals by their ids, or counts them for a dry run, and says how many; empty: there are none.
  std::function<Result<std::int64_t>(std::span<const std::string> ids, bool dry_run)> approvals;
};

// Of the matching events the private values, and the approvals that they speak of. An error may come after some pages are
// erased; asked again it goes on.
Result<EraseReport> EraseValues(AuditStore& store, const ErasedStores& erased, const AuditFilter& filter, bool dry_run);

}  // namespace intentgate::audit
