// Tested by tests/unit/evidence/integrator_test.cc.

#include "evidence/integrator.h"

#include <utility>
#include <vector>

#include "base/encoding.h"
#include "tlog/tiles.h"

namespace intentgate::evidence {
namespace {

// Events in one transaction of tiles.
constexpr std::size_t kAtOnce = 8'192;
constexpr unsigned kTileHeight = 8;
constexpr std::size_t kHashBytes = sizeof(tlog::Hash);

}  // namespace

tlog::NodeAt StoredNodes(audit::LogStore& log, std::string tenant, std::uint64_t size) {
  return tlog::NodesFromTiles(
      size, [&log, tenant = std::move(tenant)](unsigned level, std::uint64_t index, unsigned) -> Result<std::string> {
        Result<audit::StoredTile> tile = log.Tile(tenant, level, index);
        if (!tile.ok()) return tile.error();
        return std::move(tile->bytes);
      });
}

Result<tlog::CompactRange> Integrator::CatchUp(std::uint64_t signed_size) {
  if (!begun_) {
    if (Status s = Begin(signed_size); !s.ok()) return s.error();
  } else if (range_.size() < signed_size) {
    // Another process went on; the events behind this tree's last one may be pruned by now.
    if (Result<tlog::CompactRange> ahead = FromTiles(signed_size); ahead.ok()) range_ = *std::move(ahead);
  }
  if (Status s = CheckLast(); !s.ok()) return s.error();
  for (;;) {
    const Result<bool> more = IntegrateSome();
    if (!more.ok()) return more.error();
    if (!*more) return range_;
  }
}

Result<tlog::CompactRange> Integrator::FromTiles(std::uint64_t size) const {
  Result<tlog::RangeProof> before = tlog::ProveRange(size, size, size, StoredNodes(log_, tenant_, size));
  if (!before.ok()) return before.error();
  return tlog::CompactRange::Of(size, std::move(before->left));
}

Status Integrator::Begin(std::uint64_t signed_size) {
  Result<tlog::CompactRange> range = FromTiles(signed_size);
  if (range.ok()) {
    range_ = *std::move(range);
  } else {
    const bool unusable = range.error().code == ErrorCode::kNotFound || range.error().code == ErrorCode::kCorrupt;
    if (!unusable) return range.error();
    // A chain that was pruned cannot give them again.
    if (const Result<std::vector<tlog::Hash>> first = log_.ChainHashes(tenant_, 0, 1); !first.ok()) {
      return Error{first.error().code, "tiles of tenant " + tenant_ + " are missing or damaged, and its first events were "
                                       "pruned; restore the table log_tiles from a backup: " + first.error().message};
    }
    if (Status s = log_.DropTiles(tenant_); !s.ok()) return s;
    range_ = {};
  }
  begun_ = true;
  return {};
}

// Whether the last integrated event is still in the chain.
Status Integrator::CheckLast() {
  if (range_.size() == 0) return {};
  const std::uint64_t last = range_.size() - 1;
  const Result<std::vector<tlog::Hash>> hash = log_.ChainHashes(tenant_, static_cast<std::int64_t>(last), 1);
  if (!hash.ok()) return hash.error();
  if (hash->empty()) {
    return Error{ErrorCode::kCorrupt, "the chain of tenant " + tenant_ + " ends before event " +
                                          std::to_string(last) + ", which is in its tree: events were removed, or a "
                                          "backup was restored"};
  }
  const Result<tlog::Hash> leaf = StoredNodes(log_, tenant_, range_.size())(0, last);
  if (!leaf.ok()) {
    begun_ = false;   // the next call builds the tiles anew
    return leaf.error();
  }
  if (*leaf == tlog::LeafHash(hash->front())) return {};
  return Error{ErrorCode::kCorrupt, "event " + std::to_string(last) + " of tenant " + tenant_ +
                                        " is another than the one in its tree: the chain was rewritten"};
}

Result<bool> Integrator::IntegrateSome() {
  const std::uint64_t old_size = range_.size();
  const Result<std::vector<tlog::Hash>> hashes =
      log_.ChainHashes(tenant_, static_cast<std::int64_t>(old_size), kAtOnce);
  if (!hashes.ok()) return hashes.error();
  if (hashes->empty()) return false;
  tlog::CompactRange next = range_;
  std::vector<std::vector<tlog::Hash>> added(64 / kTileHeight);
  for (const tlog::Hash& hash : *hashes) {
    next.Append(tlog::LeafHash(hash), [&added](unsigned level, std::uint64_t, const tlog::Hash& node) {
      if (level % kTileHeight == 0) added[level / kTileHeight].push_back(node);
    });
  }
  const Result<std::vector<audit::StoredTile>> tiles = Widened(old_size, added);
  if (!tiles.ok()) return tiles.error();
  if (Status s = log_.PutTiles(tenant_, *tiles); !s.ok()) return s.error();
  range_ = std::move(next);
  return hashes->size() == kAtOnce;
}

// The tiles that `added`, the new hashes by level, make new or wider.
Result<std::vector<audit::StoredTile>> Integrator::Widened(std::uint64_t old_size,
                                                           const std::vector<std::vector<tlog::Hash>>& added) const {
  const std::uint64_t size = old_size + added[0].size();
  std::vector<audit::StoredTile> tiles;
  for (const tlog::TileId& id : tlog::NewTiles(old_size, size)) {
    const std::uint64_t before = old_size >> (kTileHeight * id.level);
    const std::uint64_t first = id.index * tlog::kTileWidth;
    audit::StoredTile tile{id, {}};
    if (before > first) {
      Result<audit::StoredTile> there = log_.Tile(tenant_, id.level, id.index);
      if (!there.ok()) return there.error();
      tile.bytes = there->bytes.substr(0, (before - first) * kHashBytes);
    }
    for (std::uint64_t at = first + tile.bytes.size() / kHashBytes; at < first + id.width; ++at) {
      tile.bytes += base::AsText(added[id.level][at - before]);
    }
    tiles.push_back(std::move(tile));
  }
  return tiles;
}

}  // namespace intentgate::evidence
