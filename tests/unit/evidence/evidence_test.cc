#include "evidence/evidence.h"

#include <filesystem>

#include <intentgate/bundle.h>

#include "base/encoding.h"
#include "evidence/receipt.h"
#include "store/sqlite/sqlite_store.h"
#include "tlog/proof_file.h"
#include "unit/evidence/evidence_world.h"

namespace intentgate::test {
namespace {

BundleReport VerifyWhole(Evidence& evidence, const BundleTrust& trust, const BundleRequest& request) {
  auto verifier = BundleVerifier::Create(trust);
  REQUIRE(verifier.ok());
  const Status written = evidence.WriteBundle(request, [&](std::string_view piece) -> Status {
    verifier->Feed(piece);
    return {};
  });
  REQUIRE_MESSAGE(written.ok(), written.error().message);
  return verifier->Finish();
}

tlog::Hash LeafOf(const AuditReceipt& receipt) { return tlog::LeafHash(*audit::HashFromHex(receipt.hash)); }

}  // namespace

TEST_CASE("a chain is signed for, proved and bundled") {
  const ScratchFolder folder;
  MemoryRun run(std::make_shared<store::MemoryStore>(), folder.File("state"), KeyOf(1));
  CHECK(run.evidence->LatestCheckpoint("acme").error().code == ErrorCode::kNotFound);
  std::vector<AuditReceipt> receipts;
  for (int i = 0; i < 20; ++i) receipts.push_back(run.Append());
  CHECK(run.evidence->ProofOf("acme", receipts[3].event_id).error().code == ErrorCode::kUnavailable);
  const auto checkpoint = run.evidence->CheckpointNow("acme");
  REQUIRE(checkpoint.ok());
  CHECK(checkpoint->size == 21);   // with the genesis event
  CHECK(checkpoint->origin == "prod/audit/acme/1");
  CHECK(run.evidence->LatestCheckpoint("acme")->note == checkpoint->note);

  const auto proof = run.evidence->ProofOf("acme", receipts[3].event_id);
  REQUIRE(proof.ok());
  CHECK(proof->seq == 4);
  CHECK(proof->hash == receipts[3].hash);
  const auto file = tlog::ParseProofFile(proof->proof);
  REQUIRE(file.ok());
  const std::vector<tlog::VerifierKey> keys{*tlog::VerifierKey::Parse(run.evidence->VerifierKey())};
  CHECK(tlog::VerifyProofFile(*file, LeafOf(receipts[3]), "prod/audit/acme/1", keys).ok());
  CHECK_FALSE(tlog::VerifyProofFile(*file, LeafOf(receipts[4]), "prod/audit/acme/1", keys).ok());
  CHECK(run.evidence->ProofOf("acme", "no such event").error().code == ErrorCode::kNotFound);

  BundleRequest request;
  request.tenant = "acme";
  const BundleReport report = VerifyWhole(*run.evidence, {{run.evidence->VerifierKey()}, {}}, request);
  CHECK(report.verdict == BundleVerdict::kIntact);
  CHECK(report.complete);
  CHECK(report.covered == 21);
}

TEST_CASE("the genesis event names the key, and a change of the key is an event that both keys cover") {
  const ScratchFolder folder;
  const auto store = std::make_shared<store::MemoryStore>();
  const std::string old_key = KeyOf(1).verifier().ToString(), new_key = KeyOf(40).verifier().ToString();
  {
    MemoryRun run(store, folder.File("state"), KeyOf(1));
    run.Append();
    const auto genesis = store->Scan("acme", 0, 1);
    CHECK(genesis->front().canonical.find("\"signing_key\":\"" + old_key + "\"") != std::string::npos);
    CHECK(genesis->front().canonical.find("\"deployment\":\"prod\"") != std::string::npos);
    REQUIRE(run.evidence->CheckpointNow("acme").ok());
  }
  MemoryRun run(store, folder.File("state"), KeyOf(40), KeyOf(1));
  run.Append();
  REQUIRE(run.evidence->CheckpointNow("acme").ok());
  BundleRequest request;
  request.tenant = "acme";
  for (const std::string& key : {old_key, new_key}) {
    CHECK(VerifyWhole(*run.evidence, {{key}, {}}, request).verdict == BundleVerdict::kIntact);
  }
  CHECK(VerifyWhole(*run.evidence, {{KeyOf(80).verifier().ToString()}, {}}, request).verdict == BundleVerdict::kUnknownKey);
}

TEST_CASE("a receipt is signed, and only for an event with a place") {
  const ScratchFolder folder;
  MemoryRun run(std::make_shared<store::MemoryStore>(), folder.File("state"), KeyOf(1));
  const AuditReceipt receipt = run.Append();
  const auto signed_receipt = run.evidence->SignReceipt(receipt);
  REQUIRE(signed_receipt.ok());
  const auto note = tlog::ParseNote(*signed_receipt);
  REQUIRE(note.ok());
  const std::vector<tlog::VerifierKey> keys{*tlog::VerifierKey::Parse(run.evidence->VerifierKey())};
  CHECK(tlog::VerifyNote(*note, keys).ok());
  const auto said = evidence::ParseReceiptText(note->text);
  REQUIRE(said.ok());
  CHECK(said->log == "prod/audit/acme");
  CHECK(said->seq == receipt.seq);
  CHECK(base::HexEncode(said->hash) == receipt.hash);
  CHECK(said->delay_ms == 10'000);
  CHECK(run.evidence->SignReceipt({"acme", -1, "id", ""}).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("freshness tells what waits, and verification moves its watermark") {
  const ScratchFolder folder;
  MemoryRun run(std::make_shared<store::MemoryStore>(), folder.File("state"), KeyOf(1));
  run.Append();
  run.clock->AdvanceMicros(5'000'000);
  auto fresh = run.evidence->FreshnessOf("acme");
  REQUIRE(fresh.ok());
  CHECK(fresh->ok);
  CHECK(fresh->signing);
  CHECK(fresh->uncommitted_events == 2);
  CHECK(fresh->uncommitted_age_micros == 5'000'000);
  CHECK_FALSE(fresh->checkpoint.has_value());
  REQUIRE(run.evidence->CheckpointNow("acme").ok());
  fresh = run.evidence->FreshnessOf("acme");
  CHECK(fresh->uncommitted_events == 0);
  CHECK(fresh->uncommitted_age_micros == 0);
  CHECK(fresh->checkpoint->size == 2);
  CHECK(fresh->verified_to == 0);

  auto report = run.evidence->Verify("acme", true);
  REQUIRE(report.ok());
  CHECK(report->chain.ok);
  CHECK(report->chain.verified == 2);
  CHECK(report->covered == 2);
  CHECK(run.evidence->FreshnessOf("acme")->verified_to == 2);
  run.Append();
  report = run.evidence->Verify("acme", true);
  CHECK(report->from_seq == 2);
  CHECK(report->chain.verified == 1);
  CHECK(run.evidence->Verify("acme", false)->chain.verified == 3);
}

TEST_CASE("a restored backup stops signing, is named in the chain, and goes on in a new epoch only") {
  const ScratchFolder folder;
  const std::string db = folder.File("gate.db"), backup = folder.File("backup.db"), state = folder.File("state");
  using SqliteRun = EvidenceRun<store::SqliteStore>;
  const auto open = [&] {
    auto store = store::SqliteStore::Open(db, {});
    REQUIRE(store.ok());
    return *store;
  };
  std::string trusted_note, lost_note;
  {
    SqliteRun run(open(), state, KeyOf(1));
    for (int i = 0; i < 5; ++i) run.Append();
    trusted_note = run.evidence->CheckpointNow("acme")->note;
  }
  std::filesystem::copy_file(db, backup);
  {
    SqliteRun run(open(), state, KeyOf(1));
    for (int i = 0; i < 5; ++i) run.Append("lost by the restore");
    lost_note = run.evidence->CheckpointNow("acme")->note;
  }
  std::filesystem::copy_file(backup, db, std::filesystem::copy_options::overwrite_existing);

  SqliteRun run(open(), state, KeyOf(1));
  CHECK(run.evidence->FreshnessOf("acme")->signer_problem.rfind("fork_detected: ", 0) == 0);   // before any attempt
  const auto refused = run.evidence->CheckpointNow("acme");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.rfind("fork_detected: ", 0) == 0);
  const auto fresh = run.evidence->FreshnessOf("acme");
  CHECK_FALSE(fresh->ok);
  CHECK(fresh->signer_problem.rfind("fork_detected: ", 0) == 0);
  for (int i = 0; i < 9; ++i) run.Append("written after the restore");
  CHECK(run.evidence->CheckpointNow("acme").error().message.find("are others than those") != std::string::npos);

  CHECK(run.evidence->OpenEpoch("acme", "", {}).error().code == ErrorCode::kInvalidArgument);
  const auto opened = run.evidence->OpenEpoch("acme", "restored from Monday's backup", {.actor = "alice"});
  REQUIRE_MESSAGE(opened.ok(), opened.error().message);
  CHECK(opened->origin == "prod/audit/acme/2");
  const auto events = run.Controls("audit/epoch_opened");
  REQUIRE(events.size() == 1);
  CHECK(events[0].canonical.find("\"actor\":\"alice\"") != std::string::npos);
  CHECK(events[0].canonical.find("\"last_trusted\":{\"origin\":\"prod/audit/acme/1\"") != std::string::npos);
  CHECK(events[0].canonical.find("\"size\":6}") != std::string::npos);
  run.Append();
  CHECK(run.evidence->CheckpointNow("acme").ok());
  CHECK(run.evidence->FreshnessOf("acme")->ok);
  CHECK(run.evidence->Verify("acme", false)->chain.ok);
  CHECK(run.evidence->OpenEpoch("acme", "again", {}).error().code == ErrorCode::kConflict);

  // Who kept the checkpoint of the lost history holds the proof; the new epoch does not hide it.
  BundleRequest request;
  request.tenant = "acme";
  CHECK(VerifyWhole(*run.evidence, {{run.evidence->VerifierKey()}, {trusted_note}}, request).verdict == BundleVerdict::kIntact);
  CHECK(VerifyWhole(*run.evidence, {{run.evidence->VerifierKey()}, {lost_note}}, request).verdict == BundleVerdict::kForked);
}

TEST_CASE("without a key what was signed before is served, and nothing is signed") {
  const ScratchFolder folder;
  const auto store = std::make_shared<store::MemoryStore>();
  {
    MemoryRun run(store, folder.File("state"), KeyOf(1));
    run.Append();
    REQUIRE(run.evidence->CheckpointNow("acme").ok());
  }
  auto log = audit::AuditLog::Create(store, {}, SystemClock(), SystemRandom());
  REQUIRE(log.ok());
  evidence::EvidenceSetup setup;
  setup.tree = store;
  setup.clock = SystemClock();
  const auto evidence = evidence::MakeEvidence(std::move(setup), **log);
  CHECK(evidence->VerifierKey().empty());
  CHECK(evidence->LatestCheckpoint("acme")->size == 2);
  CHECK(evidence->CheckpointNow("acme").error().code == ErrorCode::kUnavailable);
  CHECK(evidence->SignReceipt({"acme", 0, "", std::string(64, 'a')}).error().code == ErrorCode::kUnavailable);
  CHECK(evidence->FreshnessOf("acme")->ok);
}

}  // namespace intentgate::test
