// One tenant after the other, each in the order of its chain, up to the head that it had when the
// export began; what arrives meanwhile belongs to the next export. Tested by
// tests/unit/audit/export_test.cc.

#include <optional>
#include <utility>

#include "audit/audit_log.h"
#include "audit/csv.h"
#include "audit/export_format.h"
#include "audit/filter.h"

namespace intentgate::audit {
namespace {

constexpr std::size_t kPage = 256;
constexpr std::size_t kPieceBytes = 64 * 1024;

// Gathers lines into pieces.
class Output {
 public:
  explicit Output(const ExportSink& sink) : sink_(sink) {}

  // Takes one line or row.
  Status Add(std::string_view line) {
    if (!buffer_.empty() && buffer_.size() + line.size() > kPieceBytes) {
      if (Status s = Flush(); !s.ok()) return s;
    }
    buffer_ += line;
    return {};
  }
  Status Flush() {
    if (buffer_.empty()) return {};
    Status s = sink_(buffer_);
    buffer_.clear();
    return s;
  }

 private:
  const ExportSink& sink_;
  std::string buffer_;
};

class Exporter {
 public:
  Exporter(AuditStore& store, PrivateValueStore* values, const AuditFilter& filter, const EventRenderer& render,
           const ExportSink& sink)
      : store_(store), values_(values), filter_(filter), render_(render), out_(sink) {}

  Status Run(const std::string& header, bool trailer) {
    if (Status s = FindChains(); !s.ok()) return s;
    const bool filtered = NarrowsEvents(filter_);
    if (Status s = out_.Add(header); !s.ok()) return s;
    if (trailer) digest_.emplace().Header(std::string_view(header).substr(0, header.size() - 1));
    for (ExportedChain& chain : chains_) {
      if (Status s = filtered ? Matching(chain) : Whole(chain); !s.ok()) return s;
      events_ += chain.events;
    }
    if (digest_) {
      if (Status s = out_.Add(WriteExportTrailer(chains_, events_, digest_->Finish())); !s.ok()) return s;
    }
    return out_.Flush();
  }

 private:
  Status FindChains() {
    Result<std::vector<std::string>> tenants = store_.Tenants();
    if (!tenants.ok()) return tenants.error();
    for (std::string& tenant : *tenants) {
      if (!filter_.tenant.empty() && filter_.tenant != tenant) continue;
      Result<ChainHead> head = store_.Head(tenant);
      if (!head.ok()) return head.error();
      chains_.push_back({std::move(tenant), 0, std::move(*head)});
    }
    return {};
  }

  Status Whole(ExportedChain& chain) {
    for (std::int64_t next = 0; next < chain.head.next_seq;) {
      Result<std::vector<AuditRecord>> page = store_.Scan(chain.tenant, next, kPage);
      if (!page.ok()) return page.error();
      if (page->empty()) return {};   // events are missing; the verifier will say so
      if (next > 0 && page->front().seq > next) {
        const Result<PrunePoint> pruned = store_.Pruned(chain.tenant);
        if (!pruned.ok()) return pruned.error();
        if (pruned->first_seq > next) {
          return Error{ErrorCode::kConflict, "events of tenant " + chain.tenant + " were pruned during the export; export again"};
        }
      }
      if (Status s = AddValues(*page); !s.ok()) return s;
      for (const AuditRecord& record : *page) {
        if (record.seq >= chain.head.next_seq) return {};
        if (Status s = Event(chain, record); !s.ok()) return s;
      }
      next = page->back().seq + 1;
    }
    return {};
  }

  Status Matching(ExportedChain& chain) {
    AuditFilter one = filter_;
    one.tenant = chain.tenant;
    std::string after;
    do {
      Result<AuditPage> page = store_.Query(one, true, after, kPage);
      if (!page.ok()) return page.error();
      if (Status s = AddValues(page->records); !s.ok()) return s;
      for (const AuditRecord& record : page->records) {
        if (record.seq >= chain.head.next_seq) return {};
        if (Status s = Event(chain, record); !s.ok()) return s;
      }
      after = page->next;
    } while (!after.empty());
    return {};
  }

  Status AddValues(std::vector<AuditRecord>& records) {
    return values_ == nullptr ? Status() : audit::AddValues(*values_, records);
  }

  Status Event(ExportedChain& chain, const AuditRecord& record) {
    line_.clear();
    if (Status s = render_(record, line_); !s.ok()) return s;
    if (digest_) digest_->Event(std::string_view(line_).substr(0, line_.size() - 1), record.canonical.size());
    ++chain.events;
    return out_.Add(line_);
  }

  AuditStore& store_;
  PrivateValueStore* values_;
  const AuditFilter& filter_;
  const EventRenderer& render_;
  Output out_;
  std::optional<ExportDigest> digest_;   // of an export with a trailer
  std::vector<ExportedChain> chains_;
  std::int64_t events_ = 0;
  std::string line_;
};

}  // namespace

Status ExportEvents(AuditStore& store, const AuditFilter& filter, ExportFormat format, const Clock& clock,
                    const ExportSink& sink, PrivateValueStore* values) {
  if (format == ExportFormat::kCsv) {
    const EventRenderer row = AppendCsvRow;
    return Exporter(store, values, filter, row, sink).Run(CsvHeader(), false);
  }
  if (format != ExportFormat::kNdjson) {
    return Error{ErrorCode::kInvalidArgument, "the audit module writes NDJSON and CSV; use the gate's export"};
  }
  const EventRenderer line = [](const AuditRecord& record, std::string& out) {
    AppendEventLine(record, out);
    return Status();
  };
  return Exporter(store, values, filter, line, sink)
      .Run(WriteExportHeader(filter, NarrowsEvents(filter), clock.UnixMicros()), true);
}

Status ExportRendered(AuditStore& store, const AuditFilter& filter, const EventRenderer& render,
                      const ExportSink& sink, PrivateValueStore* values) {
  return Exporter(store, values, filter, render, sink).Run("", false);
}

}  // namespace intentgate::audit
