// Where the Merkle tree over a chain is kept: tiles, checkpoints, and what the signer has signed. Implemented by
// every store; tests/contract runs one suite against all of them.
//
// Leaf n of a tenant's tree is LeafHash(the 32 raw bytes of hash_n). Tiles are derived: they can be rebuilt from
// the chain. Checkpoints and the signer's state cannot.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

#include "tlog/merkle.h"
#include "tlog/tiles.h"

namespace intentgate::audit {

struct StoredTile {
  tlog::TileId id;
  std::string bytes;
};

struct StoredCheckpoint {
  std::int64_t epoch = 1;
  std::uint64_t size = 0;
  tlog::Hash root{};
  std::int64_t signed_at_micros = 0;
  std::string note;                  // with every signature so far
  std::int64_t witnessed_at_micros = 0;   // when its quorum was reached; 0: not yet
};

// What the signer of a tenant has promised. It may only grow within an epoch.
struct SignerState {
  std::int64_t epoch = 1;
  std::uint64_t size = 0;
  tlog::Hash root{};
  friend bool operator==(const SignerState&, const SignerState&) = default;
};

// What every store does and says alike. Whether `put` takes the place of `there`; kConflict when they differ.
Result<bool> Widens(std::string_view tenant, const StoredTile& there, const StoredTile& put);
Status CheckTile(const StoredTile& tile);
// kCorrupt unless 64 digits of lower-case hex.
Result<tlog::Hash> HashFromHex(std::string_view hex);
Error MissingEventError(std::string_view tenant, std::int64_t seq);
Error NoTileError(std::string_view tenant, unsigned level, std::uint64_t index);
Error SignerMovedError(std::string_view tenant);
Error CheckpointDiffersError(std::string_view tenant, const StoredCheckpoint& put);

// Thread-safe.
class LogStore {
 public:
  virtual ~LogStore() = default;

  // The raw 32 bytes of hash_from .. of a tenant, consecutive, at most `limit`; empty at the end of the chain.
  // kCorrupt when an event is missing (also one that was pruned) or its hash is none.
  virtual Result<std::vector<tlog::Hash>> ChainHashes(std::string_view tenant, std::int64_t from_seq,
                                                      std::size_t limit) = 0;

  // All or none. A tile that is there already is replaced by a wider one with the same beginning, and stays when it is
  // as wide or wider and begins the same; kConflict when they differ, kInvalidArgument for bytes that do not fit
  // the width.
  virtual Status PutTiles(std::string_view tenant, std::span<const StoredTile> tiles) = 0;
  // The widest stored tile at the place; kNotFound.
  virtual Result<StoredTile> Tile(std::string_view tenant, unsigned level, std::uint64_t index) = 0;
  // Forgets every tile, so that they are built anew.
  virtual Status DropTiles(std::string_view tenant) = 0;

  // Compare-and-set: kConflict unless the stored state is `expected` (nullopt: none stored). This is what
  // keeps two replicas, or a restored backup, from signing two histories.
  virtual Status SetSignerState(std::string_view tenant, const std::optional<SignerState>& expected,
                                const SignerState& next) = 0;
  virtual Result<std::optional<SignerState>> GetSignerState(std::string_view tenant) = 0;

  // Stores a checkpoint, or replaces the note and the witness time of the one with the same epoch and size and
  // root. kConflict when the root differs.
  virtual Status PutCheckpoint(std::string_view tenant, const StoredCheckpoint& checkpoint) = 0;
  // Newest first (by epoch, then size), at most `limit`, sizes below or equal to `max_size`.
  virtual Result<std::vector<StoredCheckpoint>> Checkpoints(std::string_view tenant, std::uint64_t max_size,
                                                            std::size_t limit) = 0;
};

}  // namespace intentgate::audit
