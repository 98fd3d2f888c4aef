// Erasing of private values, a page of events after the other.
#pragma once

#include <intentgate/retention.h>

#include "audit/audit_store.h"
#include "audit/private_values.h"
#include "audit/retention_store.h"

namespace intentgate::audit {

// kInvalidArgument unless the filter names a tenant and narrows its events.
Status CheckErasure(const AuditFilter& filter);
// The first legal hold that covers a matching event is the error.
Status CheckHolds(AuditStore& store, RetentionStore& retention, const AuditFilter& filter);

// Of the matching events. An error may come after some pages are erased; asked again it goes on.
Result<EraseReport> EraseValues(AuditStore& store, PrivateValueStore& values, const AuditFilter& filter, bool dry_run);

}  // namespace intentgate::audit
