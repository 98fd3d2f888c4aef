// Tiles, checkpoints and signers' states in PostgreSQL. `schema` is quoted and ends with its dot. What the functions do
// is said at audit::LogStore.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_store.h"
#include "store/postgres/connection.h"
#include "store/postgres/writer.h"

namespace intentgate::store::pg {

// REQUIRES: Writer::Settle has returned OK.
Result<std::vector<tlog::Hash>> ReadChainHashes(Connection& connection, const std::string& schema,
                                                std::string_view tenant, std::int64_t from_seq, std::size_t limit);
// kConflict without naming the tile that differs: CheckAgainstStored does.
Status WriteTiles(Writer& writer, const std::string& schema, std::string_view tenant,
                  std::span<const audit::StoredTile> tiles);
Status CheckAgainstStored(Connection& connection, const std::string& schema, std::string_view tenant,
                          std::span<const audit::StoredTile> tiles);
Result<audit::StoredTile> ReadTile(Connection& connection, const std::string& schema, std::string_view tenant,
                                   unsigned level, std::uint64_t index);
Status DeleteTiles(Writer& writer, const std::string& schema, std::string_view tenant);
Status WriteSignerState(Writer& writer, const std::string& schema, std::string_view tenant,
                        const std::optional<audit::SignerState>& expected, const audit::SignerState& next);
Result<std::optional<audit::SignerState>> ReadSignerState(Connection& connection, const std::string& schema,
                                                          std::string_view tenant);
Status WriteCheckpoint(Writer& writer, const std::string& schema, std::string_view tenant,
                       const audit::StoredCheckpoint& checkpoint);
Result<std::vector<audit::StoredCheckpoint>> ReadCheckpoints(Connection& connection, const std::string& schema,
                                                             std::string_view tenant, std::uint64_t max_size,
                                                             std::size_t limit);

}  // namespace intentgate::store::pg
