// Tested by tests/unit/tlog/tiles_test.cc, and by tests/integration/tlog_go against golang.org/x/mod/sumdb/tlog.

#include "tlog/tiles.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

namespace intentgate::tlog {
namespace {

constexpr unsigned kTileHeight = 8;
constexpr std::size_t kHashBytes = sizeof(Hash);

// How many hashes a tree of `size` leaves has at a level of tiles.
std::uint64_t HashesAt(std::uint64_t size, unsigned tile_level) { return size >> (kTileHeight * tile_level); }

// "x001/x234/067", and the width behind it when the tile is partial.
std::string Numbered(std::string prefix, std::uint64_t index, unsigned width) {
  std::string digits = std::to_string(index);
  digits.insert(0, (3 - digits.size() % 3) % 3, '0');
  for (std::size_t at = 0; at + 3 < digits.size(); at += 3) prefix.append("x").append(digits, at, 3).append("/");
  prefix.append(digits, digits.size() - 3, 3);
  if (width < kTileWidth) prefix.append(".p/").append(std::to_string(width));
  return prefix;
}

Hash HashIn(const std::string& tile, std::size_t at) {
  Hash hash;
  std::memcpy(hash.data(), tile.data() + at * kHashBytes, kHashBytes);
  return hash;
}

// The root of the complete subtree over `count` hashes of a tile. REQUIRES: count is a power of two.
Hash RootIn(const std::string& tile, std::size_t first, std::size_t count) {
  if (count == 1) return HashIn(tile, first);
  return NodeHash(RootIn(tile, first, count / 2), RootIn(tile, first + count / 2, count / 2));
}

class TileReader {
 public:
  TileReader(std::uint64_t size, TileAt tiles) : size_(size), tiles_(std::move(tiles)) {}

  Result<Hash> Node(unsigned level, std::uint64_t index) {
    if (level >= 64 || (size_ >> level) <= index) {
      return Error{ErrorCode::kInvalidArgument, "the tree has no complete subtree at this place"};
    }
    const unsigned tile_level = level / kTileHeight, above = level % kTileHeight;
    const std::uint64_t first = index << above;
    const Result<const std::string*> tile = Tile(tile_level, first / kTileWidth);
    if (!tile.ok()) return tile.error();
    return RootIn(**tile, first % kTileWidth, std::size_t{1} << above);
  }

 private:
  Result<const std::string*> Tile(unsigned level, std::uint64_t index) {
    const auto key = std::pair(level, index);
    if (const auto found = read_.find(key); found != read_.end()) return &found->second;
    const auto width = static_cast<unsigned>(std::min(kTileWidth, HashesAt(size_, level) - index * kTileWidth));
    Result<std::string> bytes = tiles_(level, index, width);
    if (!bytes.ok()) return bytes.error();
    if (bytes->size() < width * kHashBytes || bytes->size() % kHashBytes != 0) {
      return Error{ErrorCode::kCorrupt, TilePath({level, index, width}) + " has " + std::to_string(bytes->size()) +
                                            " bytes instead of " + std::to_string(width * kHashBytes)};
    }
    return &read_.emplace(key, std::move(*bytes)).first->second;
  }

  std::uint64_t size_;
  TileAt tiles_;
  std::map<std::pair<unsigned, std::uint64_t>, std::string> read_;
};

}  // namespace

std::string TilePath(const TileId& tile) {
  return Numbered("tile/" + std::to_string(tile.level) + "/", tile.index, tile.width);
}

std::string EntriesPath(std::uint64_t index, unsigned width) { return Numbered("tile/entries/", index, width); }

std::vector<TileId> NewTiles(std::uint64_t old_size, std::uint64_t size) {
  std::vector<TileId> tiles;
  for (unsigned level = 0; level * kTileHeight < 64 && HashesAt(size, level) > 0; ++level) {
    const std::uint64_t before = HashesAt(old_size, level), hashes = HashesAt(size, level);
    if (before >= hashes) continue;
    for (std::uint64_t index = before / kTileWidth; index * kTileWidth < hashes; ++index) {
      tiles.push_back({level, index, static_cast<unsigned>(std::min(kTileWidth, hashes - index * kTileWidth))});
    }
  }
  return tiles;
}

NodeAt NodesFromTiles(std::uint64_t size, TileAt tiles) {
  // std::function copies what it holds; the tiles that were read are shared between copies.
  auto reader = std::make_shared<TileReader>(size, std::move(tiles));
  return [reader](unsigned level, std::uint64_t index) { return reader->Node(level, index); };
}

}  // namespace intentgate::tlog
