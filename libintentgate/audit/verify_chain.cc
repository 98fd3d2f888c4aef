// The walk trusts nothing but the bytes: each hash is computed from the stored canonical text, each
// column is held against what that text says, and the end is held against the head.
// Tested by tests/unit/audit/verify_chain_test.cc, one case for each way to tamper.

#include <algorithm>
#include <map>
#include <utility>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "audit/commitments.h"
#include "base/encoding.h"

namespace intentgate::audit {
namespace {

constexpr std::size_t kPage = 512;

class Walk {
 public:
  Walk(AuditStore& store, std::string_view tenant, const std::function<Status(const AuditRecord&)>& each,
       PrivateValueStore* values)
      : store_(store), each_(each), values_(values) {
    report_.tenant = tenant;
  }

  Result<VerifyReport> Run(std::int64_t from_seq) {
    Result<ChainHead> head = store_.Head(report_.tenant);
    if (!head.ok()) return head.error();
    if (from_seq < 0 || from_seq > head->next_seq) {
      return Error{ErrorCode::kInvalidArgument, "from_seq " + std::to_string(from_seq) + " is outside the chain of " +
                                                    std::to_string(head->next_seq) + " events"};
    }
    Result<PrunePoint> pruned = store_.Pruned(report_.tenant);
    if (!pruned.ok()) return pruned.error();
    pruned_ = *std::move(pruned);
    next_ = std::max(from_seq, pruned_.first_seq);
    unexplained_ = pruned_.first_seq > 0 && next_ == pruned_.first_seq;
    if (Status s = StartLink(); !s.ok()) return s.error();
    while (report_.ok && next_ < head->next_seq) {
      const std::size_t wanted = std::min(kPage, static_cast<std::size_t>(head->next_seq - next_));
      Result<std::vector<StoredEvent>> page = store_.ScanStored(report_.tenant, next_, wanted);
      if (!page.ok()) return page.error();
      if (page->empty()) Truncated(*head);
      if (Status s = ReadValues(*page); !s.ok()) return s.error();
      for (const StoredEvent& event : *page) {
        if (!Check(event)) break;
        if (Status s = each_ ? each_(event.record) : Status(); !s.ok()) return s.error();
      }
    }
    if (report_.ok) {
      if (Status s = CheckEnd(*head); !s.ok()) return s.error();
    }
    return std::move(report_);
  }

 private:
  // The hash that the first event must name.
  Status StartLink() {
    if (next_ == pruned_.first_seq) {
      link_ = pruned_.prev_hash;
      return {};
    }
    Result<std::vector<AuditRecord>> before = store_.Scan(report_.tenant, next_ - 1, 1);
    if (!before.ok()) return before.error();
    if (before->empty() || before->front().seq != next_ - 1) {
      Break(next_ - 1, "gap", "the event before the first one to verify is missing");
    } else {
      link_ = before->front().hash;
    }
    return {};
  }

  Status ReadValues(const std::vector<StoredEvent>& page) {
    page_values_.clear();
    if (values_ == nullptr) return {};
    std::vector<std::int64_t> seqs;
    for (const StoredEvent& event : page) seqs.push_back(event.record.seq);
    Result<std::vector<PlacedValue>> values = values_->PrivateValues(report_.tenant, seqs);
    if (!values.ok()) return values.error();
    for (PlacedValue& placed : *values) page_values_[placed.seq].push_back(std::move(placed.value));
    return {};
  }

  bool Check(const StoredEvent& event) {
    const AuditRecord& record = event.record;
    if (record.seq != next_) {
      return Break(next_, "gap", "event " + std::to_string(next_) + " is missing; the next one stored is " +
                                     std::to_string(record.seq));
    }
    if (record.prev_hash != link_) {
      report_.stored_hash = record.prev_hash;
      report_.expected_hash = link_;
      return Break(next_, "link", "the event does not name the hash of the event before it");
    }
    const crypto::Digest computed = ChainDigest(record.prev_hash, record.canonical);
    if (!IsHexOf(computed, record.hash)) {
      report_.stored_hash = record.hash;
      report_.expected_hash = base::HexEncode(computed);
      return Break(next_, "altered", "the stored bytes do not give the stored hash");
    }
    const Result<EventView> said = checker_.Check(record.canonical);
    if (!said.ok()) return Break(next_, "malformed", said.error().message);
    const std::string_view differs = FirstDifference(*said, event);
    if (differs == "seq" || differs == "tenant") {
      return Break(next_, "misplaced", "the bytes belong to event " + std::to_string(said->seq) + " of tenant " +
                                           std::string(said->tenant));
    }
    if (!differs.empty()) {
      return Break(next_, "projection", "the column " + std::string(differs) + " differs from the hashed bytes");
    }
    if ((next_ == 0) != (said->kind == EventKindName(EventKind::kGenesis))) {
      return Break(next_, "genesis", "event 0, and no other, is the genesis event");
    }
    if (const auto values = page_values_.find(next_); values != page_values_.end()) {
      const Status fit = CheckValues(record.canonical, values->second);
      if (!fit.ok()) return Break(next_, "value", fit.error().message);
    }
    if (unexplained_ && said->kind == EventKindName(EventKind::kControl) && said->tool == kPrunedTool) Explain(record);
    link_ = record.hash;
    ++next_;
    ++report_.verified;
    return true;
  }

  // The store's word that events were pruned counts for nothing until the chain says it as well. An interrupted
  // pruning leaves more events than the chain says.
  void Explain(const AuditRecord& record) {
    const Result<PrunePoint> said = ReadPruned(record.canonical);
    if (!said.ok() || said->first_seq < pruned_.first_seq) return;
    unexplained_ = said->first_seq == pruned_.first_seq && said->prev_hash != pruned_.prev_hash;
  }

  void Truncated(const ChainHead& head) {
    report_.expected_hash = head.hash;
    report_.stored_hash = link_;
    Break(next_, "truncated", "the head says that " + std::to_string(head.next_seq) + " events were written; event " +
                                  std::to_string(next_) + " and what followed is missing");
  }

  Status CheckEnd(const ChainHead& head) {
    if (unexplained_) {
      Break(pruned_.first_seq, "pruned", "the events before it are gone, and no event of the chain says that they were pruned");
      return {};
    }
    if (next_ > 0 && link_ != head.hash) {
      report_.stored_hash = head.hash;
      report_.expected_hash = link_;
      Break(next_ - 1, "head", "the head's hash is not the hash of the last event");
      return {};
    }
    // Events beyond the head are a rolled back head, unless the chain just grew.
    Result<std::vector<AuditRecord>> beyond = store_.Scan(report_.tenant, next_, 1);
    if (!beyond.ok()) return beyond.error();
    if (!beyond->empty()) {
      Result<ChainHead> again = store_.Head(report_.tenant);
      if (!again.ok()) return again.error();
      if (again->next_seq <= next_) {
        Break(next_, "beyond_head", "the store holds events that the head does not count");
        return {};
      }
    }
    report_.head = {next_, link_};
    return {};
  }

  bool Break(std::int64_t seq, std::string_view what, const std::string& sentence) {
    report_.ok = false;
    report_.broken_seq = seq;
    report_.problem = std::string(what) + ": " + sentence;
    return false;
  }

  AuditStore& store_;
  const std::function<Status(const AuditRecord&)>& each_;
  PrivateValueStore* values_;
  std::map<std::int64_t, std::vector<PrivateValue>> page_values_;   // by seq
  CanonicalChecker checker_;
  VerifyReport report_;
  PrunePoint pruned_;
  bool unexplained_ = false;   // events are gone, and no event seen so far says why
  std::int64_t next_ = 0;
  std::string link_;
};

}  // namespace

Result<VerifyReport> VerifyChain(AuditStore& store, std::string_view tenant, std::int64_t from_seq,
                                 const std::function<Status(const AuditRecord&)>& each, PrivateValueStore* values) {
  return Walk(store, tenant, each, values).Run(from_seq);
}

}  // namespace intentgate::audit
