// Tested by tests/unit/evidence/freshness_test.cc.

#include "evidence/freshness.h"

#include <algorithm>
#include <utility>

#include <intentgate/json.h>

#include "audit/canonical_event.h"
#include "base/encoding.h"
#include "base/time_format.h"
#include "evidence/chain_check.h"
#include "evidence/full_check.h"
#include "evidence/integrator.h"
#include "evidence/newest.h"

namespace intentgate::evidence {
namespace {

constexpr std::size_t kPage = 256;

std::string TextAt(const json::Value& event, std::string_view pointer) {
  const json::Value* found = event.AtPointer(pointer);
  return found != nullptr && found->is_string() ? found->string_value() : std::string();
}

std::int64_t IntegerAt(const json::Value& event, std::string_view pointer) {
  const json::Value* found = event.AtPointer(pointer);
  return found != nullptr ? found->AsInt64().value_or(0) : 0;
}

// From the event that a full verification left at `seq`.
FullVerification ToVerification(const json::Value& event, std::int64_t seq) {
  FullVerification out;
  const Result<std::int64_t> at = base::ParseRfc3339Micros(TextAt(event, "/ts"));
  if (at.ok()) out.at_micros = *at;
  out.events = seq;
  if (TextAt(event, "/tool").ends_with(kVerified)) return out;
  const json::Value* broken = event.AtPointer("/details/seq");
  out.problem = FailureText(TextAt(event, "/details/problem"), broken != nullptr ? broken->AsInt64() : std::nullopt);
  return out;
}

std::string OriginOf(const std::string& note) { return note.substr(0, note.find('\n')); }

}  // namespace

CheckpointInfo ToInfo(const audit::StoredCheckpoint& checkpoint) {
  return {checkpoint.note,          OriginOf(checkpoint.note),          checkpoint.epoch,
          static_cast<std::int64_t>(checkpoint.size), base::HexEncode(checkpoint.root), checkpoint.signed_at_micros,
          checkpoint.witnessed_at_micros};
}

Result<Freshness> FreshnessReader::Read(std::string_view tenant) {
  Freshness out;
  out.tenant = tenant;
  out.witnessing = witnessing_;
  // Before the chain is read: what it covers is in the chain then.
  const Result<std::optional<audit::StoredCheckpoint>> newest = NewestCheckpoint(log_, tenant);
  if (!newest.ok()) return newest.error();
  Result<ChainHead> head = store_.Head(tenant);
  if (!head.ok()) return head.error();
  out.head = *std::move(head);
  Result<std::string> problem = EndProblem(tenant, out.head);
  if (!problem.ok()) return problem.error();
  out.problem = *std::move(problem);
  std::int64_t covered = 0;
  if (*newest) {
    out.checkpoint = ToInfo(**newest);
    covered = out.checkpoint->size;
    Result<std::string> of_tree = TreeProblem(tenant, out.head, **newest);
    if (!of_tree.ok()) return of_tree.error();
    if (out.problem.empty() && !of_tree->empty()) out.problem = "checkpoint: " + *of_tree;
  }
  out.ok = out.problem.empty();
  out.uncommitted_events = std::max<std::int64_t>(out.head.next_seq - covered, 0);
  if (out.uncommitted_events > 0) {
    const Result<std::int64_t> age = AgeOf(tenant, covered);
    if (!age.ok()) return age.error();
    out.uncommitted_age_micros = *age;
  }
  if (Status s = ReadWitnessed(out); !s.ok()) return s.error();
  const Result<Controls> said = ControlsOf(out.tenant, out.head.next_seq);
  if (!said.ok()) return said.error();
  out.declared_gaps = said->gaps;
  out.declared_losses = said->lost_events;
  out.full = said->verified;
  if (out.ok && !out.full.problem.empty()) {
    out.ok = false;
    out.problem = "verification: " + out.full.problem;
  }
  return out;
}

// "" or how the head row and the last event disagree.
Result<std::string> FreshnessReader::EndProblem(std::string_view tenant, const ChainHead& head) const {
  const std::int64_t last = head.next_seq - 1;
  const Result<std::vector<AuditRecord>> records = store_.Scan(tenant, std::max<std::int64_t>(last, 0), 2);
  if (!records.ok()) return records.error();
  if (head.next_seq == 0 && records->empty()) return std::string();
  if (records->empty() || records->front().seq != last) {
    return "truncated: the head counts " + std::to_string(head.next_seq) + " events, but the last one is missing";
  }
  if (records->front().hash.empty() || records->front().hash != head.hash) {
    return std::string("head: the head's hash is not the hash of the last event");
  }
  if (audit::ChainHash(records->front().prev_hash, records->front().canonical) != head.hash) {
    return std::string("altered: the last event's bytes do not give its hash");
  }
  if (records->size() == 1) return std::string();
  // Events beyond the head are a rolled back head, unless the chain just grew.
  const Result<ChainHead> again = store_.Head(tenant);
  if (!again.ok()) return again.error();
  if (again->next_seq > head.next_seq) return std::string();
  return std::string("beyond_head: the store holds events that the head does not count");
}

Result<std::string> FreshnessReader::TreeProblem(std::string_view tenant, const ChainHead& head,
                                                 const audit::StoredCheckpoint& checkpoint) const {
  std::string problem = CheckpointProblem(checkpoint, tenant, keys_);
  if (!problem.empty()) return problem;
  if (checkpoint.size > static_cast<std::uint64_t>(head.next_seq)) {
    return "it was signed for " + std::to_string(checkpoint.size) + " events, but the chain has only " +
           std::to_string(head.next_seq);
  }
  if (checkpoint.size == 0) return std::string();
  const tlog::NodeAt nodes = StoredNodes(log_, std::string(tenant), checkpoint.size);
  const Result<tlog::Hash> root = tlog::RootOf(checkpoint.size, nodes);
  if (!root.ok() && root.error().code != ErrorCode::kNotFound && root.error().code != ErrorCode::kCorrupt) return root.error();
  if (!root.ok()) return "the stored tree is damaged: " + root.error().message;
  if (*root != checkpoint.root) return std::string("the stored tree has another root");
  // Hash n commits to everything before it.
  const std::uint64_t last = checkpoint.size - 1;
  const Result<std::vector<tlog::Hash>> hash = log_.ChainHashes(tenant, static_cast<std::int64_t>(last), 1);
  const Result<tlog::Hash> leaf = nodes(0, last);
  if (!leaf.ok()) return leaf.error();
  if (hash.ok() && !hash->empty() && tlog::LeafHash(hash->front()) == *leaf) return std::string();
  const Result<audit::PrunePoint> pruned = store_.Pruned(tenant);
  if (pruned.ok() && pruned->first_seq > static_cast<std::int64_t>(last)) return std::string();
  return std::string("the last event under it is another than the one in the tree");
}

// How long ago the event at `seq` was made; 0 when it is not there or of the future.
Result<std::int64_t> FreshnessReader::AgeOf(std::string_view tenant, std::int64_t seq) const {
  const Result<std::vector<audit::StoredEvent>> events = store_.ScanStored(tenant, seq, 1);
  if (!events.ok()) return events.error();
  if (events->empty()) return std::int64_t{0};
  return std::max<std::int64_t>(clock_.UnixMicros() - events->front().ts_micros, 0);
}

// How far the newest checkpoint goes that its witnesses have cosigned.
Status FreshnessReader::ReadWitnessed(Freshness& out) {
  if (!witnessing_) return {};
  const Result<std::optional<audit::StoredCheckpoint>> newest = NewestWitnessed(log_, out.tenant);
  if (!newest.ok()) return newest.error();
  if (*newest) out.witnessed_events = static_cast<std::int64_t>((*newest)->size);
  if (out.witnessed_events >= out.head.next_seq) return {};
  const Result<std::int64_t> age = AgeOf(out.tenant, out.witnessed_events);
  if (!age.ok()) return age.error();
  out.unwitnessed_age_micros = *age;
  return {};
}

Result<FreshnessReader::Controls> FreshnessReader::ControlsOf(const std::string& tenant, std::int64_t next_seq) {
  Controls said;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = controls_.find(tenant); known != controls_.end()) said = known->second;
  }
  if (said.next_seq > next_seq) said = {};   // another chain than before
  AuditFilter filter;
  filter.tenant = tenant;
  filter.kind = audit::EventKindName(EventKind::kControl);
  filter.from_seq = said.next_seq;
  filter.to_seq = next_seq - 1;
  std::string after;
  while (next_seq > said.next_seq) {
    const Result<AuditPage> page = store_.Query(filter, true, after, kPage);
    if (!page.ok()) return page.error();
    for (const AuditRecord& record : page->records) {
      const Result<json::Value> event = json::Parse(record.canonical, audit::kEventLimits);
      if (!event.ok()) continue;   // a verification will say so
      const std::string tool = TextAt(*event, "/tool");
      if (tool == "audit/gap_declared") {
        ++said.gaps;
        said.lost_events += IntegerAt(*event, "/details/count");
      } else if (tool.starts_with("audit/") && (tool.substr(6) == kVerified || tool.substr(6) == kVerificationFailed)) {
        said.verified = ToVerification(*event, record.seq);
      }
    }
    after = page->next;
    if (after.empty()) break;
  }
  said.next_seq = next_seq;
  const std::lock_guard lock(mutex_);
  controls_.insert_or_assign(tenant, said);
  return said;
}

Result<FullVerification> FreshnessReader::LastFullVerification(const std::string& tenant) {
  const Result<ChainHead> head = store_.Head(tenant);
  if (!head.ok()) return head.error();
  Result<Controls> said = ControlsOf(tenant, head->next_seq);
  if (!said.ok()) return said.error();
  return std::move(said->verified);
}

}  // namespace intentgate::evidence
