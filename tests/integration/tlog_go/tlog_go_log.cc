// tlog_go_log write DIR SIZE: a log of SIZE entries as a tlog-tiles directory DIR/log, its keys, and facts.txt, in
//   which each line is something that golang.org/x/mod/sumdb must agree with.
// tlog_go_log read DIR: verifies DIR/go.note, which Go has signed with the key of DIR/go.vkey.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "base/encoding.h"
#include "tlog/checkpoint.h"
#include "tlog/lines.h"
#include "tlog/merkle.h"
#include "tlog/note.h"
#include "tlog/proof_file.h"
#include "tlog/tiles.h"

namespace {

using namespace intentgate;
namespace fs = std::filesystem;

constexpr std::string_view kOrigin = "log.example/audit/default/1";
constexpr std::int64_t kCosignedAt = 1679315147;

void Require(bool condition, std::string_view what) {
  if (condition) return;
  std::cerr << "tlog_go_log: " << what << "\n";
  std::exit(1);
}

template <typename T>
T Must(Result<T> result, std::string_view what) {
  Require(result.ok(), what);
  return std::move(*result);
}

void WriteFile(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  Require(out.good(), "cannot write " + path.string());
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// An entry is 32 bytes, as the hash of an event is.
crypto::Digest Entry(std::uint64_t index) { return crypto::Sha256(base::AsBytes("entry " + std::to_string(index))); }

class Log {
 public:
  explicit Log(std::uint64_t size) : size_(size) {
    for (std::uint64_t i = 0; i < size; ++i) {
      roots_.push_back(range_.Root());
      range_.Append(tlog::LeafHash(Entry(i)), [this](unsigned level, std::uint64_t index, const tlog::Hash& hash) {
        if (level % 8 == 0) tiles_[{level / 8, index / tlog::kTileWidth}] += base::AsText(hash);
      });
    }
    roots_.push_back(range_.Root());
  }

  tlog::NodeAt Nodes(std::uint64_t size) const {
    return tlog::NodesFromTiles(size, [this](unsigned level, std::uint64_t index, unsigned) -> Result<std::string> {
      return tiles_.at({level, index});
    });
  }
  const tlog::Hash& Root(std::uint64_t size) const { return roots_[size]; }

  void WriteTiles(const fs::path& folder) const {
    for (const tlog::TileId& tile : tlog::NewTiles(0, size_)) {
      const std::string bytes = tiles_.at({tile.level, tile.index}).substr(0, tile.width * sizeof(tlog::Hash));
      WriteFile(folder / tlog::TilePath(tile), bytes);
      if (tile.level == 0) WriteFile(folder / tlog::EntriesPath(tile.index, tile.width), Bundle(tile));
    }
  }

 private:
  static std::string Bundle(const tlog::TileId& tile) {
    std::string out;
    for (unsigned i = 0; i < tile.width; ++i) {
      const crypto::Digest entry = Entry(tile.index * tlog::kTileWidth + i);
      out.append({'\0', static_cast<char>(entry.size())}).append(base::AsText(entry));
    }
    return out;
  }

  std::uint64_t size_;
  tlog::CompactRange range_;
  std::vector<tlog::Hash> roots_;
  std::map<std::pair<unsigned, std::uint64_t>, std::string> tiles_;
};

std::string Joined(const std::vector<tlog::Hash>& hashes) {
  std::string out;
  for (const tlog::Hash& hash : hashes) out.append(" ").append(tlog::WriteHash(hash));
  return out;
}

std::string Facts(const Log& log, std::uint64_t size) {
  std::string out;
  for (std::uint64_t n = 1; n <= size; n += n < 300 ? 1 : 97) {
    out += "root " + std::to_string(n) + " " + tlog::WriteHash(log.Root(n)) + "\n";
    for (const std::uint64_t index : {std::uint64_t{0}, n / 3, n - 1}) {
      const auto proof = Must(tlog::InclusionProof(index, n, log.Nodes(n)), "no inclusion proof");
      out += "inclusion " + std::to_string(index) + " " + std::to_string(n) + Joined(proof) + "\n";
    }
    for (const std::uint64_t first : {std::uint64_t{1}, n / 2 + 1, n}) {
      const auto proof = Must(tlog::ConsistencyProof(first, n, log.Nodes(n)), "no consistency proof");
      out += "consistency " + std::to_string(first) + " " + std::to_string(n) + Joined(proof) + "\n";
    }
  }
  for (const std::uint64_t old : {std::uint64_t{0}, size / 2, size - 1}) {
    out += "tiles " + std::to_string(old) + " " + std::to_string(size);
    for (const tlog::TileId& tile : tlog::NewTiles(old, size)) out += " " + tlog::TilePath(tile);
    out += "\n";
  }
  for (const std::uint64_t index : {0ULL, 999ULL, 1000ULL, 1234067ULL, 1234567890ULL}) {
    out += "path 2 " + std::to_string(index) + " 256 " + tlog::TilePath({2, index, 256}) + "\n";
    out += "path 0 " + std::to_string(index) + " 17 " + tlog::TilePath({0, index, 17}) + "\n";
  }
  return out;
}

int Write(const fs::path& folder, std::uint64_t size) {
  const Log log(size);
  log.WriteTiles(folder / "log");
  const auto random = SystemRandom();
  const auto key = Must(tlog::SigningKey::Generate(kOrigin, tlog::KeyType::kEd25519, *random), "no key");
  const auto cosigner = Must(tlog::SigningKey::Generate("cosigner.example", tlog::KeyType::kCosignature, *random), "no key");
  tlog::Note note{.text = tlog::WriteCheckpoint({std::string(kOrigin), size, log.Root(size)}), .signatures = {}};
  Require(tlog::SignNote(note, key, 0).ok() && tlog::SignNote(note, cosigner, kCosignedAt).ok(), "cannot sign");
  WriteFile(folder / "log/checkpoint", tlog::WriteNote(note));
  WriteFile(folder / "log.vkey", key.verifier().ToString());
  WriteFile(folder / "cosigner.vkey", cosigner.verifier().ToString());
  WriteFile(folder / "log.skey", base::AsText(key.ToSecretText().Expose(crypto::SecretAccess{})));
  WriteFile(folder / "facts.txt", Facts(log, size));
  const std::uint64_t index = size / 3;
  WriteFile(folder / "entry.proof",
            tlog::WriteProofFile({"", index, Must(tlog::InclusionProof(index, size, log.Nodes(size)), "no proof"),
                                  tlog::WriteNote(note)}));
  return 0;
}

int Read(const fs::path& folder) {
  const auto key = Must(tlog::VerifierKey::Parse(ReadFile(folder / "go.vkey")), "Go's key is not read");
  const auto note = Must(tlog::ParseNote(ReadFile(folder / "go.note")), "Go's note is not read");
  Require(tlog::VerifyNote(note, {&key, 1}).ok(), "Go's note does not verify");
  std::cout << "1 passed, 0 failed\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[1] : "";
  if (mode == "write" && argc == 4) return Write(argv[2], std::stoull(argv[3]));
  if (mode == "read") return Read(argv[2]);
  std::cerr << "usage: tlog_go_log write DIR SIZE | read DIR\n";
  return 2;
}
