// Salts and values of commitments in PostgreSQL. `schema` is quoted and ends with its dot. What the functions do is said
// at audit::PrivateValueStore.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/private_values.h"
#include "store/postgres/connection.h"
#include "store/postgres/writer.h"

namespace intentgate::store::pg {

// REQUIRES: Writer::Settle has returned OK.
Result<std::vector<audit::PlacedValue>> ReadPrivateValues(Connection& connection, const std::string& schema,
                                                          std::string_view tenant, std::span<const std::int64_t> seqs);
// nullopt: a legal hold covers one of the events.
Result<std::optional<std::int64_t>> DeletePrivateValues(Writer& writer, const std::string& schema,
                                                        std::string_view tenant, std::span<const std::int64_t> seqs);

}  // namespace intentgate::store::pg
