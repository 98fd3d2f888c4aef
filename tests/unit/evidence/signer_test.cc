#include "evidence/signer.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include "tlog/checkpoint.h"
#include "unit/evidence/signing.h"

namespace intentgate::test {
namespace {

void CheckFork(const Result<audit::StoredCheckpoint>& refused, const std::string& why) {
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kCorrupt);
  CHECK(refused.error().message.rfind("fork_detected: ", 0) == 0);
  CHECK_MESSAGE(refused.error().message.find(why) != std::string::npos, refused.error().message);
}

std::size_t CountCheckpoints(audit::LogStore& log) {
  return log.Checkpoints("acme", std::numeric_limits<std::uint64_t>::max(), 100)->size();
}

}  // namespace

TEST_CASE("a checkpoint names the tree over the chain and verifies") {
  const ScratchFolder folder;
  const auto store = std::make_shared<store::MemoryStore>();
  const auto signer = MakeSigner(store, folder.File("state"));
  CHECK(signer->CheckpointNow("acme").error().code == ErrorCode::kNotFound);
  Grow(*store, 300);
  const auto checkpoint = signer->CheckpointNow("acme");
  REQUIRE(checkpoint.ok());
  CHECK(signer->problem("acme").empty());
  const auto note = tlog::ParseNote(checkpoint->note);
  REQUIRE(note.ok());
  const std::vector<tlog::VerifierKey> keys{signer->verifier()};
  CHECK(tlog::VerifyNote(*note, keys).ok());
  const auto said = tlog::ParseCheckpoint(note->text);
  REQUIRE(said.ok());
  CHECK(said->origin == "prod/audit/acme/1");
  CHECK(said->size == 300);
  CHECK(said->root == RootOfChain(*store, 300));
  CHECK(signer->CheckpointNow("acme").ok());   // again without news
  CHECK(CountCheckpoints(*store) == 1);
}

TEST_CASE("a restored backup is refused, as it is and when it has grown again") {
  const ScratchFolder folder;
  const std::string db = folder.File("gate.db"), backup = folder.File("backup.db"), state = folder.File("state");
  {
    const auto store = store::SqliteStore::Open(db, {});
    REQUIRE(store.ok());
    Grow(**store, 10);
    REQUIRE(MakeSigner(*store, state)->CheckpointNow("acme").ok());
  }
  std::filesystem::copy_file(db, backup);
  {
    const auto store = store::SqliteStore::Open(db, {});
    REQUIRE(store.ok());
    Grow(**store, 10);
    REQUIRE(MakeSigner(*store, state)->CheckpointNow("acme").ok());
  }
  std::filesystem::copy_file(backup, db, std::filesystem::copy_options::overwrite_existing);
  const auto store = store::SqliteStore::Open(db, {});
  REQUIRE(store.ok());
  REQUIRE((*store)->Head("acme")->next_seq == 10);
  const auto signer = MakeSigner(*store, state);
  CheckFork(signer->CheckpointNow("acme"), "a checkpoint of 20 events of tenant acme was signed, but the store holds 10");
  CHECK(signer->problem("acme").rfind("fork_detected: ", 0) == 0);
  Grow(**store, 15, "somebody else");
  CheckFork(signer->CheckpointNow("acme"), "are others than those that were signed for");
  CHECK(CountCheckpoints(**store) == 1);
}

TEST_CASE("a chain that was rewritten below the checkpoint is refused") {
  const ScratchFolder folder;
  const auto honest = std::make_shared<store::MemoryStore>();
  Grow(*honest, 10);
  REQUIRE(MakeSigner(honest, folder.File("state"))->CheckpointNow("acme").ok());
  // Everything as it was but the events.
  const auto forged = std::make_shared<store::MemoryStore>();
  Grow(*forged, 12, "somebody else");
  REQUIRE(forged->SetSignerState("acme", std::nullopt, **honest->GetSignerState("acme")).ok());
  const std::vector<audit::StoredTile> tiles{*honest->Tile("acme", 0, 0)};
  REQUIRE(forged->PutTiles("acme", tiles).ok());
  // No local file helps here.
  CheckFork(MakeSigner(forged, folder.File("other"))->CheckpointNow("acme"), "the chain was rewritten");
  REQUIRE(forged->DropTiles("acme").ok());
  CheckFork(MakeSigner(forged, folder.File("other"))->CheckpointNow("acme"), "are others than those");
  CHECK(CountCheckpoints(*forged) == 0);
}

TEST_CASE("two replicas sign one history, each going on from the other") {
  const ScratchFolder folder;
  const auto store = std::make_shared<store::MemoryStore>();
  const auto a = MakeSigner(store, folder.File("a")), b = MakeSigner(store, folder.File("b"));
  for (std::size_t round = 1; round <= 6; ++round) {
    Grow(*store, 100);
    const auto checkpoint = (round % 2 == 0 ? a : b)->CheckpointNow("acme");
    REQUIRE(checkpoint.ok());
    CHECK(checkpoint->root == RootOfChain(*store, round * 100));
  }
  CHECK(a->CheckpointNow("acme").ok());
  CHECK(CountCheckpoints(*store) == 6);
}

TEST_CASE("a stop between the promise and the signature harms nothing") {
  const ScratchFolder folder;
  const auto store = std::make_shared<store::MemoryStore>();
  Grow(*store, 10);
  REQUIRE(MakeSigner(store, folder.File("state"))->CheckpointNow("acme").ok());
  Grow(*store, 5);
  // The store has the promise; neither the file nor a checkpoint has.
  const audit::SignerState promised{1, 15, RootOfChain(*store, 15)};
  REQUIRE(store->SetSignerState("acme", *store->GetSignerState("acme"), promised).ok());
  const auto checkpoint = MakeSigner(store, folder.File("state"))->CheckpointNow("acme");
  REQUIRE(checkpoint.ok());
  CHECK(checkpoint->size == 15);
}

TEST_CASE("the state file is its owner's, and a damaged one is refused") {
  const ScratchFolder folder;
  const std::string path = folder.File("state");
  auto file = evidence::SignerStateFile::Open(path);
  REQUIRE(file.ok());
  audit::SignerState state{2, 77, {}};
  state.root.fill(0xAB);
  REQUIRE(file->Set("a tenant", state).ok());
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(evidence::SignerStateFile::Open(path)->Get("a tenant").value() == state);
  CHECK_FALSE(evidence::SignerStateFile::Open(path)->Get("a").value().has_value());
  CHECK(file->Set("a\nb", state).error().code == ErrorCode::kInvalidArgument);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  CHECK(evidence::SignerStateFile::Open(path).error().code == ErrorCode::kMalformed);
}

}  // namespace intentgate::test
