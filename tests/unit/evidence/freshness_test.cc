#include "evidence/freshness.h"

#include "store/memory/memory_store.h"
#include "unit/evidence/signing.h"
#include "unit/evidence/switched_stores.h"

namespace intentgate::test {
namespace {

struct Looked {
  ScratchFolder folder;
  std::shared_ptr<store::MemoryStore> store = std::make_shared<store::MemoryStore>();
  std::unique_ptr<evidence::Signer> signer = MakeSigner(store, folder.File("state"));
  ManualClock clock{1'700'000'000'000'000};
  SwitchedChain chain{*store};
  SwitchedTree tree{*store};
  evidence::FreshnessReader reader{chain, tree, {signer->verifier()}, clock, false};

  Freshness Read() {
    auto fresh = reader.Read("acme");
    REQUIRE_MESSAGE(fresh.ok(), fresh.error().message);
    return *std::move(fresh);
  }
  void CheckProblem(const std::string& what) {
    const Freshness fresh = Read();
    CHECK_FALSE(fresh.ok);
    CHECK_MESSAGE(fresh.problem.rfind(what, 0) == 0, fresh.problem);
  }
};

}  // namespace

TEST_CASE("a chain and its checkpoint that agree are ok, also when there is nothing yet") {
  Looked log;
  CHECK(log.Read().ok);
  Grow(*log.store, 20);
  CHECK(log.Read().ok);
  REQUIRE(log.signer->CheckpointNow("acme").ok());
  Grow(*log.store, 5);
  const Freshness fresh = log.Read();
  CHECK(fresh.ok);
  CHECK(fresh.checkpoint->size == 20);
  CHECK(fresh.uncommitted_events == 5);
}

TEST_CASE("a head row that disagrees with the last event is never ok") {
  Looked log;
  Grow(*log.store, 20);
  log.chain.change_head = [](ChainHead& head) { head.hash = std::string(64, 'a'); };
  log.CheckProblem("head: ");
  log.chain.change_head = [](ChainHead& head) { head.next_seq = 25; };
  log.CheckProblem("truncated: ");
  log.chain.change_head = [&](ChainHead& head) {
    head.next_seq = 15;
    head.hash = log.store->Scan("acme", 14, 1)->front().hash;
  };
  log.CheckProblem("beyond_head: ");
  log.chain.change_head = [](ChainHead& head) { head = {}; };
  log.CheckProblem("truncated: ");
}

TEST_CASE("a checkpoint that disagrees with the chain or the tree is never ok") {
  Looked log;
  Grow(*log.store, 20);
  const auto checkpoint = log.signer->CheckpointNow("acme");
  REQUIRE(checkpoint.ok());
  store::MemoryStore shorter, forged;
  Grow(shorter, 10);
  REQUIRE(shorter.PutCheckpoint("acme", *checkpoint).ok());
  log.chain.now = &shorter;
  log.tree.now = &shorter;
  log.CheckProblem("checkpoint: it was signed for 20 events, but the chain has only 10");
  Grow(forged, 20, "somebody else");
  REQUIRE(forged.PutCheckpoint("acme", *checkpoint).ok());
  log.chain.now = &forged;
  log.tree.now = &forged;
  log.CheckProblem("checkpoint: the stored tree is damaged");
  const std::vector<audit::StoredTile> honest{*log.store->Tile("acme", 0, 0)};
  REQUIRE(forged.PutTiles("acme", honest).ok());
  log.CheckProblem("checkpoint: the last event under it is another than the one in the tree");
}

TEST_CASE("declared losses are counted once, also over several looks") {
  Looked log;
  Grow(*log.store, 3);
  for (const std::int64_t count : {4, 5}) {
    const ChainHead head = *log.store->Head("acme");
    AuditEvent event;
    event.kind = EventKind::kControl;
    event.tool = "audit/gap_declared";
    event.details = json::MakeObject({{"count", count}, {"why", "overflow"}});
    const std::vector<audit::TenantBatch> batches{{"acme", {MakeStored("acme", head.next_seq, head.hash, std::move(event))}}};
    REQUIRE(log.store->Append(batches).ok());
    log.Read();
  }
  CHECK(log.Read().declared_gaps == 2);
  CHECK(log.Read().declared_losses == 9);
}

}  // namespace intentgate::test
