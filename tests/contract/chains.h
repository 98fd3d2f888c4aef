// Chains to append, for tests of stores.
#pragma once

#include <string>

#include "audit/audit_store.h"

namespace intentgate::test {

// An event of a chain, with its hash, ready to be appended.
audit::StoredEvent MakeStored(const std::string& tenant, std::int64_t seq, const std::string& prev_hash,
                              AuditEvent event = {});
// `count` consecutive events behind `head`.
audit::TenantBatch MakeBatch(const std::string& tenant, const ChainHead& head, int count);

}  // namespace intentgate::test
