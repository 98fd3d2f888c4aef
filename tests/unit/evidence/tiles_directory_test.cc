#include "evidence/tiles_directory.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "store/memory/memory_store.h"
#include "unit/evidence/signing.h"

namespace intentgate::test {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a directory grows with the log and refuses another history") {
  const ScratchFolder folder;
  const auto store = std::make_shared<store::MemoryStore>();
  const auto signer = MakeSigner(store, folder.File("state"));
  Grow(*store, 300);
  const auto first = signer->CheckpointNow("acme");
  REQUIRE(first.ok());
  const std::string out = folder.File("log");
  REQUIRE(evidence::WriteTilesDirectory(*store, "acme", *first, out).ok());
  CHECK(ReadFile(out + "/checkpoint") == first->note);
  CHECK(ReadFile(out + "/tile/0/000").size() == 256 * 32);
  CHECK(ReadFile(out + "/tile/0/001.p/44").size() == 44 * 32);
  CHECK(ReadFile(out + "/tile/1/000.p/1").size() == 32);
  const std::string entries = ReadFile(out + "/tile/entries/001.p/44");
  CHECK(entries.size() == 44 * 34);
  const auto hash = store->ChainHashes("acme", 256, 1);
  CHECK(entries.substr(0, 2) == std::string("\0\x20", 2));
  CHECK(entries.substr(2, 32) == std::string(hash->front().begin(), hash->front().end()));

  Grow(*store, 300);
  const auto second = signer->CheckpointNow("acme");
  REQUIRE(evidence::WriteTilesDirectory(*store, "acme", *second, out).ok());
  CHECK(ReadFile(out + "/checkpoint") == second->note);
  CHECK(ReadFile(out + "/tile/0/001").size() == 256 * 32);

  const auto other = std::make_shared<store::MemoryStore>();
  Grow(*other, 300, "somebody else");
  const auto stranger = MakeSigner(other, folder.File("other"))->CheckpointNow("acme");
  const Status refused = evidence::WriteTilesDirectory(*other, "acme", *stranger, out);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kConflict);
  CHECK(ReadFile(out + "/checkpoint") == second->note);
}

}  // namespace intentgate::test
