// The events of a bundle, one line after the other: their bytes, links and places, and the tree above them. What the
// bundle's other files say is settled before (bundle_verifier.cc).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/bundle.h>

#include "audit/canonical_check.h"
#include "audit/export_format.h"
#include "evidence/bundle_format.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

namespace intentgate::evidence {

// What is wrong with a bundle.
struct BundleFinding {
  BundleVerdict verdict = BundleVerdict::kTampered;
  std::string message;
  std::optional<std::int64_t> seq;
  std::string event_id;
};
using MaybeFinding = std::optional<BundleFinding>;

struct BundleEventsSetup {
  BundleManifest manifest;
  std::string prev_hash;                       // that the first event of the chain in the store must name
  std::optional<tlog::Checkpoint> checkpoint;  // of manifest.covered events
  std::optional<tlog::RangeProof> range;       // of an unfiltered bundle with a checkpoint
  std::vector<std::uint64_t> prefix_sizes;     // ascending; the roots of these prefixes are wanted
  std::map<std::int64_t, std::string> wanted;  // events whose hashes are wanted; filled as they come
};

// Thread-compatible.
class BundleEvents {
 public:
  // kMalformed when the range's proof does not fit its numbers.
  static Result<BundleEvents> Create(BundleEventsSetup setup);

  // The next line, without its end.
  MaybeFinding Line(std::string_view line);
  // Behind the last one.
  MaybeFinding Finish() const;

  std::int64_t events() const { return events_; }
  std::int64_t uncovered() const { return uncovered_; }
  const std::string& last_hash() const { return last_hash_; }
  // The event that an unfiltered bundle has to go on with.
  std::optional<std::int64_t> expected() const;
  // The root over the first `size` events, if it was wanted and this bundle can tell it.
  std::optional<tlog::Hash> PrefixRoot(std::uint64_t size) const;
  // The hash of an event that was wanted and came.
  std::optional<std::string> HashOf(std::int64_t seq) const;

 private:
  explicit BundleEvents(BundleEventsSetup setup);
  MaybeFinding CheckPlace(const audit::EventLine& line) const;
  MaybeFinding CheckBytes(const audit::EventLine& line, const tlog::Hash& hash);
  MaybeFinding CheckLink(const audit::EventLine& line) const;
  MaybeFinding CheckProof(const audit::EventLine& line, const tlog::Hash& leaf);
  MaybeFinding Tampered(const audit::EventLine& line, std::string message) const;
  void AddLeaf(const tlog::Hash& leaf);
  void NotePrefix();
  void NotePruned(const audit::EventView& event, std::string_view canonical);

  BundleEventsSetup setup_;
  audit::CanonicalChecker checker_;
  audit::EventView said_;                      // of the line at hand
  std::int64_t last_seq_;                      // of the last event; first_seq - 1 before any
  std::string last_hash_;
  std::int64_t events_ = 0, uncovered_ = 0;
  std::int64_t declared_pruned_ = 0;           // up to which event the chain says that it was pruned
  std::optional<tlog::RangeVerifier> tree_;
  std::optional<tlog::CompactRange> prefix_;   // while older checkpoints wait for their roots
  std::vector<std::pair<std::uint64_t, tlog::Hash>> prefix_roots_;
  std::vector<tlog::Hash> path_by_level_;      // of the last event that was proved
  std::optional<std::uint64_t> last_proved_;
};

}  // namespace intentgate::evidence
