// The check of one event's proof file, as bundle.h offers it.
// Tested by tests/unit/evidence/proof_report_test.cc.

#include <intentgate/bundle.h>

#include <utility>

#include "audit/log_store.h"
#include "base/encoding.h"
#include "evidence/trust.h"
#include "tlog/proof_file.h"

namespace intentgate {
namespace {

ProofReport Say(ProofReport report, BundleVerdict verdict, std::string message) {
  report.verdict = verdict;
  report.message = std::move(message);
  return report;
}

// Whether what is proved is what a receipt promised. Nothing to say: it is, or there is no receipt.
std::optional<ProofReport> AgainstReceipts(const ProofReport& so_far, const tlog::ProofFile& proof, const tlog::Hash& hash,
                                           const evidence::Trusted& trusted) {
  for (const evidence::TrustedReceipt& one : trusted.receipts) {
    if (one.receipt.log != evidence::LogOf(so_far.origin) || one.receipt.seq != so_far.seq) {
      return Say(so_far, BundleVerdict::kNotCovered, "The receipt is for event " + std::to_string(one.receipt.seq) + " of " +
                                                         one.receipt.log + ", the proof for another.");
    }
    if (one.receipt.hash == hash) continue;
    ProofReport broken = Say(so_far, BundleVerdict::kForked,
                             "The log broke its word: it signed a receipt for another event than the one that is proved. "
                             "The receipt and the checkpoint together prove it.");
    broken.fork = BundleFork{one.note, proof.checkpoint_note};
    return broken;
  }
  return std::nullopt;
}

}  // namespace

Result<ProofReport> VerifyEventProof(std::string_view proof_file, std::string_view event_hash, const BundleTrust& trust) {
  Result<evidence::Trusted> trusted = evidence::ReadTrust(trust);
  if (!trusted.ok()) return trusted.error();
  tlog::Hash hash{};
  if (event_hash.empty() && trusted->receipts.size() == 1) {
    hash = trusted->receipts.front().receipt.hash;
  } else {
    const Result<tlog::Hash> given = audit::HashFromHex(event_hash);
    if (!given.ok()) return Error{ErrorCode::kInvalidArgument, "an event's hash is 64 digits of lower-case hex"};
    hash = *given;
  }
  ProofReport report;
  const Result<tlog::ProofFile> proof = tlog::ParseProofFile(proof_file);
  if (!proof.ok()) return Say(report, BundleVerdict::kMalformed, "This is no proof file: " + proof.error().message + ".");
  report.seq = static_cast<std::int64_t>(proof->index);
  const Result<tlog::Note> note = tlog::ParseNote(proof->checkpoint_note);
  const Result<tlog::Checkpoint> checkpoint = note.ok() ? tlog::ParseCheckpoint(note->text) : Result<tlog::Checkpoint>(note.error());
  if (!checkpoint.ok()) {
    return Say(report, BundleVerdict::kMalformed, "The proof's checkpoint cannot be read: " + checkpoint.error().message + ".");
  }
  report.covered = static_cast<std::int64_t>(checkpoint->size);
  report.origin = checkpoint->origin;
  const Result<std::vector<tlog::VerifiedBy>> by = tlog::VerifyNote(*note, trusted->keys);
  if (!by.ok() && by.error().code == ErrorCode::kUnknownKey) {
    return Say(report, BundleVerdict::kUnknownKey, "None of the given keys signed the checkpoint.");
  }
  if (!by.ok()) return Say(report, BundleVerdict::kTampered, "The checkpoint's signature is wrong: it was altered.");
  for (const tlog::VerifiedBy& signer : *by) report.signed_by.push_back(signer.key.name());
  if (std::string missing = evidence::QuorumProblem(*note, *trusted, report.signed_by); !missing.empty()) {
    return Say(report, BundleVerdict::kNotCovered, std::move(missing));
  }
  if (!tlog::VerifyInclusion(tlog::LeafHash(hash), proof->index, checkpoint->size, proof->path, checkpoint->root).ok()) {
    return Say(report, BundleVerdict::kTampered, "The event with this hash does not stand at place " + std::to_string(report.seq) +
                                                     " of the log: it, or its proof, was altered.");
  }
  if (std::optional<ProofReport> broken = AgainstReceipts(report, *proof, hash, *trusted)) return *std::move(broken);
  return Say(report, BundleVerdict::kIntact, "The event with this hash is event " + std::to_string(report.seq) + " of " +
                                                 report.origin + ", under a signed checkpoint of " +
                                                 std::to_string(report.covered) + " events.");
}

}  // namespace intentgate
