#include <intentgate/bundle.h>

#include "unit/evidence/evidence_world.h"
#include "unit/evidence/signed_log.h"

namespace intentgate::test {
namespace {

struct Proved {
  ScratchFolder folder;
  MemoryRun run{std::make_shared<store::MemoryStore>(), folder.File("state"), KeyOf(1)};
  std::vector<AuditReceipt> receipts;
  std::string proof, receipt;   // of receipts[2]

  Proved() {
    for (int i = 0; i < 5; ++i) receipts.push_back(run.Append());
    REQUIRE(run.evidence->CheckpointNow("acme").ok());
    proof = run.evidence->ProofOf("acme", receipts[2].event_id)->proof;
    receipt = *run.evidence->SignReceipt(receipts[2]);
  }
  BundleTrust Trust(const std::string& one_receipt = "") const {
    BundleTrust trust{{run.evidence->VerifierKey()}, {}, {}};
    if (!one_receipt.empty()) trust.receipts.push_back(one_receipt);
    return trust;
  }
  std::string Bundle(const AuditFilter& filter = {}) const {
    BundleRequest request{"acme", filter, false};
    std::string out;
    REQUIRE(run.evidence->WriteBundle(request, [&](std::string_view piece) -> Status {
      out += piece;
      return {};
    }).ok());
    return out;
  }
};

}  // namespace

TEST_CASE("one event is proved by its hash, or by the receipt that its caller got") {
  const Proved log;
  const auto report = VerifyEventProof(log.proof, log.receipts[2].hash, log.Trust());
  REQUIRE(report.ok());
  CHECK(report->verdict == BundleVerdict::kIntact);
  CHECK(report->seq == 3);
  CHECK(report->covered == 6);
  CHECK(report->origin == "prod/audit/acme/1");
  CHECK(VerifyEventProof(log.proof, "", log.Trust(log.receipt))->verdict == BundleVerdict::kIntact);
}

TEST_CASE("a proof of another event, by another log, or altered is refused") {
  const Proved log;
  CHECK(VerifyEventProof(log.proof, log.receipts[3].hash, log.Trust())->verdict == BundleVerdict::kTampered);
  CHECK(VerifyEventProof(log.proof, "", log.Trust()).error().code == ErrorCode::kInvalidArgument);
  CHECK(VerifyEventProof("nonsense", log.receipts[2].hash, log.Trust())->verdict == BundleVerdict::kMalformed);
  const BundleTrust stranger{{KeyOf(50).verifier().ToString()}, {}, {}};
  CHECK(VerifyEventProof(log.proof, log.receipts[2].hash, stranger)->verdict == BundleVerdict::kUnknownKey);
  std::string altered = log.proof;
  altered[altered.find("\n6\n") + 1] = '7';
  CHECK(VerifyEventProof(altered, log.receipts[2].hash, log.Trust())->verdict == BundleVerdict::kTampered);
  const std::string other = *log.run.evidence->SignReceipt(log.receipts[3]);
  CHECK(VerifyEventProof(log.proof, log.receipts[2].hash, log.Trust(other))->verdict == BundleVerdict::kNotCovered);
}

TEST_CASE("a receipt that the checkpoint contradicts proves that the log broke its word") {
  const Proved log;
  AuditReceipt promised = log.receipts[2];
  promised.hash = std::string(64, 'a');
  const std::string broken = *log.run.evidence->SignReceipt(promised);
  const auto report = VerifyEventProof(log.proof, log.receipts[2].hash, log.Trust(broken));
  CHECK(report->verdict == BundleVerdict::kForked);
  CHECK(report->fork->older_note == broken);

  CHECK(VerifyBundle(log.Bundle(), log.Trust(log.receipt)).verdict == BundleVerdict::kIntact);
  const BundleReport whole = VerifyBundle(log.Bundle(), log.Trust(broken));
  CHECK(whole.verdict == BundleVerdict::kForked);
  CHECK(whole.bad_seq == 3);
  CHECK(whole.fork->older_note == broken);
  AuditFilter other_event;
  other_event.event_id = log.receipts[4].event_id;
  CHECK(VerifyBundle(log.Bundle(other_event), log.Trust(broken)).verdict == BundleVerdict::kNotCovered);
  AuditFilter this_event;
  this_event.event_id = log.receipts[2].event_id;
  CHECK(VerifyBundle(log.Bundle(this_event), log.Trust(broken)).verdict == BundleVerdict::kForked);
  CHECK(VerifyBundle(log.Bundle(this_event), log.Trust(log.receipt)).verdict == BundleVerdict::kIntact);
}

TEST_CASE("a receipt that no checkpoint covers yet, or of nobody known, is told apart") {
  Proved log;
  const std::string later = *log.run.evidence->SignReceipt(log.run.Append());
  const BundleReport early = VerifyBundle(log.Bundle(), log.Trust(later));
  CHECK(early.verdict == BundleVerdict::kNotCovered);
  CHECK(early.message.find("signed after 2023-11-14T22:13:30Z") != std::string::npos);
  BundleTrust stranger{{KeyOf(50).verifier().ToString()}, {}, {log.receipt}};
  CHECK(BundleVerifier::Create(stranger).error().code == ErrorCode::kUnknownKey);
  std::string altered = log.receipt;
  altered[altered.find("event 3") + 6] = '4';
  CHECK(BundleVerifier::Create(log.Trust(altered)).error().code == ErrorCode::kBadMac);
}

}  // namespace intentgate::test
