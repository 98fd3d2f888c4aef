// Tiles, checkpoints and signers' states in the SQLite file. Each function needs a connection that nobody else uses
// meanwhile. What they do is said at audit::LogStore.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "audit/log_store.h"
#include "store/sqlite/connection.h"

namespace intentgate::store {

Result<std::vector<tlog::Hash>> ReadChainHashes(Connection& connection, std::string_view tenant, std::int64_t from_seq,
                                                std::size_t limit);
Status WriteTiles(Connection& connection, std::string_view tenant, std::span<const audit::StoredTile> tiles);
Result<audit::StoredTile> ReadTile(Connection& connection, std::string_view tenant, unsigned level,
                                   std::uint64_t index);
Status DeleteTiles(Connection& connection, std::string_view tenant);
Status WriteSignerState(Connection& connection, std::string_view tenant,
                        const std::optional<audit::SignerState>& expected, const audit::SignerState& next);
Result<std::optional<audit::SignerState>> ReadSignerState(Connection& connection, std::string_view tenant);
Status WriteCheckpoint(Connection& connection, std::string_view tenant, const audit::StoredCheckpoint& checkpoint);
Result<std::vector<audit::StoredCheckpoint>> ReadCheckpoints(Connection& connection, std::string_view tenant,
                                                             std::uint64_t max_size, std::size_t limit);

}  // namespace intentgate::store
