// Evidence: what an operator shows to an auditor, who trusts neither the operator nor the database.
//
//   std::shared_ptr<Evidence> evidence = gate->evidence();
//   Result<std::string> proof = evidence->ProofOf("default", event_id);      // a C2SP tlog-proof file
//   Status s = evidence->WriteBundle({.tenant = "default"}, sink);           // `intentgate audit verify` reads it
//
// Over each tenant's chain stands a Merkle tree (RFC 6962; leaf n is the hash of the raw bytes of hash_n) and over
// the tree signed checkpoints (C2SP tlog-checkpoint). A checkpoint makes cutting off the newest events, rewriting
// the chain, and restoring a backup visible to whoever kept it. docs/audit.md explains the promise to an auditor.
//
// All functions are thread-safe and block for I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/result.h>

namespace intentgate {

struct AdminContext;   // gate.h

struct CheckpointInfo {
  std::string note;                        // C2SP signed note, with all its signatures
  std::string origin;
  std::int64_t size = 0;                   // events that it covers
  std::string root_hex;
  std::int64_t signed_at_micros = 0;
  bool witnessed = false;                  // the configured quorum has cosigned
};

// How far the proofs are behind the chain. Ages are 0 when nothing waits.
struct Freshness {
  std::string tenant;
  ChainHead head;
  std::int64_t covered = 0;                // events under the newest checkpoint
  std::int64_t uncommitted_events = 0;     // in the chain, not yet under a checkpoint
  std::int64_t uncommitted_age_micros = 0;
  std::int64_t unwitnessed_age_micros = 0;
  std::int64_t declared_losses = 0;        // events named by gap_declared, as far as their number is known
  std::int64_t verified_to = 0;            // the watermark of the last verification without a finding
  std::int64_t verified_at_micros = 0;
  std::string signer_problem;              // "", or why nothing is signed, such as "fork_detected: ..."
};

struct BundleRequest {
  std::string tenant = "default";
  AuditFilter filter;                      // its tenant is ignored; any other member makes a filtered bundle
  bool include_uncovered = false;          // also what came after the newest checkpoint; the bundle says that it is uncovered
};

struct PruneRequest {
  std::string tenant;
  std::int64_t before_micros = 0;          // events older than this may go, in whole 256-event tiles
  std::string archive_directory;           // a verified archive segment is written there first; required
};
struct PruneReport {
  std::int64_t pruned = 0;
  std::int64_t first_seq = 0;              // where the chain begins now
  std::string archive_file, archive_sha256;
};

struct HoldInfo {
  std::string tenant, id, reason, placed_by;
  std::int64_t placed_at_micros = 0;
};

class Evidence {
 public:
  virtual ~Evidence() = default;

  // kNotFound before the first one, kUnavailable when no signing key is configured.
  virtual Result<CheckpointInfo> LatestCheckpoint(std::string_view tenant) = 0;
  // Covers everything answered before the call, and signs.
  virtual Result<CheckpointInfo> CheckpointNow(std::string_view tenant) = 0;
  // The verifier key of the log, "name+id+key"; kUnavailable without a signing key.
  virtual Result<std::string> VerifierKeyText() = 0;

  // An inclusion proof for one event under the newest checkpoint that covers it. kNotFound; kUnavailable while no
  // checkpoint covers it yet.
  virtual Result<std::string> ProofOf(std::string_view tenant, std::string_view event_id) = 0;
  // Hex hashes that lead from the tree of `first` leaves to that of `second` (RFC 6962 2.1.2).
  virtual Result<std::vector<std::string>> ConsistencyProof(std::string_view tenant, std::int64_t first,
                                                            std::int64_t second) = 0;

  // The auditor's bundle, a tar stream: docs/formats/bundle.md. Constant memory.
  virtual Status WriteBundle(const BundleRequest& request, const ExportSink& sink) = 0;
  // A tlog-tiles directory (checkpoint, tile/...) that third-party tools can check without seeing any event.
  virtual Status WriteTiles(std::string_view tenant, const std::string& directory) = 0;

  virtual Result<Freshness> FreshnessOf(std::string_view tenant) = 0;
  // From the last watermark (incremental) or from the first event. Never OK if the head or the newest checkpoint
  // disagrees with the chain.
  virtual Result<VerifyReport> Verify(std::string_view tenant, bool incremental) = 0;

  // Deletes salt and value of an event's private members; the chain says who did it and why. Returns how many.
  virtual Result<std::int64_t> Erase(std::string_view tenant, std::string_view event_id, std::string_view why,
                                     const AdminContext& admin) = 0;

  // kConflict while a legal hold stands; kUnavailable unless a checkpoint covers what goes.
  virtual Result<PruneReport> Prune(const PruneRequest& request, const AdminContext& admin) = 0;
  virtual Status PlaceHold(std::string_view tenant, std::string_view id, std::string_view why,
                           const AdminContext& admin) = 0;
  virtual Status LiftHold(std::string_view tenant, std::string_view id, const AdminContext& admin) = 0;
  virtual Result<std::vector<HoldInfo>> Holds(std::string_view tenant) = 0;

  // After fork_detected: starts a new epoch whose first event names the last checkpoint that is trusted.
  virtual Status OpenEpoch(std::string_view tenant, std::string_view why, const AdminContext& admin) = 0;
};

}  // namespace intentgate
