// Salts and values of commitments in the SQLite file: in the column `private` of their event's run, which is written with it. Older events have
// them in that column of their own row, or in the table private_values. Each function needs a connection that nobody else uses
// meanwhile. What they do is said at audit::PrivateValueStore.
//
// A column whose bytes are not ours has one value that no event commits to. So verification names the event, others can
// be read, and erasing empties it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "audit/private_values.h"
#include "store/sqlite/connection.h"

namespace intentgate::store {

Result<std::vector<audit::PlacedValue>> ReadPrivateValues(Connection& connection, std::string_view tenant,
                                                          std::span<const std::int64_t> seqs);
Result<std::int64_t> DeletePrivateValues(Connection& connection, std::string_view tenant,
                                         std::span<const std::int64_t> seqs);

}  // namespace intentgate::store
