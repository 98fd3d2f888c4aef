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
  // Verifier keys of the log, "name+id+key". Empty: only a bundle without a checkpoint can be intact, and that
  // proves little.
  std::vector<std::string> keys;
  // Signed notes, whole, to hold the bundle against.
  std::vector<std::string> older_checkpoints;
};

// Two notes, both validly signed, that cannot both be of one append-only log.
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
  bool complete = false;                   // intact, unfiltered: every event of the range is there
  std::string last_hash;                   // of the last event that was read
  std::string origin, root_hex;            // of the checkpoint
  std::vector<std::string> signed_by;      // names of the keys
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

}  // namespace intentgate
