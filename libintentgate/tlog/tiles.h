// Tiles (C2SP tlog-tiles): the tree's hashes in pieces of 256, named by level and number. A full tile never
// changes; a partial one is named by its width and is replaced as the tree grows.
//
// Level L of tiles holds hashes of level 8 * L of the tree. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <intentgate/result.h>

#include "tlog/merkle.h"

namespace intentgate::tlog {

inline constexpr std::uint64_t kTileWidth = 256;

struct TileId {
  unsigned level = 0;
  std::uint64_t index = 0;
  unsigned width = kTileWidth;     // 1 to 256
  friend bool operator==(const TileId&, const TileId&) = default;
};

// "tile/0/x001/x234/067", "tile/1/000.p/12"
std::string TilePath(const TileId& tile);
// "tile/entries/x001/x234/067", likewise
std::string EntriesPath(std::uint64_t index, unsigned width);

// All tiles of a tree of `size` leaves that a tree of `old_size` leaves does not have, lowest level first.
std::vector<TileId> NewTiles(std::uint64_t old_size, std::uint64_t size);

// A tile's bytes: `width` hashes of 32 bytes. A fuller tile with the same index will do: its first hashes are
// the same. kNotFound when there is none.
using TileAt = std::function<Result<std::string>(unsigned level, std::uint64_t index, unsigned width)>;

// Hashes of inner nodes for a tree of `size` leaves, computed from tiles. Keeps the tiles it has read. The returned
// function is thread-compatible and must not outlive `tiles`.
NodeAt NodesFromTiles(std::uint64_t size, TileAt tiles);

}  // namespace intentgate::tlog
