#include "audit/log_store.h"

#include <algorithm>

#include "base/encoding.h"

namespace intentgate::audit {

Result<bool> Widens(std::string_view tenant, const StoredTile& there, const StoredTile& put) {
  const std::size_t shared = std::min(there.bytes.size(), put.bytes.size());
  if (there.bytes.compare(0, shared, put.bytes, 0, shared) != 0) {
    return Error{ErrorCode::kConflict, tlog::TilePath(put.id) + " of tenant " + std::string(tenant) +
                                           " is stored with other hashes"};
  }
  return put.bytes.size() > there.bytes.size();
}

Status CheckTile(const StoredTile& tile) {
  const unsigned width = tile.id.width;
  if (width >= 1 && width <= tlog::kTileWidth && tile.bytes.size() == width * sizeof(tlog::Hash)) return {};
  return Error{ErrorCode::kInvalidArgument, tlog::TilePath(tile.id) + " cannot have " +
                                                std::to_string(tile.bytes.size()) + " bytes"};
}

Result<tlog::Hash> HashFromHex(std::string_view hex) {
  const Result<base::Bytes> bytes = base::HexDecode(hex);
  tlog::Hash hash{};
  if (!bytes.ok() || bytes->size() != hash.size()) {
    return Error{ErrorCode::kCorrupt, "a stored hash is not 64 digits of lower-case hex"};
  }
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

Error MissingEventError(std::string_view tenant, std::int64_t seq) {
  return {ErrorCode::kCorrupt, "event " + std::to_string(seq) + " of tenant " + std::string(tenant) + " is missing"};
}

Error NoTileError(std::string_view tenant, unsigned level, std::uint64_t index) {
  return {ErrorCode::kNotFound, tlog::TilePath({level, index}) + " of tenant " + std::string(tenant) + " is not stored"};
}

Error SignerMovedError(std::string_view tenant) {
  return {ErrorCode::kConflict, "the signer's state of tenant " + std::string(tenant) + " has moved"};
}

Error CheckpointDiffersError(std::string_view tenant, const StoredCheckpoint& put) {
  return {ErrorCode::kConflict, "tenant " + std::string(tenant) + " has a checkpoint of epoch " +
                                    std::to_string(put.epoch) + " and size " + std::to_string(put.size) +
                                    " with another root"};
}

}  // namespace intentgate::audit
