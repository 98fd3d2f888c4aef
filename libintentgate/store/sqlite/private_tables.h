// Salts and values of commitments in the SQLite file. Each function needs a connection that nobody else uses meanwhile.
// What they do is said at audit::PrivateValueStore.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "audit/audit_store.h"
#include "audit/private_values.h"
#include "store/sqlite/connection.h"

namespace intentgate::store {

// Within the caller's transaction.
Status InsertPrivateValues(Connection& connection, const audit::TenantBatch& batch);
Result<std::vector<audit::PlacedValue>> ReadPrivateValues(Connection& connection, std::string_view tenant,
                                                          std::span<const std::int64_t> seqs);
Result<std::int64_t> DeletePrivateValues(Connection& connection, std::string_view tenant,
                                         std::span<const std::int64_t> seqs);

}  // namespace intentgate::store
