// An unfiltered bundle: every event follows the one before it, and all hashes together give the checkpoint's root. A
// filtered one: every event brings the part of its inclusion path that it does not share with the event before.
// Tested by tests/unit/evidence/bundle_test.cc and bundle_tampering_test.cc.

#include "evidence/bundle_events.h"

#include <algorithm>
#include <utility>

#include "audit/canonical_event.h"
#include "audit/commitments.h"
#include "audit/filter.h"
#include "base/encoding.h"

namespace intentgate::evidence {
namespace {

constexpr std::size_t kMaxPath = 64;

std::string EventName(std::int64_t seq) { return "event " + std::to_string(seq); }

}  // namespace

BundleEvents::BundleEvents(BundleEventsSetup setup)
    : setup_(std::move(setup)), last_seq_(setup_.manifest.first_seq - 1), path_by_level_(kMaxPath) {
  std::erase_if(setup_.prefix_sizes,
                [this](std::uint64_t size) { return size > static_cast<std::uint64_t>(setup_.manifest.covered); });
}

Result<BundleEvents> BundleEvents::Create(BundleEventsSetup setup) {
  BundleEvents out(std::move(setup));
  if (!out.setup_.range) return out;
  const auto first = static_cast<std::uint64_t>(out.setup_.manifest.first_seq);
  const auto size = static_cast<std::uint64_t>(out.setup_.manifest.covered);
  const std::uint64_t last = out.setup_.manifest.archive ? static_cast<std::uint64_t>(out.setup_.manifest.next_seq) : size;
  Result<tlog::CompactRange> left = tlog::CompactRange::Of(first, out.setup_.range->left);
  Result<tlog::RangeVerifier> tree = tlog::RangeVerifier::Create(first, last, size, *out.setup_.range);
  if (!left.ok() || !tree.ok()) return Error{ErrorCode::kMalformed, "range.proof does not fit the range"};
  out.tree_ = std::move(*tree);
  out.prefix_ = std::move(*left);
  out.NotePrefix();
  return out;
}

std::optional<std::int64_t> BundleEvents::expected() const {
  if (setup_.manifest.filtered || last_seq_ + 1 >= setup_.manifest.next_seq) return std::nullopt;
  return last_seq_ + 1;
}

std::optional<tlog::Hash> BundleEvents::PrefixRoot(std::uint64_t size) const {
  if (setup_.checkpoint && size == setup_.checkpoint->size) return setup_.checkpoint->root;
  for (const auto& [at, root] : prefix_roots_) {
    if (at == size) return root;
  }
  return std::nullopt;
}

MaybeFinding BundleEvents::Tampered(const audit::EventLine& line, std::string message) const {
  return BundleFinding{BundleVerdict::kTampered, std::move(message), line.seq, std::string(said_.event_id)};
}

MaybeFinding BundleEvents::Line(std::string_view text) {
  said_ = {};
  const Result<audit::EventLine> line = audit::ReadEventLine(text);
  if (!line.ok()) {
    return BundleFinding{BundleVerdict::kTampered, "A line is not written as the lines of a bundle are.", expected(), {}};
  }
  if (MaybeFinding found = CheckPlace(*line)) return found;
  const tlog::Hash hash = audit::ChainDigest(line->prev_hash, line->canonical);
  if (MaybeFinding found = CheckBytes(*line, hash)) return found;
  if (MaybeFinding found = CheckLink(*line)) return found;
  if (!line->values.empty() && !setup_.manifest.values) {
    return Tampered(*line, "The event has private values, and the manifest names none.");
  }
  if (const Status values = audit::CheckValues(line->canonical, line->values); !values.ok()) {
    return Tampered(*line, "A private value was altered: " + values.error().message + ".");
  }
  const bool covered = line->seq < setup_.manifest.covered;
  if (line->proof.has_value() != (covered && setup_.manifest.filtered)) {
    return Tampered(*line, "The event has a proof where none belongs, or lacks it.");
  }
  if (!covered) {
    ++uncovered_;
  } else {
    const tlog::Hash leaf = tlog::LeafHash(hash);
    if (setup_.manifest.filtered) {
      if (MaybeFinding found = CheckProof(*line, leaf)) return found;
    } else {
      AddLeaf(leaf);
    }
  }
  NotePruned(said_, line->canonical);
  if (const auto wanted = setup_.wanted.find(line->seq); wanted != setup_.wanted.end()) wanted->second = line->hash;
  last_seq_ = line->seq;
  last_hash_ = line->hash;
  ++events_;
  return std::nullopt;
}

MaybeFinding BundleEvents::CheckPlace(const audit::EventLine& line) const {
  const BundleManifest& m = setup_.manifest;
  if (line.seq <= last_seq_) return Tampered(line, "The event stands behind a later one, or twice.");
  if (!m.filtered && line.seq != last_seq_ + 1) {
    return BundleFinding{BundleVerdict::kTampered, "Event " + std::to_string(last_seq_ + 1) +
                         " is not at its place: it was removed or moved.", last_seq_ + 1, {}};
  }
  if (line.seq >= m.next_seq) return Tampered(line, "The event is beyond the range that the manifest names.");
  return std::nullopt;
}

MaybeFinding BundleEvents::CheckBytes(const audit::EventLine& line, const tlog::Hash& hash) {
  const Result<audit::EventView> said = checker_.Check(line.canonical);
  if (said.ok()) said_ = *said;
  if (!audit::IsHexOf(hash, line.hash)) {
    return Tampered(line, "The event's bytes do not give its hash: it was altered.");
  }
  if (!said.ok()) return Tampered(line, "The hashed bytes are no event: " + said.error().message + ".");
  if (said_.tenant_json != line.tenant_json || said_.seq != line.seq || said_.tenant != setup_.manifest.tenant) {
    return Tampered(line, "The bytes belong to " + EventName(said_.seq) + " of tenant " + std::string(said_.tenant) + ".");
  }
  if ((line.seq == 0) != (said_.kind == audit::EventKindName(EventKind::kGenesis))) {
    return Tampered(line, "Event 0, and no other, is the genesis event.");
  }
  if (!audit::Matches(setup_.manifest.filter, said_)) return Tampered(line, "The event does not match the filter.");
  return std::nullopt;
}

MaybeFinding BundleEvents::CheckLink(const audit::EventLine& line) const {
  if (line.seq != last_seq_ + 1) return std::nullopt;   // only a filtered bundle comes here
  const bool first = line.seq == setup_.manifest.first_seq;
  if (line.prev_hash == (first ? setup_.prev_hash : last_hash_)) return std::nullopt;
  if (first) return Tampered(line, "The first event does not name the hash of the event before it.");
  return Tampered(line, "The event does not name the hash of " + EventName(line.seq - 1) + ": one of the two was replaced.");
}

// Takes the new part of the path off the line, keeps the rest from the event before, and climbs to the root.
MaybeFinding BundleEvents::CheckProof(const audit::EventLine& line, const tlog::Hash& leaf) {
  const auto index = static_cast<std::uint64_t>(line.seq);
  const Result<base::Bytes> packed = base::Base64Decode(*line.proof);
  if (!packed.ok()) return Tampered(line, "The event's proof cannot be read.");
  std::vector<tlog::Hash> path;
  std::size_t taken = 0;
  for (const unsigned level : PathLevels(index, setup_.checkpoint->size)) {
    tlog::Hash& hash = path_by_level_[level];
    if (!last_proved_ || level < SharedLevel(*last_proved_, index)) {
      if (packed->size() - taken < hash.size()) return Tampered(line, "The event's proof is too short.");
      std::copy_n(packed->data() + taken, hash.size(), hash.begin());
      taken += hash.size();
    }
    path.push_back(hash);
  }
  if (taken != packed->size()) return Tampered(line, "The event's proof is too long.");
  if (!tlog::VerifyInclusion(leaf, index, setup_.checkpoint->size, path, setup_.checkpoint->root).ok()) {
    return Tampered(line, "The event is not in the log that the checkpoint signs: it, or its proof, was altered.");
  }
  last_proved_ = index;
  return std::nullopt;
}

std::optional<std::string> BundleEvents::HashOf(std::int64_t seq) const {
  const auto wanted = setup_.wanted.find(seq);
  if (wanted == setup_.wanted.end() || wanted->second.empty()) return std::nullopt;
  return wanted->second;
}

void BundleEvents::AddLeaf(const tlog::Hash& leaf) {
  if (tree_) tree_->Add(leaf);
  if (prefix_) {
    prefix_->Append(leaf);
    NotePrefix();
  }
}

// Keeps the roots that are due and ends the second tree when none is left.
void BundleEvents::NotePrefix() {
  std::erase_if(setup_.prefix_sizes, [this](std::uint64_t size) {
    if (size == prefix_->size()) prefix_roots_.emplace_back(size, prefix_->Root());
    return size <= prefix_->size();
  });
  if (setup_.prefix_sizes.empty()) prefix_.reset();
}

void BundleEvents::NotePruned(const audit::EventView& event, std::string_view canonical) {
  if (event.tool != audit::kPrunedTool || event.kind != audit::EventKindName(EventKind::kControl)) return;
  const Result<audit::PrunePoint> said = audit::ReadPruned(canonical);
  if (!said.ok()) return;
  // The chain's word counts only for the anchor that it names.
  if (said->first_seq == setup_.manifest.first_seq && said->prev_hash != setup_.prev_hash) return;
  declared_pruned_ = std::max(declared_pruned_, said->first_seq);
}

MaybeFinding BundleEvents::Finish() const {
  const BundleManifest& m = setup_.manifest;
  if (const std::optional<std::int64_t> missing = expected()) {
    return BundleFinding{BundleVerdict::kTruncated,
                         "Events from " + std::to_string(*missing) + " to " + std::to_string(m.next_seq - 1) +
                             " are missing at the end.", missing, {}};
  }
  if (tree_) {
    const Result<tlog::Hash> root = tree_->Root();
    if (!root.ok() || *root != setup_.checkpoint->root) {
      return BundleFinding{BundleVerdict::kTampered,
                           "The events fit together, but they are not those that the checkpoint signs: the chain was "
                           "written anew, or range.proof was altered.", std::nullopt, {}};
    }
  }
  // What an archive segment begins behind stands in the segments before it.
  if (!m.filtered && !m.archive && declared_pruned_ < m.first_seq) {
    return BundleFinding{BundleVerdict::kTruncated,
                         "Events before " + std::to_string(m.first_seq) +
                             " are missing, and no event of the chain says that they were pruned.", 0, {}};
  }
  return std::nullopt;
}

}  // namespace intentgate::evidence
