// Tested by tests/unit/evidence/pruner_test.cc.

#include "evidence/pruner.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "audit/canonical_event.h"
#include "audit/erasure.h"
#include "base/encoding.h"
#include "base/time_format.h"
#include "evidence/archive_file.h"
#include "evidence/bundle_writer.h"
#include "evidence/integrator.h"
#include "evidence/sealer.h"
#include "tlog/lines.h"

namespace intentgate::evidence {
namespace {

constexpr std::int64_t kNone = -1;
constexpr auto kBlock = static_cast<std::int64_t>(tlog::kTileWidth);
constexpr std::size_t kCheckpointsLookedAt = 1'000;

AuditFilter OfTenant(const std::string& tenant) {
  AuditFilter filter;
  filter.tenant = tenant;
  return filter;
}

Error NoCheckpoint(const std::string& tenant, bool witnessed) {
  return {ErrorCode::kUnavailable, "tenant " + tenant + " has no checkpoint" +
                                       (witnessed ? " with a quorum of witnesses" : "") +
                                       "; nothing can be pruned that no checkpoint covers"};
}

}  // namespace

Result<PruneReport> Pruner::Prune(const PruneRequest& request, const AdminContext& admin) {
  if (setup_.archive_directory.empty()) {
    return Error{ErrorCode::kInvalidArgument, "set audit.retention.archive_directory: nothing is pruned without an archive"};
  }
  if (setup_.keys.empty()) {
    return Error{ErrorCode::kUnavailable, "set audit.signing.key_file: only what a checkpoint covers is pruned"};
  }
  if (request.tenant.empty()) return Error{ErrorCode::kInvalidArgument, "a pruning needs the tenant"};
  const std::lock_guard lock(mutex_);
  const Result<Announced> announced = NewestAnnounced(request.tenant);
  if (!announced.ok()) return announced.error();
  PruneReport report{announced->begin, announced->begin, false, {}, {}};
  if (announced->left && !request.dry_run) {
    if (Status s = setup_.sign(request.tenant); !s.ok()) return s.error();
    if (Status s = setup_.retention->Prune(request.tenant, *announced->left); !s.ok()) return s.error();
    report.resumed = true;
    report.next_first_seq = announced->left->first_seq;
  }
  const Result<std::optional<audit::PrunePoint>> point = Announce(announced->seq, request, admin, report);
  if (!point.ok()) {
    // What another process takes away under this one's hands looks like damage.
    if (Status s = CheckNewest(request.tenant, announced->seq); !s.ok()) return s.error();
    return point.error();
  }
  if (!point->has_value() || request.dry_run) return report;
  // Under a checkpoint, so that a bundle of what remains can say why it does not begin at 0.
  if (Status s = setup_.sign(request.tenant); !s.ok()) return s.error();
  if (Status s = setup_.retention->Prune(request.tenant, **point); !s.ok()) return s.error();
  return report;
}

Result<std::optional<audit::PrunePoint>> Pruner::Announce(std::int64_t newest, const PruneRequest& request,
                                                          const AdminContext& admin, PruneReport& report) {
  const Result<std::optional<Plan>> plan = MakePlan(request, report.next_first_seq);
  if (!plan.ok()) return plan.error();
  if (!plan->has_value()) return std::optional<audit::PrunePoint>();
  const std::int64_t begin = report.next_first_seq;
  report.next_first_seq = (*plan)->point.first_seq;
  if (Status s = CheckHolds(request.tenant, report.next_first_seq); !s.ok()) return s.error();
  if (request.dry_run) return std::optional((*plan)->point);

  const Result<ArchiveFile> archive = WriteArchiveFile(
      setup_.archive_directory, {request.tenant, begin, report.next_first_seq, (*plan)->point.prev_hash, setup_.keys},
      [&](const ExportSink& sink) {
        const ArchiveRequest segment{request.tenant, report.next_first_seq, (*plan)->checkpoint, setup_.archive_values};
        return WriteArchive(log_.store(), *setup_.tree, segment, *setup_.clock, sink, setup_.values.get());
      });
  if (!archive.ok()) return archive.error();
  report.archive = archive->path;
  report.archive_sha256 = archive->sha256;
  if (Status s = Record(**plan, request, admin, report, newest); !s.ok()) return s.error();
  return std::optional((*plan)->point);
}

Result<audit::StoredCheckpoint> Pruner::Checkpoint(const std::string& tenant) {
  constexpr auto kAny = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  Result<std::vector<audit::StoredCheckpoint>> newest =
      setup_.tree->Checkpoints(tenant, kAny, setup_.only_witnessed ? kCheckpointsLookedAt : 1);
  if (!newest.ok()) return newest.error();
  for (audit::StoredCheckpoint& checkpoint : *newest) {
    if (!setup_.only_witnessed || checkpoint.witnessed_at_micros > 0) return std::move(checkpoint);
  }
  return NoCheckpoint(tenant, setup_.only_witnessed);
}

Result<std::optional<Pruner::Plan>> Pruner::MakePlan(const PruneRequest& request, std::int64_t begin) {
  if (Status s = log_.Flush(); !s.ok()) return s.error();
  if (!request.dry_run) {
    if (Status s = setup_.sign(request.tenant); !s.ok()) return s.error();
  }
  Result<audit::StoredCheckpoint> checkpoint = Checkpoint(request.tenant);
  if (!checkpoint.ok()) return checkpoint.error();
  AuditFilter kept = OfTenant(request.tenant);
  kept.from_micros = request.before_micros;
  const Result<AuditPage> first_kept = log_.store().Query(kept, true, "", 1);
  if (!first_kept.ok()) return first_kept.error();
  auto end = static_cast<std::int64_t>(checkpoint->size);
  if (!first_kept->records.empty()) end = std::min(end, first_kept->records.front().seq);
  end = end / kBlock * kBlock;
  if (end <= begin) return std::optional<Plan>();
  const Result<std::vector<AuditRecord>> last = log_.store().Scan(request.tenant, end - 1, 1);
  if (!last.ok()) return last.error();
  if (last->empty() || last->front().seq != end - 1) return audit::MissingEventError(request.tenant, end - 1);
  return std::optional(Plan{{end, last->front().hash}, *std::move(checkpoint)});
}

Result<std::optional<AuditRecord>> Pruner::NewestEvent(const std::string& tenant) {
  AuditFilter filter = OfTenant(tenant);
  filter.kind = audit::EventKindName(EventKind::kControl);
  filter.tool = audit::kPrunedTool;
  Result<AuditPage> newest = log_.store().Query(filter, false, "", 1);
  if (!newest.ok()) return newest.error();
  if (newest->records.empty()) return std::optional<AuditRecord>();
  return std::optional(std::move(newest->records.front()));
}

Status Pruner::CheckNewest(const std::string& tenant, std::int64_t newest) {
  const Result<std::optional<AuditRecord>> now = NewestEvent(tenant);
  if (!now.ok()) return now.error();
  if ((now->has_value() ? (*now)->seq : kNone) == newest) return {};
  return Error{ErrorCode::kConflict, "another process has pruned tenant " + tenant + " meanwhile"};
}

Result<Pruner::Announced> Pruner::NewestAnnounced(const std::string& tenant) {
  const Result<std::optional<AuditRecord>> newest = NewestEvent(tenant);
  if (!newest.ok()) return newest.error();
  // Read behind the event: whoever deletes has said so before.
  const auto begin = [&]() -> Result<std::int64_t> {
    const Result<audit::PrunePoint> now = log_.store().Pruned(tenant);
    if (!now.ok()) return now.error();
    return now->first_seq;
  };
  const Result<std::int64_t> before = begin();
  if (!before.ok()) return before.error();
  if (!newest->has_value()) return Announced{kNone, *before, std::nullopt};
  Result<audit::PrunePoint> said = audit::ReadPruned((*newest)->canonical);
  if (!said.ok()) return said.error();
  const std::int64_t place = (*newest)->seq;
  if (said->first_seq <= *before) return Announced{place, *before, std::nullopt};
  // The chain's word is held against the event before it deletes anything.
  const Result<std::vector<AuditRecord>> last = log_.store().Scan(tenant, said->first_seq - 1, 1);
  if (!last.ok()) return last.error();
  if (last->empty() || last->front().seq != said->first_seq - 1 || last->front().hash != said->prev_hash) {
    const Result<std::int64_t> after = begin();
    if (!after.ok()) return after.error();
    if (said->first_seq <= *after) return Announced{place, *after, std::nullopt};   // just now, by another process
    return Error{ErrorCode::kCorrupt, "an event of tenant " + tenant + " says that the chain begins at " +
                                          std::to_string(said->first_seq) + ", behind another event than the one there; "
                                          "verify the chain"};
  }
  return Announced{place, *before, *std::move(said)};
}

Status Pruner::CheckHolds(const std::string& tenant, std::int64_t next_seq) {
  AuditFilter filter = OfTenant(tenant);
  filter.to_seq = next_seq - 1;
  return audit::CheckHolds(log_.store(), *setup_.retention, filter);
}

Status Pruner::Record(const Plan& plan, const PruneRequest& request, const AdminContext& admin,
                      const PruneReport& report, std::int64_t newest) {
  const auto first = static_cast<std::uint64_t>(plan.point.first_seq);
  const Result<tlog::RangeProof> before =
      tlog::ProveRange(first, first, first, StoredNodes(*setup_.tree, request.tenant, plan.checkpoint.size));
  if (!before.ok()) return before.error();
  json::Array range;
  for (const tlog::Hash& hash : before->left) range.push_back(tlog::WriteHash(hash));
  json::Value details = json::MakeObject(
      {{"archive", std::filesystem::path(report.archive).filename().string()},
       {"archive_sha256", report.archive_sha256},
       {"before", base::FormatRfc3339Micros(request.before_micros)},
       {"checkpoint_size", static_cast<std::int64_t>(plan.checkpoint.size)},
       {"compact_range", std::move(range)},
       {"first_seq", plan.point.first_seq},
       {"prev_hash", plan.point.prev_hash}});
  if (!setup_.keys.empty()) details.Set("signing_key", setup_.keys.front());
  return AppendControl(log_, request.tenant, "pruned", std::move(details), admin.actor, request.reason,
                       [&] { return CheckNewest(request.tenant, newest); });
}

}  // namespace intentgate::evidence
