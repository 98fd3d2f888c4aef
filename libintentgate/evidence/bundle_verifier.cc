// A state machine over the files of the archive: each has its place, and what stands before the events settles what
// the events are held against. The first rule that breaks decides the verdict; nothing behind it is read.
// Tested by tests/unit/evidence/bundle_test.cc, bundle_tampering_test.cc, tests/fuzz/bundle_verify_fuzz.cc and
// against a second verifier, tests/golden/audit/verify_bundle.py.

#include <intentgate/bundle.h>

#include <algorithm>
#include <utility>

#include "audit/canonical_event.h"
#include "audit/filter.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "evidence/bundle_events.h"
#include "evidence/bundle_format.h"
#include "evidence/trust.h"
#include "evidence/ustar.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace intentgate {

using evidence::BundleFinding;
using evidence::MaybeFinding;
using evidence::OlderCheckpoint;
using evidence::TrustedReceipt;

namespace {

MaybeFinding Finding(BundleVerdict verdict, std::string message) {
  return BundleFinding{verdict, std::move(message), std::nullopt, {}};
}

}  // namespace

std::string_view BundleVerdictName(BundleVerdict verdict) {
  switch (verdict) {
    case BundleVerdict::kIntact: return "intact";
    case BundleVerdict::kTampered: return "tampered";
    case BundleVerdict::kTruncated: return "truncated";
    case BundleVerdict::kNotCovered: return "not_covered";
    case BundleVerdict::kForked: return "forked";
    case BundleVerdict::kUnknownKey: return "unknown_key";
    case BundleVerdict::kMalformed: return "malformed";
  }
  return "malformed";
}

struct BundleVerifier::State final : evidence::UstarVisitor {
  evidence::Trusted trusted;

  evidence::UstarReader archive;
  std::vector<std::string> awaited{std::string(evidence::kReadmeFile), std::string(evidence::kManifestFile)};
  std::size_t files = 0;               // of those in `awaited` that came
  std::string name;                    // of the file at hand
  std::string part;                    // its bytes; of a segment, a line that has begun
  std::string readme_digest, manifest_digest;
  std::optional<evidence::BundleEventsSetup> setup;
  std::optional<evidence::BundleEvents> events;
  std::int64_t segments = 0;
  bool ended = false;                  // end.json was read and fits
  bool failed = false;
  BundleReport report;

  // Error values carry findings through the archive's reader; their text is not used.
  Status Fail(MaybeFinding finding) {
    if (!finding) return {};
    if (!failed) {
      failed = true;
      report.verdict = finding->verdict;
      report.message = finding->message;
      report.bad_seq = finding->seq;
      report.bad_event_id = finding->event_id;
    }
    return Error{ErrorCode::kCancelled, finding->message};
  }
  Status Tampered(std::string message) { return Fail(Finding(BundleVerdict::kTampered, std::move(message))); }
  Status Malformed(const std::string& what) { return Fail(Finding(BundleVerdict::kMalformed, "This is no bundle: " + what + ".")); }

  bool in_segment() const { return events && name.starts_with("events/"); }

  Status BeginFile(const evidence::UstarEntry& entry) override {
    name = entry.name;
    part.clear();
    if (files == 0 && name != awaited[0]) return Malformed("it does not begin with " + awaited[0]);
    const std::string wanted = files < awaited.size() ? awaited[files] : evidence::SegmentName(segments);
    if (name != wanted && (files < awaited.size() || name != evidence::kEndFile || ended)) {
      return Tampered("The file " + name + " is at the place of " + wanted + ": one was removed, moved or renamed.");
    }
    if (setup && entry.modified_seconds != setup->manifest.created_micros / 1'000'000) {
      return Tampered("The file " + name + " was not written when the bundle was.");
    }
    if (!in_segment() && entry.size > evidence::kMaxPartBytes) return Malformed("the file " + name + " is too large");
    if (in_segment() && entry.size == 0) return Tampered("The file " + name + " is empty.");
    return {};
  }

  Status FileBytes(std::string_view bytes) override {
    if (!in_segment()) {
      part += bytes;
      return {};
    }
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      if (part.size() + piece.size() > audit::kMaxEventLineBytes) return Malformed("a line is longer than an event can be");
      if (end == std::string_view::npos) {
        part += piece;
        return {};
      }
      if (!part.empty()) part += piece;
      if (Status s = Fail(events->Line(part.empty() ? piece : std::string_view(part))); !s.ok()) return s;
      part.clear();
      bytes.remove_prefix(end + 1);
    }
    return {};
  }

  Status EndFile() override {
    if (in_segment()) {
      ++segments;
      return part.empty() ? Status() : Tampered("The file " + name + " does not end at the end of a line.");
    }
    if (name == evidence::kEndFile) return End();
    ++files;
    const std::string digest = base::HexEncode(crypto::Sha256(base::AsBytes(part)));
    if (name == evidence::kReadmeFile) {
      readme_digest = digest;
      return {};
    }
    if (name == evidence::kManifestFile) {
      manifest_digest = digest;
      if (Status s = Manifest(); !s.ok()) return s;
    } else if (setup->manifest.files[name] != digest) {
      return Tampered("The file " + name + " is not the one that manifest.json names.");
    } else if (Status s = FrontFile(); !s.ok()) {
      return s;
    }
    return files == awaited.size() ? BeginEvents() : Status();
  }

  Status Manifest() {
    Result<evidence::BundleManifest> read = evidence::ReadManifest(part);
    if (!read.ok()) return Malformed(read.error().message);
    const evidence::BundleManifest& m = *read;
    report.tenant = m.tenant;
    report.first_seq = m.first_seq;
    report.next_seq = m.next_seq;
    report.filtered = m.filtered;
    report.archive = m.archive;
    const bool signed_for = m.files.contains(evidence::kCheckpointFile);
    if (signed_for) awaited.emplace_back(evidence::kCheckpointFile);
    if (signed_for && !m.filtered) awaited.emplace_back(evidence::kRangeProofFile);
    if (m.first_seq > 0) awaited.emplace_back(evidence::kAnchorFile);
    const bool all_named = m.files.size() == awaited.size() - 1 &&
                           std::all_of(awaited.begin(), awaited.end(), [&](const std::string& file) {
                             return file == evidence::kManifestFile || m.files.contains(file);
                           });
    if (!all_named || m.filtered != audit::NarrowsEvents(m.filter) || m.filter.tenant != m.tenant ||
        (!signed_for && m.covered != 0) || (m.archive && (!signed_for || m.filtered || m.next_seq > m.covered)) || m.first_seq > m.next_seq || (signed_for && m.first_seq > m.covered)) {
      return Tampered("manifest.json contradicts itself.");
    }
    if (m.files.find(evidence::kReadmeFile)->second != readme_digest) {
      return Tampered("The file README.txt is not the one that manifest.json names.");
    }
    if (m.covered > m.next_seq && !m.archive) {
      return Fail(BundleFinding{BundleVerdict::kTruncated,
                                "The checkpoint covers " + std::to_string(m.covered) + " events, but the bundle ends at " +
                                    std::to_string(m.next_seq) + ".", m.next_seq, {}});
    }
    setup.emplace();
    setup->manifest = std::move(*read);
    return {};
  }

  Status FrontFile() {
    if (name == evidence::kCheckpointFile) return Checkpoint();
    if (name == evidence::kRangeProofFile) {
      Result<evidence::BundleRange> range = evidence::ReadRangeProof(part);
      if (!range.ok()) return Malformed(range.error().message);
      const auto covered = static_cast<std::uint64_t>(setup->manifest.covered);
      const auto last = setup->manifest.archive ? static_cast<std::uint64_t>(setup->manifest.next_seq) : covered;
      if (range->first != static_cast<std::uint64_t>(setup->manifest.first_seq) || range->last != last ||
          range->size != covered) {
        return Tampered("range.proof is of another range than the manifest names.");
      }
      setup->range = std::move(range->proof);
      return {};
    }
    Result<evidence::BundleAnchor> anchor = evidence::ReadAnchor(part);
    if (!anchor.ok()) return Malformed(anchor.error().message);
    if (anchor->first_seq != setup->manifest.first_seq) return Tampered("anchor.json is of another range than the manifest names.");
    setup->prev_hash = std::move(anchor->prev_hash);
    return {};
  }

  Status Checkpoint() {
    const Result<tlog::Note> note = tlog::ParseNote(part);
    if (!note.ok()) return Malformed("checkpoint.note: " + note.error().message);
    Result<tlog::Checkpoint> checkpoint = tlog::ParseCheckpoint(note->text);
    if (!checkpoint.ok()) return Malformed("checkpoint.note: " + checkpoint.error().message);
    const Result<std::vector<tlog::VerifiedBy>> by = tlog::VerifyNote(*note, trusted.keys);
    if (!by.ok() || !evidence::SignedByLog(*by)) {
      if (!by.ok() && by.error().code != ErrorCode::kUnknownKey) return Tampered("The checkpoint's signature is wrong: it was altered.");
      return Fail(Finding(BundleVerdict::kUnknownKey,
                          trusted.keys.empty() ? "No key was given. Get the log's verifier key from the operator, and by another way "
                                         "than this bundle."
                                       : "None of the given keys signed the checkpoint. Either the key is not this log's, or "
                                         "somebody else signed."));
    }
    if (checkpoint->size != static_cast<std::uint64_t>(setup->manifest.covered)) {
      return Tampered("The checkpoint covers another number of events than the manifest names.");
    }
    for (const tlog::VerifiedBy& signer : *by) {
      report.signed_by.push_back(signer.key.name());
      report.cosigned_at_micros = std::max(report.cosigned_at_micros, signer.unix_seconds.value_or(0) * 1'000'000);
    }
    if (std::string missing = evidence::QuorumProblem(*note, trusted, report.signed_by); !missing.empty()) {
      return Fail(Finding(BundleVerdict::kNotCovered, std::move(missing)));
    }
    report.covered = setup->manifest.covered;
    report.origin = checkpoint->origin;
    report.root_hex = base::HexEncode(checkpoint->root);
    report.checkpoint_note = part;
    setup->checkpoint = std::move(*checkpoint);
    return {};
  }

  Status BeginEvents() {
    for (const OlderCheckpoint& old : trusted.older) setup->prefix_sizes.push_back(old.checkpoint.size);
    for (const TrustedReceipt& one : trusted.receipts) setup->wanted.emplace(one.receipt.seq, std::string());
    Result<evidence::BundleEvents> made = evidence::BundleEvents::Create(*setup);
    if (!made.ok()) return Tampered(made.error().message + ".");
    events.emplace(std::move(*made));
    return {};
  }

  Status End() {
    if (Status s = Fail(events->Finish()); !s.ok()) return s;
    const Result<evidence::BundleEnd> end = evidence::ReadBundleEnd(part);
    if (!end.ok()) return Malformed(end.error().message);
    if (end->events > events->events()) {
      return Fail(Finding(BundleVerdict::kTruncated, "end.json counts " + std::to_string(end->events) +
                                                         " events, the bundle has " + std::to_string(events->events()) + "."));
    }
    if (end->events != events->events() || end->segments != segments || end->last_hash != events->last_hash()) {
      return Tampered("The events are not those that end.json counts.");
    }
    if (end->manifest_sha256 != manifest_digest) return Tampered("manifest.json is not the one that end.json names.");
    ended = true;
    return {};
  }

  void Conclude() {
    if (events) {
      report.events = events->events();
      report.uncovered_events = events->uncovered();
      report.last_hash = events->last_hash();
    }
    if (!failed && !archive.at_end()) {
      BundleFinding cut{BundleVerdict::kTruncated, "The archive ends too early: its end was cut off.", std::nullopt, {}};
      if (events) cut.seq = events->expected();
      if (files == 0) cut = *Finding(BundleVerdict::kMalformed, "This is no bundle: it is too short.");
      static_cast<void>(Fail(std::move(cut)));
    }
    if (!failed && !ended) static_cast<void>(Fail(Finding(BundleVerdict::kTruncated, "The archive has no end.json: its end was removed.")));
    for (const OlderCheckpoint& old : trusted.older) {
      if (!failed) static_cast<void>(Fail(Against(old)));
    }
    for (const TrustedReceipt& one : trusted.receipts) {
      if (!failed) static_cast<void>(Fail(Against(one)));
    }
    if (!failed && !setup->checkpoint && !trusted.empty()) {
      static_cast<void>(Fail(Finding(BundleVerdict::kNotCovered,
                                     "The bundle has no checkpoint, so that the key has nothing to check. Its events fit "
                                     "together, but anybody could have written them.")));
    }
    if (!failed) Intact();
  }

  MaybeFinding Against(const OlderCheckpoint& old) {
    const tlog::Checkpoint& before = old.checkpoint;
    if (!setup->checkpoint) return std::nullopt;
    const tlog::Checkpoint& now = *setup->checkpoint;
    if (evidence::LogOf(before.origin) != evidence::LogOf(now.origin)) {
      return Finding(BundleVerdict::kNotCovered, "The older checkpoint is of the log " + before.origin + ", the bundle of " +
                                                     now.origin + ": they cannot be compared.");
    }
    if (before.size > now.size) {
      return Finding(BundleVerdict::kNotCovered, "The older checkpoint covers " + std::to_string(before.size) +
                                                     " events, this bundle's only " + std::to_string(now.size) +
                                                     ": events that were signed for are not here.");
    }
    const std::optional<tlog::Hash> root = before.size == 0 ? tlog::EmptyRoot() : events->PrefixRoot(before.size);
    if (!root) {
      return Finding(BundleVerdict::kNotCovered,
                     report.filtered  ? "A filtered bundle cannot be held against an older checkpoint: ask for an unfiltered one."
                     : report.archive ? "The older checkpoint ends outside of this archive segment: hold another segment, or a "
                                        "bundle, against it."
                                      : "The older checkpoint covers only events that were pruned: it cannot be held against "
                                       "this bundle.");
    }
    if (*root == before.root) return std::nullopt;
    report.fork = BundleFork{old.note, report.checkpoint_note};
    return Finding(BundleVerdict::kForked,
                   "The log signed two histories: the first " + std::to_string(before.size) +
                       " events of this bundle are not those of the older checkpoint. Both checkpoints together prove it.");
  }

  MaybeFinding Against(const TrustedReceipt& one) {
    if (!setup->checkpoint) return std::nullopt;
    const std::string event = "event " + std::to_string(one.receipt.seq);
    if (one.receipt.log != evidence::LogOf(setup->checkpoint->origin)) {
      return Finding(BundleVerdict::kNotCovered, "The receipt is of the log " + one.receipt.log + ", the bundle of " +
                                                     setup->checkpoint->origin + ": they cannot be compared.");
    }
    if (one.receipt.seq >= setup->manifest.covered) {
      return Finding(BundleVerdict::kNotCovered,
                     "The receipt is for " + event + ", the checkpoint covers " + std::to_string(setup->manifest.covered) +
                         " events: ask for a checkpoint that was signed after " + evidence::DueTime(one.receipt) + ".");
    }
    const std::optional<std::string> hash = events->HashOf(one.receipt.seq);
    if (!hash) {
      return Finding(BundleVerdict::kNotCovered, "The receipt is for " + event + ", which is not in this bundle.");
    }
    if (*hash == base::HexEncode(one.receipt.hash)) return std::nullopt;
    report.fork = BundleFork{one.note, report.checkpoint_note};
    BundleFinding broken{BundleVerdict::kForked, "The log broke its word: it signed a receipt for another " + event +
                         " than the one under the checkpoint. The receipt and the checkpoint together prove it.",
                         one.receipt.seq, {}};
    return broken;
  }

  void Intact() {
    report.complete = !report.filtered;
    const std::string count = std::to_string(report.events);
    std::string& text = report.message;
    if (report.filtered) {
      text = "Each of the " + count + " events stands at its place in the log, unaltered. The bundle is filtered: it cannot be "
             "proved from it that no matching event was left out.";
      if (!setup->checkpoint) {
        text = "The bytes of each of the " + count + " events give its hash. The bundle is filtered and has no checkpoint: it "
               "proves neither that the events were in the log nor that none were left out.";
      }
    } else {
      text = "All " + count + " events from " + std::to_string(report.first_seq) + " to " + std::to_string(report.next_seq - 1) +
             " are here, unaltered and in order.";
      if (report.archive) {
        text += " It is an archive segment: other events stand in other segments, or in the store.";
      } else if (report.first_seq > 0) {
        text += " Those before were pruned, as the chain itself says.";
      }
      if (!setup->checkpoint) {
        text += " There is no checkpoint: nothing shows that they were not all written anew, or that none are missing at "
                "the end.";
      }
    }
    if (setup->checkpoint && report.uncovered_events > 0) {
      text += " The last " + std::to_string(report.uncovered_events) + " are linked to the chain, but no signature covers them.";
    }
  }
};

Result<BundleVerifier> BundleVerifier::Create(const BundleTrust& trust) {
  Result<evidence::Trusted> trusted = evidence::ReadTrust(trust);
  if (!trusted.ok()) return trusted.error();
  auto state = std::make_unique<State>();
  state->trusted = *std::move(trusted);
  return BundleVerifier(std::move(state));
}

BundleVerifier::BundleVerifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
BundleVerifier::BundleVerifier(BundleVerifier&&) noexcept = default;
BundleVerifier& BundleVerifier::operator=(BundleVerifier&&) noexcept = default;
BundleVerifier::~BundleVerifier() = default;

void BundleVerifier::Feed(std::string_view bytes) {
  if (state_->failed) return;
  const Status read = state_->archive.Feed(bytes, *state_);
  if (!read.ok() && !state_->failed) {
    static_cast<void>(state_->Fail(Finding(BundleVerdict::kMalformed, "The file cannot be read: " + read.error().message + ".")));
  }
}

BundleReport BundleVerifier::Finish() {
  state_->Conclude();
  return state_->report;
}

}  // namespace intentgate
