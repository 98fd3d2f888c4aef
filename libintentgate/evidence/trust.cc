// Tested by tests/unit/evidence/bundle_test.cc and proof_report_test.cc.

#include "evidence/trust.h"

#include <algorithm>
#include <utility>

#include "base/time_format.h"

namespace intentgate::evidence {
namespace {

Error In(const std::string& what, const Error& error) { return {error.code, what + ": " + error.message}; }

// A note that one of the keys signed.
Result<tlog::Note> ReadSigned(const std::string& text, const std::vector<tlog::VerifierKey>& keys) {
  Result<tlog::Note> note = tlog::ParseNote(text);
  if (!note.ok()) return note;
  const Result<std::vector<tlog::VerifiedBy>> by = tlog::VerifyNote(*note, keys);
  if (!by.ok()) return by.error();
  if (!SignedByLog(*by)) return Error{ErrorCode::kUnknownKey, "none of the given keys of the log signed it"};
  return note;
}

}  // namespace

bool SignedByLog(const std::vector<tlog::VerifiedBy>& by) {
  return std::any_of(by.begin(), by.end(), [](const tlog::VerifiedBy& one) { return one.key.type() == tlog::KeyType::kEd25519; });
}

Result<Trusted> ReadTrust(const BundleTrust& trust) {
  Trusted out;
  for (const std::string& text : trust.keys) {
    Result<tlog::VerifierKey> key = tlog::VerifierKey::Parse(text);
    if (!key.ok()) return In("the verifier key \"" + text + "\"", key.error());
    out.keys.push_back(std::move(*key));
  }
  for (const std::string& text : trust.older_checkpoints) {
    const Result<tlog::Note> note = ReadSigned(text, out.keys);
    if (!note.ok()) return In("the older checkpoint", note.error());
    Result<tlog::Checkpoint> checkpoint = tlog::ParseCheckpoint(note->text);
    if (!checkpoint.ok()) return In("the older checkpoint", checkpoint.error());
    out.older.push_back({text, std::move(*checkpoint)});
  }
  for (const std::string& text : trust.receipts) {
    const Result<tlog::Note> note = ReadSigned(text, out.keys);
    if (!note.ok()) return In("the receipt", note.error());
    Result<Receipt> receipt = ParseReceiptText(note->text);
    if (!receipt.ok()) return In("the receipt", receipt.error());
    out.receipts.push_back({text, std::move(*receipt)});
  }
  if (trust.witness_policy) {
    Result<WitnessPolicy> policy = WitnessPolicy::Parse(*trust.witness_policy);
    if (!policy.ok()) return In("the witness policy", policy.error());
    out.policy = *std::move(policy);
  }
  return out;
}

std::string QuorumProblem(const tlog::Note& note, const Trusted& trusted, std::vector<std::string>& signed_by) {
  if (!trusted.policy) return "";
  const Result<std::vector<tlog::VerifiedBy>> by = tlog::VerifyNote(note, trusted.policy->keys());
  if (!by.ok() && by.error().code != ErrorCode::kUnknownKey) return "A witness's signature on the checkpoint is wrong.";
  std::vector<tlog::VerifierKey> cosigned;
  for (std::size_t i = 0; by.ok() && i < by->size(); ++i) {
    cosigned.push_back((*by)[i].key);
    signed_by.push_back((*by)[i].key.name());
  }
  if (trusted.policy->Reached(cosigned)) return "";
  return "The checkpoint does not have its quorum of witnesses: " + std::to_string(cosigned.size()) + " of them cosigned it.";
}

std::string_view LogOf(std::string_view origin) { return origin.substr(0, origin.rfind('/')); }

std::string DueTime(const Receipt& receipt) {
  return base::FormatRfc3339Micros(receipt.signed_at_micros + receipt.delay_ms * 1'000);
}

}  // namespace intentgate::evidence
