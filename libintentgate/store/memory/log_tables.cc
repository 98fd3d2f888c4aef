#include "store/memory/log_tables.h"

namespace intentgate::store {

Status MemoryLogTables::PutTiles(std::string_view tenant, std::span<const audit::StoredTile> tiles) {
  // On a copy of what is touched, so that a refused tile leaves nothing behind.
  std::map<std::tuple<std::string, unsigned, std::uint64_t>, audit::StoredTile> next;
  for (const audit::StoredTile& tile : tiles) {
    if (Status s = audit::CheckTile(tile); !s.ok()) return s;
    const auto place = std::tuple(std::string(tenant), tile.id.level, tile.id.index);
    if (const auto there = tiles_.find(place); there != tiles_.end()) next.try_emplace(place, there->second);
    const auto [at, added] = next.try_emplace(place, tile);
    if (added) continue;
    const Result<bool> widens = audit::Widens(tenant, at->second, tile);
    if (!widens.ok()) return widens.error();
    if (*widens) at->second = tile;
  }
  for (auto& [place, tile] : next) tiles_[place] = std::move(tile);
  return {};
}

Result<audit::StoredTile> MemoryLogTables::Tile(std::string_view tenant, unsigned level, std::uint64_t index) const {
  const auto found = tiles_.find(std::tuple(std::string(tenant), level, index));
  if (found == tiles_.end()) return audit::NoTileError(tenant, level, index);
  return found->second;
}

void MemoryLogTables::DropTiles(std::string_view tenant) {
  std::erase_if(tiles_, [&](const auto& entry) { return std::get<0>(entry.first) == tenant; });
}

Status MemoryLogTables::SetSignerState(std::string_view tenant, const std::optional<audit::SignerState>& expected,
                                       const audit::SignerState& next) {
  if (GetSignerState(tenant) != expected) return audit::SignerMovedError(tenant);
  signers_.insert_or_assign(std::string(tenant), next);
  return {};
}

std::optional<audit::SignerState> MemoryLogTables::GetSignerState(std::string_view tenant) const {
  const auto found = signers_.find(tenant);
  return found == signers_.end() ? std::nullopt : std::optional(found->second);
}

Status MemoryLogTables::PutCheckpoint(std::string_view tenant, const audit::StoredCheckpoint& checkpoint) {
  const auto place = std::tuple(std::string(tenant), checkpoint.epoch, checkpoint.size);
  const auto [at, added] = checkpoints_.try_emplace(place, checkpoint);
  if (added) return {};
  if (at->second.root != checkpoint.root) return audit::CheckpointDiffersError(tenant, checkpoint);
  at->second.note = checkpoint.note;
  at->second.witnessed_at_micros = checkpoint.witnessed_at_micros;
  return {};
}

std::vector<audit::StoredCheckpoint> MemoryLogTables::Checkpoints(std::string_view tenant, std::uint64_t max_size,
                                                                  std::size_t limit) const {
  std::vector<audit::StoredCheckpoint> newest;
  for (auto at = checkpoints_.rbegin(); at != checkpoints_.rend() && newest.size() < limit; ++at) {
    if (std::get<0>(at->first) == tenant && at->second.size <= max_size) newest.push_back(at->second);
  }
  return newest;
}

}  // namespace intentgate::store
