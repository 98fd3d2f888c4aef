// What a verifier was told to believe, read and checked: keys, and what was kept from earlier.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/bundle.h>

#include "evidence/receipt.h"
#include "evidence/witness_policy.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace intentgate::evidence {

struct OlderCheckpoint {
  std::string note;
  tlog::Checkpoint checkpoint;
};

struct TrustedReceipt {
  std::string note;
  Receipt receipt;
};

struct Trusted {
  std::vector<tlog::VerifierKey> keys;
  std::vector<OlderCheckpoint> older;
  std::vector<TrustedReceipt> receipts;
  std::optional<WitnessPolicy> policy;
  bool empty() const { return keys.empty() && older.empty() && receipts.empty() && !policy; }
};

// Errors as BundleVerifier::Create.
Result<Trusted> ReadTrust(const BundleTrust& trust);

// Whether a key of the log is among those that signed, and not only one that adds the time.
bool SignedByLog(const std::vector<tlog::VerifiedBy>& by);

// Whether the note has the quorum that was asked for; adds the witnesses' names to `signed_by`. "" or what is missing.
std::string QuorumProblem(const tlog::Note& note, const Trusted& trusted, std::vector<std::string>& signed_by);

// "<deployment>/audit/<tenant>/<epoch>" without the epoch: after a new epoch the log is still the same.
std::string_view LogOf(std::string_view origin);
// When a receipt's event is under a checkpoint at the latest.
std::string DueTime(const Receipt& receipt);

}  // namespace intentgate::evidence
