#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include "base/encoding.h"
#include "contract/chains.h"
#include "contract/stores.h"

namespace intentgate::test {
namespace {

using audit::SignerState;
using audit::StoredCheckpoint;
using audit::StoredTile;

constexpr auto kAny = std::numeric_limits<std::uint64_t>::max();

// Holds every byte value, zero as well.
StoredTile MakeTile(unsigned level, std::uint64_t index, unsigned width, std::uint8_t first = 0) {
  StoredTile tile{{level, index, width}, {}};
  for (std::size_t i = 0; i < width * sizeof(tlog::Hash); ++i) {
    tile.bytes.push_back(static_cast<char>(first + (i ^ (i >> 8))));
  }
  return tile;
}

tlog::Hash MakeRoot(std::uint8_t byte) {
  tlog::Hash root{};
  root.fill(byte);
  return root;
}

}  // namespace

TEST_CASE("the chain's hashes come in order, from any event on, for one tenant") {
  ForEachStore([](Stores& s) {
    const std::vector<audit::TenantBatch> batches{MakeBatch("acme", {}, 30), MakeBatch("other", {}, 3)};
    REQUIRE(s.audit->Append(batches).ok());
    const auto hashes = s.log->ChainHashes("acme", 7, 10);
    REQUIRE(hashes.ok());
    REQUIRE(hashes->size() == 10);
    for (std::size_t i = 0; i < 10; ++i) {
      CHECK(base::HexEncode((*hashes)[i]) == batches[0].events[7 + i].record.hash);
    }
    CHECK(s.log->ChainHashes("acme", 30, 10)->empty());
    CHECK(s.log->ChainHashes("nobody", 0, 10)->empty());
    CHECK(s.log->ChainHashes("other", 0, 10)->size() == 3);
  });
}

TEST_CASE("hashes of pruned events are refused, never those of later ones") {
  ForEachStore([](Stores& s) {
    const std::vector<audit::TenantBatch> batches{MakeBatch("acme", {}, 20)};
    REQUIRE(s.audit->Append(batches).ok());
    REQUIRE(s.retention->Prune("acme", {10, batches[0].events[9].record.hash}).ok());
    const auto pruned = s.log->ChainHashes("acme", 9, 5);
    REQUIRE_FALSE(pruned.ok());
    CHECK(pruned.error().code == ErrorCode::kCorrupt);
    CHECK(pruned.error().message == "event 9 of tenant acme is missing");
    CHECK(s.log->ChainHashes("acme", 10, 50)->size() == 10);
  });
}

TEST_CASE("a tile grows, stays, and is never replaced by another") {
  ForEachStore([](Stores& s) {
    CHECK(s.log->Tile("acme", 0, 0).error().code == ErrorCode::kNotFound);
    const std::vector<StoredTile> narrow{MakeTile(0, 0, 3)}, wide{MakeTile(0, 0, 256)};
    REQUIRE(s.log->PutTiles("acme", narrow).ok());
    REQUIRE(s.log->PutTiles("acme", wide).ok());
    REQUIRE(s.log->PutTiles("acme", narrow).ok());
    const auto tile = s.log->Tile("acme", 0, 0);
    REQUIRE(tile.ok());
    CHECK(tile->id == wide[0].id);
    CHECK(tile->bytes == wide[0].bytes);

    // All or none.
    const std::vector<StoredTile> mixed{MakeTile(0, 1, 4), MakeTile(0, 0, 2, 9)};
    const Status refused = s.log->PutTiles("acme", mixed);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == ErrorCode::kConflict);
    CHECK(s.log->Tile("acme", 0, 1).error().code == ErrorCode::kNotFound);
    CHECK(s.log->Tile("acme", 0, 0)->bytes == wide[0].bytes);
  });
}

TEST_CASE("a tile whose bytes do not fit its width is refused") {
  ForEachStore([](Stores& s) {
    std::vector<StoredTile> tiles{MakeTile(0, 0, 3)};
    tiles[0].bytes.pop_back();
    CHECK(s.log->PutTiles("acme", tiles).error().code == ErrorCode::kInvalidArgument);
    tiles = {MakeTile(0, 0, 257)};
    CHECK(s.log->PutTiles("acme", tiles).error().code == ErrorCode::kInvalidArgument);
  });
}

TEST_CASE("dropping tiles leaves other tenants' alone") {
  ForEachStore([](Stores& s) {
    const std::vector<StoredTile> tiles{MakeTile(0, 0, 3), MakeTile(1, 0, 1)};
    REQUIRE(s.log->PutTiles("acme", tiles).ok());
    REQUIRE(s.log->PutTiles("other", tiles).ok());
    REQUIRE(s.log->DropTiles("acme").ok());
    CHECK(s.log->Tile("acme", 1, 0).error().code == ErrorCode::kNotFound);
    CHECK(s.log->Tile("other", 1, 0)->bytes == tiles[1].bytes);
  });
}

TEST_CASE("the signer's state moves only from what is expected") {
  ForEachStore([](Stores& s) {
    CHECK_FALSE(s.log->GetSignerState("acme")->has_value());
    const SignerState one{1, 10, MakeRoot(1)}, two{1, 20, MakeRoot(2)}, other{1, 10, MakeRoot(9)};
    CHECK(s.log->SetSignerState("acme", one, two).error().code == ErrorCode::kConflict);
    REQUIRE(s.log->SetSignerState("acme", std::nullopt, one).ok());
    CHECK(s.log->SetSignerState("acme", std::nullopt, two).error().code == ErrorCode::kConflict);
    CHECK(s.log->SetSignerState("acme", other, two).error().code == ErrorCode::kConflict);
    CHECK(*s.log->GetSignerState("acme") == one);
    REQUIRE(s.log->SetSignerState("acme", one, two).ok());
    CHECK(*s.log->GetSignerState("acme") == two);
    CHECK_FALSE(s.log->GetSignerState("other")->has_value());
  });
}

TEST_CASE("checkpoints come newest first and keep their root") {
  ForEachStore([](Stores& s) {
    const auto put = [&](std::int64_t epoch, std::uint64_t size, std::uint8_t root, std::string note) {
      return s.log->PutCheckpoint("acme", {epoch, size, MakeRoot(root), 100, std::move(note), 0});
    };
    REQUIRE(put(1, 10, 1, "a").ok());
    REQUIRE(put(1, 20, 2, "b").ok());
    REQUIRE(put(2, 15, 3, "c").ok());
    REQUIRE(s.log->PutCheckpoint("other", {9, 99, MakeRoot(7), 1, "x", 0}).ok());
    const auto all = s.log->Checkpoints("acme", kAny, 10);
    REQUIRE(all.ok());
    REQUIRE(all->size() == 3);
    CHECK((*all)[0].note == "c");
    CHECK((*all)[1].note == "b");
    CHECK((*all)[2].root == MakeRoot(1));
    CHECK(s.log->Checkpoints("acme", kAny, 1)->size() == 1);
    CHECK(s.log->Checkpoints("acme", 14, 10)->front().note == "a");

    CHECK(put(1, 20, 9, "forged").error().code == ErrorCode::kConflict);
    REQUIRE(s.log->PutCheckpoint("acme", {1, 20, MakeRoot(2), 500, "b, witnessed", 300}).ok());
    const auto again = s.log->Checkpoints("acme", kAny, 10);
    CHECK((*again)[1].note == "b, witnessed");
    CHECK((*again)[1].witnessed_at_micros == 300);
    CHECK((*again)[1].signed_at_micros == 100);
  });
}

}  // namespace intentgate::test
