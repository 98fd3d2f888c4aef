// Checks an auditor's bundle (docs/formats/bundle.md) without any store, server or connection.
//
//   Result<BundleVerifier> verifier = BundleVerifier::Create({.keys = {"acme+530d903a+Aeky..."}});
//   while (...) verifier->Feed(bytes);
//   BundleReport report = verifier->Finish();   // report.verdict, report.message
//
// What an intact bundle proves rests on the key: get it from the operator by another way than the bundle, once.
// A checkpoint that you kept from an earlier bundle shows whether the history was replaced since.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/result.h>

namespace intentgate {

enum class BundleVerdict : std::uint8_t {
  kIntact,
  kTampered,     // something is not as it was written
  kTruncated,    // the bundle ends too early
  kNotCovered,   // nothing is wrong in it, but it does not reach what it was to be held against
  kForked,       // it and an older checkpoint are both validly signed and contradict each other
  kUnknownKey,   // no given key signed its checkpoint
  kMalformed,    // not a bundle
};
// "intact", "tampered", "truncated", "not_covered", "forked", "unknown_key", "malformed"
std::string_view BundleVerdictName(BundleVerdict verdict);

// What the verifier is to believe.
struct BundleTrust {
  // Verifier keys of the log, "name+id+key", and of the key that adds the time, if its operator has one. Empty: only a bundle without a checkpoint can be intact, and that
  // proves little.
  std::vector<std::string> keys;
  // Signed notes, whole, to hold the bundle against.
  std::vector<std::string> older_checkpoints;
  // Signed receipts, whole (docs/formats/receipt.md): the bundle has to hold what they promise.
  std::vector<std::string> receipts;
  // A C2SP tlog-policy: the checkpoint must have its quorum of witnesses.
  std::optional<std::string> witness_policy;
};

// Two notes, both validly signed, that cannot both be of one append-only log. The older one may be a receipt.
struct BundleFork {
  std::string older_note, newer_note;
};

struct BundleReport {
  BundleVerdict verdict = BundleVerdict::kIntact;
  std::string message;                     // sentences
  std::optional<std::int64_t> bad_seq;     // the first event at which a rule breaks
  std::string bad_event_id;                // its id, when it can be read
  std::string tenant;
  std::int64_t events = 0;                 // that were read
  std::int64_t first_seq = 0, next_seq = 0;   // the range that the bundle speaks for; next_seq is behind it
  std::int64_t covered = 0;                // events of the chain under the checkpoint; 0: there is none
  std::int64_t uncovered_events = 0;       // in the bundle, behind the checkpoint: linked but not signed for
  bool filtered = false;
  bool archive = false;                    // a segment of events that were pruned; others hold what is before and behind
  bool complete = false;                   // intact, unfiltered: every event of the range is there
  std::string last_hash;                   // of the last event that was read
  std::string origin, root_hex;            // of the checkpoint
  std::vector<std::string> signed_by;      // names of the keys, the witnesses' too
  std::int64_t cosigned_at_micros = 0;     // the time that a given key signed for; 0: none did
  std::string checkpoint_note;             // keep it: the next bundle can be held against it
  std::optional<BundleFork> fork;
};

// Memory does not grow with the bundle. Thread-compatible.
class BundleVerifier {
 public:
  // kMalformed for a key or a note that cannot be read, kBadMac for a note whose signature is wrong, kUnknownKey for
  // one that none of the keys signed.
  static Result<BundleVerifier> Create(const BundleTrust& trust);
  BundleVerifier(BundleVerifier&&) noexcept;
  BundleVerifier& operator=(BundleVerifier&&) noexcept;
  ~BundleVerifier();

  // The bundle in pieces of any size.
  void Feed(std::string_view bytes);
  // Call once, at the end.
  BundleReport Finish();

 private:
  struct State;
  explicit BundleVerifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct ProofReport {
  BundleVerdict verdict = BundleVerdict::kIntact;
  std::string message;                     // a sentence
  std::int64_t seq = 0;                    // the event's place
  std::int64_t covered = 0;                // events under the checkpoint
  std::string origin;
  std::vector<std::string> signed_by;
  std::optional<BundleFork> fork;
};

// Checks the proof file of one event (Evidence::ProofOf) whose chain hash is known. An empty `event_hash` is taken from
// the only receipt in `trust`. Memory is bounded. kInvalidArgument for a hash that is none; as BundleVerifier::Create.
Result<ProofReport> VerifyEventProof(std::string_view proof_file, std::string_view event_hash, const BundleTrust& trust);

}  // namespace intentgate
