// Tested by tests/unit/evidence/tiles_directory_test.cc, and by tests/run/suites/tlog_go.sh against Tessera's fsck.

#include "evidence/tiles_directory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "tlog/tiles.h"

namespace intentgate::evidence {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashBytes = sizeof(tlog::Hash);

std::string ReadWhole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// `replace`: whether other bytes may be there. A reader sees the old file or the new one.
Status WriteFile(const fs::path& path, std::string_view bytes, bool replace) {
  std::error_code failed;
  if (fs::exists(path, failed)) {
    if (ReadWhole(path) == bytes) return {};
    if (!replace) {
      return Error{ErrorCode::kConflict, path.string() + " is there with other bytes: it is of another log, or of another "
                                                         "history of this one; name an empty directory"};
    }
  }
  fs::create_directories(path.parent_path(), failed);
  if (failed) return Error{ErrorCode::kIo, path.parent_path().string() + ": " + failed.message()};
  const fs::path next = path.string() + ".next";
  std::ofstream out(next, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return Error{ErrorCode::kIo, next.string() + " could not be written: " + std::strerror(errno)};
  fs::rename(next, path, failed);
  if (failed) return Error{ErrorCode::kIo, path.string() + ": " + failed.message()};
  return {};
}

// Each entry with its length in two bytes before it.
std::string EntryBundle(const std::vector<tlog::Hash>& hashes) {
  std::string out;
  out.reserve(hashes.size() * (kHashBytes + 2));
  for (const tlog::Hash& hash : hashes) {
    out.append({'\0', static_cast<char>(kHashBytes)});
    out += base::AsText(hash);
  }
  return out;
}

Status WriteEntries(audit::LogStore& log, std::string_view tenant, const tlog::TileId& tile, const fs::path& root) {
  const auto first = static_cast<std::int64_t>(tile.index * tlog::kTileWidth);
  const Result<std::vector<tlog::Hash>> hashes = log.ChainHashes(tenant, first, tile.width);
  if (!hashes.ok()) return hashes.error();
  if (hashes->size() != tile.width) {
    return Error{ErrorCode::kCorrupt, "the chain of tenant " + std::string(tenant) + " is shorter than its checkpoint"};
  }
  return WriteFile(root / tlog::EntriesPath(tile.index, tile.width), EntryBundle(*hashes), false);
}

}  // namespace

Status WriteTilesDirectory(audit::LogStore& log, std::string_view tenant, const audit::StoredCheckpoint& checkpoint,
                           const std::string& directory) {
  const fs::path root(directory);
  for (const tlog::TileId& tile : tlog::NewTiles(0, checkpoint.size)) {
    const Result<audit::StoredTile> stored = log.Tile(tenant, tile.level, tile.index);
    if (!stored.ok()) return stored.error();
    if (stored->bytes.size() < tile.width * kHashBytes) {
      return Error{ErrorCode::kCorrupt, "the stored tile " + tlog::TilePath(tile) + " is too short"};
    }
    if (Status s = WriteFile(root / tlog::TilePath(tile), std::string_view(stored->bytes).substr(0, tile.width * kHashBytes), false);
        !s.ok()) {
      return s;
    }
    if (tile.level > 0) continue;
    if (Status s = WriteEntries(log, tenant, tile, root); !s.ok()) return s;
  }
  return WriteFile(root / "checkpoint", checkpoint.note, true);
}

}  // namespace intentgate::evidence
