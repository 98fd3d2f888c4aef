// Evidence: what an operator shows to an auditor, who trusts neither the operator nor the database.
//
//   Evidence* evidence = gate->evidence();
//   Result<EventProof> proof = evidence->ProofOf("default", event_id);      // a C2SP tlog-proof file
//   Status s = evidence->WriteBundle({.tenant = "default"}, sink);          // `intentgate audit verify` reads it
//
// Over each tenant's chain stands a Merkle tree (RFC 6962; leaf n is the hash of the raw bytes of hash_n) and over
// the tree signed checkpoints (C2SP tlog-checkpoint). A checkpoint makes cutting off the newest events, rewriting
// the chain, and restoring a backup visible to whoever kept it. docs/audit.md explains the promise to an auditor.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/clock.h>
#include <intentgate/result.h>
#include <intentgate/retention.h>

namespace intentgate {

struct AdminContext;   // gate.h

struct BundleRequest {
  std::string tenant = "default";
  AuditFilter filter;                      // its tenant is ignored; any other member makes a filtered bundle
  bool include_uncovered = false;          // also what came after the checkpoint; the bundle says that it is uncovered
  bool witnessed = false;                  // under the newest checkpoint that has its quorum of witnesses, not under the newest
  bool include_values = false;             // also the private values that the events commit to and that are not erased
};

struct CheckpointInfo {
  std::string note;                        // C2SP signed note, with all its signatures
  std::string origin;                      // "<deployment>/audit/<tenant>/<epoch>"
  std::int64_t epoch = 1;
  std::int64_t size = 0;                   // events that it covers
  std::string root_hex;
  std::int64_t signed_at_micros = 0;
  std::int64_t witnessed_at_micros = 0;    // when the quorum of witnesses was reached; 0: not yet, or none is configured
};

struct EventProof {
  std::string proof;                       // a C2SP tlog-proof file; its extra data is the hash of the event before
  std::int64_t seq = 0;
  std::string event_id, hash;
};

// The verification of a whole chain that the background makes from time to time (audit.verification.interval_hours).
struct FullVerification {
  bool running = false;                    // in this process
  std::int64_t position = 0;               // events below it were found good by the one that runs
  std::int64_t goal = 0;                   // events that the chain had when it began
  // The last one that ended, in whichever process: the chain has an event about it.
  std::int64_t at_micros = 0;              // 0: none
  std::int64_t events = 0;                 // of the chain at that time
  std::string problem;                     // "": everything was good
};

// How far the proofs are behind the chain. Ages are 0 when nothing waits.
struct Freshness {
  std::string tenant;
  bool ok = false;                         // head row, last event, tree and newest checkpoint agree; the last full
                                           // verification found nothing
  std::string problem;                     // why not
  ChainHead head;
  bool signing = false;                    // a key is configured
  std::string signer_problem;              // "", or why nothing is signed, such as "fork_detected: ..."
  std::optional<CheckpointInfo> checkpoint;   // the newest
  std::int64_t uncommitted_events = 0;     // in the chain, not yet under a checkpoint
  std::int64_t uncommitted_age_micros = 0;
  bool witnessing = false;                 // a quorum of witnesses is configured
  std::int64_t witnessed_events = 0;       // under the newest checkpoint with a quorum
  std::int64_t unwitnessed_age_micros = 0;
  std::int64_t declared_gaps = 0;          // events `audit/gap_declared`
  std::int64_t declared_losses = 0;        // events that they name as lost, as far as the number is known
  std::int64_t verified_to = 0;            // the watermark: a verification of this process found the events below it good
  std::int64_t verified_at_micros = 0;
  FullVerification full;
};

struct EvidenceReport {
  VerifyReport chain;                      // ok is also false when a checkpoint disagrees: problem "checkpoint: ..."
  std::int64_t from_seq = 0;               // the first event that was read
  std::int64_t covered = 0;                // events under the newest checkpoint; 0: there is none
};

// Something that an operator should hear of.
struct EvidenceNotice {
  std::string tenant;
  std::string message;
  bool problem = true;                     // false: a problem of this tenant and source is over
  std::string source = "signer";           // or "witness <name>", "anchor file", "anchor webhook", "anchor tenant", "retention",
                                           // "verification"
};

// Thread-safe; blocks for I/O. Lives as long as its gate.
class Evidence {
 public:
  virtual ~Evidence() = default;

  // "" without a signing key, else the log's verifier key, "name+id+key". An auditor needs it, by another way than the
  // bundle.
  virtual std::string VerifierKey() const = 0;
  // kNotFound before the first one.
  virtual Result<CheckpointInfo> LatestCheckpoint(std::string_view tenant) = 0;
  // Covers everything answered before the call, and signs. kUnavailable when no signing key is configured; kCorrupt
  // "fork_detected: ..." when the chain is not the one that was signed for.
  virtual Result<CheckpointInfo> CheckpointNow(std::string_view tenant) = 0;

  // An inclusion proof for one event under the newest checkpoint. kNotFound; kUnavailable while no checkpoint covers
  // it yet.
  virtual Result<EventProof> ProofOf(std::string_view tenant, std::string_view event_id) = 0;
  // The auditor's bundle, a tar stream: docs/formats/bundle.md. Constant memory.
  virtual Status WriteBundle(const BundleRequest& request, const ExportSink& sink) = 0;
  // A tlog-tiles directory (checkpoint, tile/...) that tools of others can check without seeing any event; made when
  // absent. kNotFound before the first checkpoint, kUnavailable for a chain that was pruned.
  virtual Result<CheckpointInfo> WriteTiles(std::string_view tenant, const std::string& directory) = 0;
  // A signed promise (docs/formats/receipt.md) that this event is under a checkpoint within the configured delay.
  // kUnavailable when no signing key is configured; kInvalidArgument for a receipt without a place in the chain.
  virtual Result<std::string> SignReceipt(const AuditReceipt& receipt) = 0;

  virtual Result<Freshness> FreshnessOf(std::string_view tenant) = 0;
  // What FreshnessOf found when the background last looked, with how far a full verification is now; empty where nothing
  // runs in the background.
  virtual std::vector<Freshness> LastFreshness() const = 0;
  // From the last watermark (incremental) or from the first event. Not OK if the head or the newest checkpoint
  // disagrees with the chain.
  virtual Result<EvidenceReport> Verify(std::string_view tenant, bool incremental) = 0;

  // After fork_detected: starts a new epoch. An event `audit/epoch_opened` names the last checkpoint with which the
  // chain still agrees. kConflict when nothing is wrong.
  virtual Result<CheckpointInfo> OpenEpoch(std::string_view tenant, std::string_view why, const AdminContext& admin) = 0;

  // Takes old events out of the store, after they stand in an archive segment (a bundle, docs/formats/bundle.md) that was
  // verified and synced, and after the chain says so (`audit/pruned`). What remains verifies from there, and together
  // with the segments from the first event. Only whole blocks of 256 events under a checkpoint go. One that was
  // interrupted is brought to its end first. kInvalidArgument without an archive directory, kUnavailable without a
  // checkpoint, kConflict while a legal hold covers one of the events.
  virtual Result<PruneReport> Prune(const PruneRequest& request, const AdminContext& admin) = 0;

  // Replaces the listener. It hears at once of problems that stand, then of others on a thread of the evidence's, and
  // must not block.
  virtual void OnNotice(std::function<void(const EvidenceNotice&)> listener) = 0;
};

// Makes a signing key in a new file of mode 0600 and returns its verifier key. `name` is the deployment's. kIo when
// the file is there already.
Result<std::string> MakeSigningKeyFile(const std::string& path, std::string_view name, Random& random);
// The verifier key of a signing key file. kPermissionDenied when others than its owner may use it.
Result<std::string> ReadVerifierKey(const std::string& path);

}  // namespace intentgate
