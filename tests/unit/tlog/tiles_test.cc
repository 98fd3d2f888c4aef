#include "tlog/tiles.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "base/encoding.h"
#include "support/merkle_oracle.h"

namespace intentgate::tlog {
namespace {

using TileMap = std::map<std::pair<unsigned, std::uint64_t>, std::string>;

// The tiles of a tree, collected from the nodes that a growing range completes.
TileMap TilesOf(const std::vector<std::string>& leaves) {
  TileMap tiles;
  CompactRange range;
  for (const std::string& leaf : leaves) {
    range.Append(LeafHash(base::AsBytes(leaf)), [&](unsigned level, std::uint64_t index, const Hash& hash) {
      if (level % 8 == 0) tiles[{level / 8, index / kTileWidth}] += base::AsText(hash);
    });
  }
  return tiles;
}

TileAt From(const TileMap& tiles, std::set<TileMap::key_type>* asked = nullptr) {
  return [&tiles, asked](unsigned level, std::uint64_t index, unsigned) -> Result<std::string> {
    if (asked != nullptr) CHECK(asked->insert({level, index}).second);
    const auto found = tiles.find({level, index});
    if (found == tiles.end()) return Error{ErrorCode::kNotFound, "no such tile"};
    return found->second;
  };
}

}  // namespace

TEST_CASE("tiles and entry bundles have the names of tlog-tiles") {
  CHECK(TilePath({0, 1234067, 256}) == "tile/0/x001/x234/067");
  CHECK(TilePath({1, 0, 12}) == "tile/1/000.p/12");
  CHECK(TilePath({7, 999, 256}) == "tile/7/999");
  CHECK(TilePath({0, 1000, 1}) == "tile/0/x001/000.p/1");
  CHECK(EntriesPath(1234067, 256) == "tile/entries/x001/x234/067");
  CHECK(EntriesPath(0, 255) == "tile/entries/000.p/255");
}

TEST_CASE("a tree of 70000 leaves has the tiles that tlog-tiles counts") {
  std::map<unsigned, std::pair<int, unsigned>> levels;   // full tiles, width of the partial one
  for (const TileId& tile : NewTiles(0, 70000)) {
    auto& [full, partial] = levels[tile.level];
    if (tile.width == kTileWidth) ++full; else partial = tile.width;
  }
  CHECK(levels == decltype(levels){{0, {273, 112}}, {1, {1, 17}}, {2, {0, 1}}});
  CHECK(NewTiles(0, 256) == std::vector<TileId>{{0, 0, 256}, {1, 0, 1}});
  CHECK(NewTiles(0, 0).empty());
}

TEST_CASE("growing gives the tiles that are new and no other") {
  const auto all = [](std::uint64_t size) {
    std::set<std::string> paths;
    for (const TileId& tile : NewTiles(0, size)) CHECK(paths.insert(TilePath(tile)).second);
    return paths;
  };
  for (const std::uint64_t size : {0U, 1U, 2U, 255U, 256U, 257U, 511U, 512U, 65535U, 65536U, 65537U, 66000U}) {
    for (const std::uint64_t old : {0U, 1U, 255U, 256U, 300U, 65280U, 65535U, 65536U}) {
      if (old > size) continue;
      std::set<std::string> expected = all(size);
      for (const std::string& path : all(old)) expected.erase(path);
      std::set<std::string> found;
      for (const TileId& tile : NewTiles(old, size)) found.insert(TilePath(tile));
      CHECK(found == expected);
    }
  }
}

TEST_CASE("roots and proofs from tiles are those of the recursive definition") {
  const std::vector<std::string> all = test::OracleSample(2000);
  const TileMap tiles = TilesOf(all);
  for (const std::size_t size : {1U, 2U, 100U, 255U, 256U, 257U, 513U, 1000U, 1999U, 2000U}) {
    const auto leaves = std::span(all).first(size);
    const NodeAt nodes = NodesFromTiles(size, From(tiles));
    CHECK(*RootOf(size, nodes) == test::OracleRoot(leaves));
    for (const std::size_t index : {std::size_t{0}, size / 2, size - 1}) {
      CHECK(*InclusionProof(index, size, nodes) == test::OraclePath(index, leaves));
      CHECK(*ConsistencyProof(index + 1, size, nodes) == test::OracleConsistency(index + 1, leaves));
    }
  }
}

TEST_CASE("a tile is asked for once") {
  const std::vector<std::string> leaves = test::OracleSample(600);
  const TileMap tiles = TilesOf(leaves);
  std::set<TileMap::key_type> asked;
  const NodeAt nodes = NodesFromTiles(600, From(tiles, &asked));
  const NodeAt copy = nodes;
  for (std::uint64_t i = 0; i < 600; ++i) CHECK(copy(0, i).ok());
  CHECK(RootOf(600, nodes).ok());
  CHECK(asked.size() == 4);
}

TEST_CASE("a tile of another length, a missing tile and a node outside of the tree are named") {
  TileMap tiles = TilesOf(test::OracleSample(300));
  tiles[{0, 1}].resize(100);
  const NodeAt nodes = NodesFromTiles(300, From(tiles));
  const Result<Hash> short_tile = nodes(0, 256);
  REQUIRE_FALSE(short_tile.ok());
  CHECK(short_tile.error().code == ErrorCode::kCorrupt);
  CHECK(short_tile.error().message == "tile/0/001.p/44 has 100 bytes instead of 1408");
  tiles.erase({0, 0});
  CHECK(NodesFromTiles(300, From(tiles))(0, 0).error().code == ErrorCode::kNotFound);
  CHECK(nodes(0, 300).error().code == ErrorCode::kInvalidArgument);
  CHECK(nodes(8, 1).error().code == ErrorCode::kInvalidArgument);
  CHECK(nodes(64, 0).error().code == ErrorCode::kInvalidArgument);
}

}  // namespace intentgate::tlog
