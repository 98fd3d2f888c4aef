// Everything that a verifier has to know before the first event is written before it, so that both sides stream:
// the range, the checkpoint and the range's proof are settled first, then come the events, then the counts.
// Tested by tests/unit/evidence/bundle_test.cc and bundle_tampering_test.cc.

#include "evidence/bundle_writer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/export_format.h"
#include "audit/filter.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "evidence/bundle_format.h"
#include "evidence/newest.h"
#include "evidence/ustar.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/tiles.h"

namespace intentgate::evidence {
namespace {

constexpr std::size_t kPage = 256;
constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::string_view kProduct = "IntentGate " INTENTGATE_VERSION;

class Writer {
 public:
  Writer(audit::AuditStore& store, audit::LogStore& log, audit::PrivateValueStore* values, const BundleRequest& request,
         const ExportSink& sink)
      : store_(store), log_(log), values_(request.include_values ? values : nullptr), request_(request), sink_(sink) {}

  Status RunArchive(const ArchiveRequest& archive, std::int64_t now_micros) {
    archive_ = &archive;
    return Run(now_micros);
  }

  Status Run(std::int64_t now_micros) {
    manifest_.created_micros = std::max<std::int64_t>(now_micros, 0);
    manifest_.product = kProduct;
    manifest_.tenant = request_.tenant;
    manifest_.filter = request_.filter;
    manifest_.filter.tenant = request_.tenant;
    manifest_.filtered = audit::NarrowsEvents(request_.filter);
    manifest_.values = values_ != nullptr;
    if (Status s = FindRange(); !s.ok()) return s;
    if (Status s = FrontFiles(); !s.ok()) return s;
    if (Status s = manifest_.filtered ? Matching() : Whole(); !s.ok()) return s;
    if (Status s = CloseSegment(); !s.ok()) return s;
    if (Status s = File(kEndFile, WriteBundleEnd(end_)); !s.ok()) return s;
    return Put(UstarEnd());
  }

 private:
  // Where the chain begins, which checkpoint is the newest, and where the bundle ends.
  Status FindRange() {
    const Result<ChainHead> head = store_.Head(request_.tenant);
    if (!head.ok()) return head.error();
    Result<std::vector<AuditRecord>> first = store_.Scan(request_.tenant, 0, 1);
    if (!first.ok()) return first.error();
    if (head->next_seq == 0 || first->empty()) {
      return Error{ErrorCode::kNotFound, "tenant " + request_.tenant + " has no events"};
    }
    manifest_.first_seq = first->front().seq;
    anchor_hash_ = std::move(first->front().prev_hash);
    if (archive_ != nullptr) {
      checkpoint_ = archive_->checkpoint;
      manifest_.archive = true;
      manifest_.covered = static_cast<std::int64_t>(checkpoint_->size);
      manifest_.next_seq = archive_->next_seq;
      return {};
    }
    if (Status s = FindCheckpoint(*head); !s.ok()) return s;
    manifest_.next_seq = checkpoint_ && !request_.include_uncovered ? manifest_.covered : head->next_seq;
    return {};
  }

  Status FindCheckpoint(const ChainHead& head) {
    Result<std::optional<audit::StoredCheckpoint>> newest =
        request_.witnessed ? NewestWitnessed(log_, request_.tenant) : NewestCheckpoint(log_, request_.tenant);
    if (!newest.ok()) return newest.error();
    if (!*newest && request_.witnessed) {
      return Error{ErrorCode::kNotFound, "tenant " + request_.tenant + " has no checkpoint with a quorum of witnesses"};
    }
    if (!*newest) return {};
    const auto size = static_cast<std::int64_t>((*newest)->size);
    if (size > head.next_seq) {
      return Error{ErrorCode::kCorrupt, "the newest checkpoint covers " + std::to_string(size) +
                                            " events, but the store holds only " + std::to_string(head.next_seq) +
                                            ": events are missing"};
    }
    if (size == 0 || size < manifest_.first_seq) return {};
    checkpoint_ = std::move(**newest);
    manifest_.covered = size;
    return {};
  }

  tlog::NodeAt Nodes() {
    return tlog::NodesFromTiles(checkpoint_->size,
                                [this](unsigned level, std::uint64_t index, unsigned) -> Result<std::string> {
                                  Result<audit::StoredTile> tile = log_.Tile(request_.tenant, level, index);
                                  if (!tile.ok()) return tile.error();
                                  return std::move(tile->bytes);
                                });
  }

  Status FrontFiles() {
    std::vector<std::pair<std::string_view, std::string>> files;
    std::string origin;
    if (checkpoint_) {
      const Result<tlog::Note> note = tlog::ParseNote(checkpoint_->note);
      if (!note.ok()) return note.error();
      const Result<tlog::Checkpoint> said = tlog::ParseCheckpoint(note->text);
      if (!said.ok()) return said.error();
      origin = said->origin;
      files.emplace_back(kCheckpointFile, checkpoint_->note);
      if (!manifest_.filtered) {
        BundleRange range{static_cast<std::uint64_t>(manifest_.first_seq), checkpoint_->size, checkpoint_->size, {}};
        if (manifest_.archive) range.last = static_cast<std::uint64_t>(manifest_.next_seq);
        Result<tlog::RangeProof> proof = tlog::ProveRange(range.first, range.last, range.size, Nodes());
        if (!proof.ok()) return proof.error();
        range.proof = std::move(*proof);
        files.emplace_back(kRangeProofFile, WriteRangeProof(range));
      }
    }
    if (manifest_.first_seq > 0) files.emplace_back(kAnchorFile, WriteAnchor({manifest_.first_seq, anchor_hash_}));
    const std::string readme = WriteReadme(manifest_, origin);
    const auto digest = [](std::string_view text) { return base::HexEncode(crypto::Sha256(base::AsBytes(text))); };
    manifest_.files[std::string(kReadmeFile)] = digest(readme);
    for (const auto& [name, text] : files) manifest_.files[std::string(name)] = digest(text);
    const std::string manifest = WriteManifest(manifest_);
    end_.manifest_sha256 = digest(manifest);
    if (Status s = File(kReadmeFile, readme); !s.ok()) return s;
    if (Status s = File(kManifestFile, manifest); !s.ok()) return s;
    for (const auto& [name, text] : files) {
      if (Status s = File(name, text); !s.ok()) return s;
    }
    return {};
  }

  Status Whole() {
    for (std::int64_t next = manifest_.first_seq; next < manifest_.next_seq;) {
      Result<std::vector<AuditRecord>> page = store_.Scan(request_.tenant, next, kPage);
      if (!page.ok()) return page.error();
      if (page->empty()) return {};   // events are missing; the verifier will say so
      if (Status s = AddValues(*page); !s.ok()) return s;
      for (const AuditRecord& record : *page) {
        if (record.seq >= manifest_.next_seq) return {};
        if (Status s = Event(record, std::nullopt); !s.ok()) return s;
      }
      next = page->back().seq + 1;
    }
    return {};
  }

  Status Matching() {
    std::string after;
    do {
      Result<AuditPage> page = store_.Query(manifest_.filter, true, after, kPage);
      if (!page.ok()) return page.error();
      if (Status s = AddValues(page->records); !s.ok()) return s;
      if (checkpoint_) nodes_ = Nodes();   // anew for each page, because it keeps every tile that it reads
      for (const AuditRecord& record : page->records) {
        if (record.seq >= manifest_.next_seq) return {};
        Result<std::optional<std::string>> proof = ProofFor(record.seq);
        if (!proof.ok()) return proof.error();
        if (Status s = Event(record, *proof); !s.ok()) return s;
      }
      after = page->next;
    } while (!after.empty());
    return {};
  }

  Status AddValues(std::vector<AuditRecord>& records) {
    return values_ == nullptr ? Status() : audit::AddValues(*values_, records);
  }

  // The hashes of the inclusion path that the event before it did not bring. nullopt for an event behind the checkpoint.
  Result<std::optional<std::string>> ProofFor(std::int64_t seq) {
    if (seq >= manifest_.covered) return std::optional<std::string>();
    const auto index = static_cast<std::uint64_t>(seq);
    const Result<std::vector<tlog::Hash>> path = tlog::InclusionProof(index, checkpoint_->size, nodes_);
    if (!path.ok()) return path.error();
    const std::vector<unsigned> levels = PathLevels(index, checkpoint_->size);
    base::Bytes packed;
    for (std::size_t i = 0; i < levels.size(); ++i) {
      if (last_proved_ && levels[i] >= SharedLevel(*last_proved_, index)) break;
      packed.insert(packed.end(), (*path)[i].begin(), (*path)[i].end());
    }
    last_proved_ = index;
    return std::optional(base::Base64Encode(packed));
  }

  Status Event(const AuditRecord& record, const std::optional<std::string>& proof) {
    line_.clear();
    audit::AppendEventLine(record, line_, proof);
    if (!segment_.empty() && segment_.size() + line_.size() > kSegmentBytes) {
      if (Status s = CloseSegment(); !s.ok()) return s;
    }
    segment_ += line_;
    ++end_.events;
    end_.last_hash = record.hash;
    return {};
  }

  Status CloseSegment() {
    if (segment_.empty()) return {};
    Status s = File(SegmentName(end_.segments), segment_);
    ++end_.segments;
    segment_.clear();
    return s;
  }

  Status File(std::string_view name, std::string_view bytes) {
    const Result<std::string> header =
        UstarHeader({std::string(name), bytes.size(), manifest_.created_micros / 1'000'000});
    if (!header.ok()) return header.error();
    if (Status s = Put(*header); !s.ok()) return s;
    if (Status s = Put(bytes); !s.ok()) return s;
    return Put(UstarPadding(bytes.size()));
  }

  Status Put(std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPieceBytes))) {
      if (Status s = sink_(bytes.substr(0, kPieceBytes)); !s.ok()) return s;
    }
    return {};
  }

  audit::AuditStore& store_;
  audit::LogStore& log_;
  audit::PrivateValueStore* values_;
  const ArchiveRequest* archive_ = nullptr;
  const BundleRequest& request_;
  const ExportSink& sink_;
  BundleManifest manifest_;
  BundleEnd end_;
  std::string anchor_hash_;
  std::optional<audit::StoredCheckpoint> checkpoint_;
  tlog::NodeAt nodes_;
  std::optional<std::uint64_t> last_proved_;
  std::string line_, segment_;
};

}  // namespace

Status WriteBundle(audit::AuditStore& store, audit::LogStore& log, const BundleRequest& request, const Clock& clock,
                   const ExportSink& sink, audit::PrivateValueStore* values) {
  return Writer(store, log, values, request, sink).Run(clock.UnixMicros());
}

Status WriteArchive(audit::AuditStore& store, audit::LogStore& log, const ArchiveRequest& request, const Clock& clock,
                    const ExportSink& sink, audit::PrivateValueStore* values) {
  BundleRequest whole;
  whole.tenant = request.tenant;
  whole.include_values = request.include_values;
  return Writer(store, log, values, whole, sink).RunArchive(request, clock.UnixMicros());
}

}  // namespace intentgate::evidence
