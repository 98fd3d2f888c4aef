// Tiles, checkpoints and signers' states of the memory store. Thread-compatible.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "audit/log_store.h"

namespace intentgate::store {

// The functions are those of audit::LogStore.
class MemoryLogTables {
 public:
  Status PutTiles(std::string_view tenant, std::span<const audit::StoredTile> tiles);
  Result<audit::StoredTile> Tile(std::string_view tenant, unsigned level, std::uint64_t index) const;
  void DropTiles(std::string_view tenant);
  Status SetSignerState(std::string_view tenant, const std::optional<audit::SignerState>& expected,
                        const audit::SignerState& next);
  std::optional<audit::SignerState> GetSignerState(std::string_view tenant) const;
  Status PutCheckpoint(std::string_view tenant, const audit::StoredCheckpoint& checkpoint);
  std::vector<audit::StoredCheckpoint> Checkpoints(std::string_view tenant, std::uint64_t max_size,
                                                   std::size_t limit) const;

 private:
  std::map<std::tuple<std::string, unsigned, std::uint64_t>, audit::StoredTile> tiles_;
  std::map<std::string, audit::SignerState, std::less<>> signers_;
  std::map<std::tuple<std::string, std::int64_t, std::uint64_t>, audit::StoredCheckpoint> checkpoints_;
};

}  // namespace intentgate::store
