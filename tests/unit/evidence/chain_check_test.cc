#include "evidence/chain_check.h"

#include "store/memory/memory_store.h"
#include "unit/evidence/signing.h"
#include "unit/evidence/switched_stores.h"

namespace intentgate::test {
namespace {

struct Checked {
  std::shared_ptr<store::MemoryStore> store = std::make_shared<store::MemoryStore>();
  ScratchFolder folder;
  std::unique_ptr<evidence::Signer> signer = MakeSigner(store, folder.File("state"));
  ManualClock clock{1'700'000'000'000'000};
  evidence::ChainCheck check{*store, *store, {signer->verifier()}, clock};

  EvidenceReport Run(bool incremental) {
    auto report = check.Run("acme", incremental);
    REQUIRE(report.ok());
    return *std::move(report);
  }
  audit::StoredCheckpoint Sign() {
    auto checkpoint = signer->CheckpointNow("acme");
    REQUIRE(checkpoint.ok());
    return *std::move(checkpoint);
  }
};

void CheckProblem(const EvidenceReport& report, const std::string& what) {
  CHECK_FALSE(report.chain.ok);
  CHECK_MESSAGE(report.chain.problem.find(what) != std::string::npos, report.chain.problem);
}

// A chain of the same length by somebody else, under the signed checkpoints of the honest one.
void Forge(Checked& forged, int events, const std::vector<audit::StoredCheckpoint>& checkpoints) {
  Grow(*forged.store, events, "somebody else");
  for (const auto& one : checkpoints) REQUIRE(forged.store->PutCheckpoint("acme", one).ok());
}

}  // namespace

TEST_CASE("an empty chain, one without a checkpoint and one with several are good") {
  Checked log;
  CHECK(log.Run(false).chain.ok);
  Grow(*log.store, 10);
  CHECK(log.Run(true).chain.ok);
  CHECK(log.check.MarkOf("acme").next_seq == 10);
  Grow(*log.store, 10);
  log.Sign();
  Grow(*log.store, 300);
  const EvidenceReport report = log.Run(true);
  CHECK(report.chain.ok);
  CHECK(report.covered == 20);
  // The watermark is where the checkpoint ended: the next one can be compared from there.
  CHECK(log.check.MarkOf("acme").next_seq == 20);
  log.Sign();
  CHECK(log.Run(true).from_seq == 20);
  CHECK(log.check.MarkOf("acme").next_seq == 320);
  const EvidenceReport idle = log.Run(true);
  CHECK(idle.chain.ok);
  CHECK(idle.chain.verified == 0);
}

TEST_CASE("the first checkpoint may end before a verification without one did") {
  Checked log;
  Grow(*log.store, 10);
  const audit::StoredCheckpoint at_ten = log.Sign();
  Checked other;   // the same chain, not signed for yet
  Grow(*other.store, 10);
  Grow(*other.store, 5);
  CHECK(other.Run(true).chain.ok);
  REQUIRE(other.store->PutCheckpoint("acme", at_ten).ok());
  CHECK(other.Run(true).chain.ok);
}

TEST_CASE("a rewritten chain does not give the root that was signed") {
  Checked honest, forged;
  Grow(*honest.store, 30);
  Forge(forged, 30, {honest.Sign()});
  CheckProblem(forged.Run(false), "checkpoint: the chain's first 30 events are others");
}

TEST_CASE("a chain that is shorter than its checkpoint is found") {
  Checked honest, cut;
  Grow(*honest.store, 30);
  const audit::StoredCheckpoint signed_for_30 = honest.Sign();
  Grow(*cut.store, 20);
  REQUIRE(cut.store->PutCheckpoint("acme", signed_for_30).ok());
  CheckProblem(cut.Run(false), "it was signed for 30 events, but the chain has only 20");
}

TEST_CASE("a checkpoint that is altered, or of a stranger, is found") {
  Checked log;
  Grow(*log.store, 30);
  audit::StoredCheckpoint checkpoint = log.Sign();
  Checked altered;
  Grow(*altered.store, 30);
  audit::StoredCheckpoint other = checkpoint;
  other.size = 29;
  REQUIRE(altered.store->PutCheckpoint("acme", other).ok());
  CheckProblem(altered.Run(false), "checkpoint: its note says something else");

  FixedRandom random(77);
  const auto stranger = tlog::SigningKey::Generate("acme-log", tlog::KeyType::kEd25519, random);
  evidence::ChainCheck check(*log.store, *log.store, {stranger->verifier()}, log.clock);
  CheckProblem(*check.Run("acme", false), "checkpoint: none of the configured keys signed it");

  checkpoint.note[checkpoint.note.size() - 8] ^= 1;
  Checked wrong;
  Grow(*wrong.store, 30);
  REQUIRE(wrong.store->PutCheckpoint("acme", checkpoint).ok());
  const EvidenceReport report = wrong.Run(false);
  CHECK_FALSE(report.chain.ok);
  CHECK(report.chain.problem.rfind("checkpoint: ", 0) == 0);
}

TEST_CASE("what was verified before must still be there") {
  Checked log;
  Grow(*log.store, 30);
  log.Sign();
  REQUIRE(log.Run(true).chain.ok);
  // The same object sees another store's chain from now on.
  SwitchedChain chain(*log.store);
  evidence::ChainCheck check(chain, *log.store, {log.signer->verifier()}, log.clock);
  REQUIRE(check.Run("acme", true)->chain.ok);
  store::MemoryStore shorter, rewritten;
  Grow(shorter, 10);
  chain.now = &shorter;
  CheckProblem(*check.Run("acme", true), "truncated: the first 30 events were verified before");
  Grow(rewritten, 30, "somebody else");
  chain.now = &rewritten;
  CheckProblem(*check.Run("acme", true), "link: event 29 is another");
  Grow(rewritten, 5, "somebody else");
  CheckProblem(*check.Run("acme", true), "link: event 29 is another");
}

TEST_CASE("a checkpoint that goes back behind one that was seen is found") {
  Checked log;
  Grow(*log.store, 10);
  const audit::StoredCheckpoint old = log.Sign();
  Grow(*log.store, 10);
  log.Sign();
  store::MemoryStore old_tree;
  Grow(old_tree, 20);
  REQUIRE(old_tree.PutCheckpoint("acme", old).ok());
  // MemoryStore forgets nothing: the newer checkpoint is lost by looking at another tree.
  SwitchedTree tree(*log.store);
  evidence::ChainCheck check(*log.store, tree, {log.signer->verifier()}, log.clock);
  REQUIRE(check.Run("acme", true)->chain.ok);
  tree.now = &old_tree;
  CheckProblem(*check.Run("acme", true), "checkpoint: it covers only 10 events, fewer than one that was there before");
}

}  // namespace intentgate::test
