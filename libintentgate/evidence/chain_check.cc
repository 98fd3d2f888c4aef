// Tested by tests/unit/evidence/chain_check_test.cc, one case for each way in which tree and chain can disagree.

#include "evidence/chain_check.h"

#include <algorithm>
#include <utility>

#include "audit/audit_log.h"
#include "evidence/integrator.h"
#include "evidence/newest.h"
#include "tlog/checkpoint.h"

namespace intentgate::evidence {
namespace {

std::string Events(auto count) { return std::to_string(count) + " events"; }

EvidenceReport WithProblem(EvidenceReport report, std::string problem) {
  report.chain.ok = false;
  report.chain.problem = std::move(problem);
  return report;
}

}  // namespace

std::string CheckpointProblem(const audit::StoredCheckpoint& checkpoint, std::string_view tenant,
                              std::span<const tlog::VerifierKey> keys) {
  const Result<tlog::Note> note = tlog::ParseNote(checkpoint.note);
  if (!note.ok()) return "its note cannot be read: " + note.error().message;
  const Result<tlog::Checkpoint> said = tlog::ParseCheckpoint(note->text);
  if (!said.ok()) return "its note cannot be read: " + said.error().message;
  if (said->size != checkpoint.size || said->root != checkpoint.root ||
      !said->origin.ends_with("/audit/" + std::string(tenant) + "/" + std::to_string(checkpoint.epoch))) {
    return "its note says something else than the columns beside it";
  }
  if (keys.empty()) return "";
  const Result<std::vector<tlog::VerifiedBy>> by = tlog::VerifyNote(*note, keys);
  if (by.ok()) return "";
  return by.error().code == ErrorCode::kUnknownKey ? "none of the configured keys signed it" : "its signature is wrong";
}

ChainCheck::Mark ChainCheck::MarkOf(std::string_view tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = marks_.find(tenant);
  return found == marks_.end() ? Mark{} : found->second;
}

// The tree below the first event that is read: known from the last verification, or empty, or for a pruned chain what
// the tiles say of the events that are gone.
Result<ChainCheck::Mark> ChainCheck::Start(const std::string& tenant, bool incremental) const {
  const Result<audit::PrunePoint> pruned = store_.Pruned(tenant);
  if (!pruned.ok()) return pruned.error();
  Mark mark = incremental ? MarkOf(tenant) : Mark{};
  if (mark.next_seq > 0 && mark.next_seq >= pruned->first_seq) return mark;
  mark = {pruned->first_seq, pruned->prev_hash, std::nullopt, 0};
  const auto size = static_cast<std::uint64_t>(pruned->first_seq);
  if (size == 0) {
    mark.tree.emplace();
    return mark;
  }
  Result<tlog::RangeProof> before = tlog::ProveRange(size, size, size, StoredNodes(log_, tenant, size));
  if (!before.ok()) return mark;
  Result<tlog::CompactRange> range = tlog::CompactRange::Of(size, std::move(before->left));
  if (range.ok()) mark.tree = std::move(*range);
  return mark;
}

Result<EvidenceReport> ChainCheck::Run(std::string_view tenant, bool incremental,
                                       const std::function<Status(const AuditRecord&)>& also) {
  const std::string name(tenant);
  // Before the chain is read: what it covers is in the chain then.
  const Result<std::optional<audit::StoredCheckpoint>> newest = NewestCheckpoint(log_, tenant);
  if (!newest.ok()) return newest.error();
  const std::optional<std::uint64_t> covered = *newest ? std::optional((*newest)->size) : std::nullopt;
  Result<Mark> start = Start(name, incremental);
  if (!start.ok()) return start.error();
  // The first checkpoint may end before the end of a verification that there was without one.
  if (covered && *covered < static_cast<std::uint64_t>(start->next_seq) && !start->at_checkpoint) start = Start(name, false);
  if (!start.ok()) return start.error();
  EvidenceReport report;
  report.chain.tenant = name;
  report.from_seq = start->next_seq;
  report.covered = static_cast<std::int64_t>(covered.value_or(0));
  const Result<ChainHead> head = store_.Head(tenant);
  if (!head.ok()) return head.error();
  if (head->next_seq < start->next_seq) {
    return WithProblem(std::move(report), "truncated: the first " + Events(start->next_seq) +
                                              " were verified before, but the chain has only " + std::to_string(head->next_seq));
  }

  Mark mark = *start;
  std::optional<Mark> at_checkpoint;
  if (covered == static_cast<std::uint64_t>(mark.next_seq)) at_checkpoint = mark;
  bool linked = true;
  const auto each = [&](const AuditRecord& record) -> Status {
    if (record.seq == start->next_seq) linked = record.prev_hash == start->hash;
    mark.next_seq = record.seq + 1;
    mark.hash = record.hash;
    const Result<tlog::Hash> hash = audit::HashFromHex(record.hash);
    if (mark.tree && hash.ok()) mark.tree->Append(tlog::LeafHash(*hash));
    if (covered == static_cast<std::uint64_t>(mark.next_seq)) at_checkpoint = mark;
    return also ? also(record) : Status();
  };
  Result<VerifyReport> walked = audit::VerifyChain(store_, tenant, start->next_seq, each, values_);
  if (!walked.ok()) return walked.error();
  report.chain = std::move(*walked);
  if (!report.chain.ok) return report;
  const bool same_end = report.chain.verified > 0 || start->next_seq == 0 || report.chain.head.hash == start->hash;
  if (!linked || !same_end) {
    report.chain.broken_seq = start->next_seq - 1;
    return WithProblem(std::move(report), "link: event " + std::to_string(start->next_seq - 1) +
                                              " is another than the one that was verified before");
  }
  if (*newest) {
    const std::string problem = Compare(**newest, tenant, at_checkpoint, report.chain.head.next_seq);
    if (!problem.empty()) return WithProblem(std::move(report), "checkpoint: " + problem);
  }
  if (at_checkpoint) mark = *std::move(at_checkpoint);
  mark.at_checkpoint = covered.has_value();
  Keep(name, std::move(mark));
  return report;
}

// "" or how the checkpoint differs from the chain, of which `at` is what stands where the checkpoint ends.
std::string ChainCheck::Compare(const audit::StoredCheckpoint& checkpoint, std::string_view tenant,
                                const std::optional<Mark>& at, std::int64_t events) const {
  std::string problem = CheckpointProblem(checkpoint, tenant, keys_);
  if (!problem.empty()) return problem;
  if (checkpoint.size > static_cast<std::uint64_t>(events)) {
    return "it was signed for " + Events(checkpoint.size) + ", but the chain has only " + std::to_string(events);
  }
  if (!at) return "it covers only " + Events(checkpoint.size) + ", fewer than one that was there before";
  if (!at->tree) return "the tiles over the events that were pruned are not stored, so that it cannot be compared";
  if (at->tree->Root() == checkpoint.root) return "";
  return "the chain's first " + Events(checkpoint.size) + " are others than those that were signed for";
}

void ChainCheck::Keep(const std::string& tenant, Mark mark) {
  mark.at_micros = clock_.UnixMicros();
  const std::lock_guard lock(mutex_);
  marks_.insert_or_assign(tenant, std::move(mark));
}

}  // namespace intentgate::evidence
