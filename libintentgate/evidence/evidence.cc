// Tested by tests/unit/evidence/evidence_test.cc.

#include "evidence/evidence.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include <intentgate/gate.h>

#include "audit/canonical_event.h"
#include "base/encoding.h"
#include "base/periodic.h"
#include "evidence/bundle_writer.h"
#include "evidence/chain_check.h"
#include "evidence/freshness.h"
#include "evidence/full_check.h"
#include "evidence/integrator.h"
#include "evidence/newest.h"
#include "evidence/pruner.h"
#include "evidence/receipt.h"
#include "evidence/tiles_directory.h"
#include "tlog/proof_file.h"

namespace intentgate::evidence {
namespace {

constexpr std::chrono::minutes kRetentionInterval{10};
constexpr std::int64_t kMicrosPerDay = std::int64_t{86'400} * 1'000'000;

Error NoKey() {
  return {ErrorCode::kUnavailable, "no checkpoints are signed here; make a key with `intentgate audit keygen` and name its "
                                   "file in audit.signing.key_file"};
}

Error NoCheckpoint(std::string_view tenant) {
  return {ErrorCode::kNotFound, "tenant " + std::string(tenant) + " has no checkpoint yet"};
}

class EvidenceImpl final : public Evidence {
 public:
  EvidenceImpl(EvidenceSetup setup, audit::AuditLog& log)
      : setup_(std::move(setup)),
        log_(log),
        check_(log.store(), *setup_.tree, Keys(), *setup_.clock, setup_.values.get()),
        witnessing_(setup_.publisher && setup_.publisher->policy && setup_.publisher->policy->asks_for_any()),
        freshness_(log.store(), *setup_.tree, Keys(), *setup_.clock, witnessing_) {
    if (setup_.retention) pruner_ = MakePruner();
    if (pruner_ && setup_.retention_days > 0) {
      retention_ = std::make_unique<base::Periodic>(kRetentionInterval, [this] { PruneOld(); });
    }
    full_check_ = std::make_unique<FullCheck>(
        log_, check_, setup_.clock, setup_.full_check,
        FullCheckHooks{[this](const std::string& tenant) { return freshness_.LastFullVerification(tenant); },
                       [this](const std::string& tenant) { Remember(tenant); },
                       [this](const EvidenceNotice& notice) { TellOnce(notice); }});
    if (!setup_.signer) return;
    if (setup_.publisher) {
      publisher_ = std::make_unique<Publisher>(log_, *setup_.tree, setup_.clock, *std::move(setup_.publisher),
                                               [this](const EvidenceNotice& notice) { Tell(notice); });
    }
    sealer_ = std::make_unique<Sealer>(log_, *setup_.tree, *setup_.signer, setup_.clock, setup_.sealer,
                                       SealerHooks{[this](const std::string& tenant, const audit::StoredCheckpoint& one) {
                                                     if (publisher_) publisher_->Offer(tenant, one);
                                                   },
                                                   [this](const std::string& tenant) { Remember(tenant); },
                                                   [this](const EvidenceNotice& notice) { Tell(notice); }});
  }

  std::string VerifierKey() const override { return setup_.signer ? setup_.signer->verifier().ToString() : std::string(); }

  Result<CheckpointInfo> LatestCheckpoint(std::string_view tenant) override {
    const Result<audit::StoredCheckpoint> newest = Newest(tenant);
    if (!newest.ok()) return newest.error();
    return ToInfo(*newest);
  }

  Result<CheckpointInfo> CheckpointNow(std::string_view tenant) override {
    if (!setup_.signer) return NoKey();
    if (Status s = log_.Flush(); !s.ok()) return s.error();
    const Result<audit::StoredCheckpoint> checkpoint = setup_.signer->CheckpointNow(tenant);
    if (!checkpoint.ok()) return checkpoint.error();
    return ToInfo(*checkpoint);
  }

  Result<EventProof> ProofOf(std::string_view tenant, std::string_view event_id) override;
  Status WriteBundle(const BundleRequest& request, const ExportSink& sink) override {
    if (Status s = log_.Flush(); !s.ok()) return s;
    return evidence::WriteBundle(log_.store(), *setup_.tree, request, *setup_.clock, sink, setup_.values.get());
  }
  Result<CheckpointInfo> WriteTiles(std::string_view tenant, const std::string& directory) override;
  Result<std::string> SignReceipt(const AuditReceipt& receipt) override;
  Result<Freshness> FreshnessOf(std::string_view tenant) override;

  std::vector<Freshness> LastFreshness() const override {
    const std::lock_guard lock(mutex_);
    std::vector<Freshness> out;
    out.reserve(last_.size());
    for (const auto& [tenant, one] : last_) {
      out.push_back(one);
      if (full_check_) full_check_->AddRunning(tenant, out.back().full);
    }
    return out;
  }

  Result<EvidenceReport> Verify(std::string_view tenant, bool incremental) override {
    if (Status s = log_.Flush(); !s.ok()) return s.error();
    Result<EvidenceReport> found = check_.Run(tenant, incremental);
    if (found.ok() && !incremental) full_check_->Note(std::string(tenant), *found);
    return found;
  }

  Result<CheckpointInfo> OpenEpoch(std::string_view tenant, std::string_view why, const AdminContext& admin) override;

  Result<PruneReport> Prune(const PruneRequest& request, const AdminContext& admin) override {
    if (pruner_) return pruner_->Prune(request, admin);
    return Error{ErrorCode::kInvalidArgument, "this store cannot prune"};
  }

  void OnNotice(std::function<void(const EvidenceNotice&)> listener) override {
    std::map<std::string, EvidenceNotice, std::less<>> standing;
    {
      const std::lock_guard lock(mutex_);
      listener_ = listener;
      standing = standing_;
    }
    if (!listener) return;
    for (const auto& [key, notice] : standing) listener(notice);
  }

 private:
  std::unique_ptr<Pruner> MakePruner() {
    PrunerSetup pruner;
    pruner.tree = setup_.tree;
    pruner.retention = setup_.retention;
    pruner.values = setup_.values;
    pruner.clock = setup_.clock;
    pruner.archive_directory = setup_.archive_directory;
    pruner.archive_values = setup_.archive_values;
    pruner.only_witnessed = witnessing_;
    for (const tlog::VerifierKey& key : Keys()) pruner.keys.push_back(key.ToString());
    pruner.sign = [this](std::string_view tenant) {
      if (!setup_.signer) return Status();
      const Result<CheckpointInfo> signed_now = CheckpointNow(tenant);
      return signed_now.ok() ? Status() : Status(signed_now.error());
    };
    return std::make_unique<Pruner>(std::move(pruner), log_);
  }

  void PruneOld() {
    const Result<std::vector<std::string>> tenants = log_.store().Tenants();
    if (!tenants.ok()) return;   // the gate itself says when its store fails
    PruneRequest request;
    request.before_micros = setup_.clock->UnixMicros() - setup_.retention_days * kMicrosPerDay;
    request.reason = "older than audit.retention.days";
    for (const std::string& tenant : *tenants) {
      request.tenant = tenant;
      const Result<PruneReport> report = pruner_->Prune(request, {.actor = "retention", .remote_ip = {}, .elevation_id = {}});
      // A legal hold, or another process that prunes, is no problem.
      const bool good = report.ok() || report.error().code == ErrorCode::kConflict;
      if (!good) Tell({tenant, "old events were not pruned: " + report.error().message, true, "retention"});
      else if (Stands(tenant, "retention")) Tell({tenant, "old events are pruned again", false, "retention"});
    }
  }

  bool Stands(const std::string& tenant, const std::string& source) const {
    const std::lock_guard lock(mutex_);
    return standing_.contains(tenant + '\n' + source);
  }

  std::vector<tlog::VerifierKey> Keys() const {
    return setup_.signer ? setup_.signer->verifiers() : std::vector<tlog::VerifierKey>();
  }

  Result<audit::StoredCheckpoint> Newest(std::string_view tenant) {
    Result<std::optional<audit::StoredCheckpoint>> newest = NewestCheckpoint(*setup_.tree, tenant);
    if (!newest.ok()) return newest.error();
    if (!*newest) return NoCheckpoint(tenant);
    return std::move(**newest);
  }

  // A look that fails leaves the last one, whose ages stand still; the gate itself says when its store fails.
  void Remember(const std::string& tenant) {
    Result<Freshness> now = FreshnessOf(tenant);
    if (!now.ok()) return;
    const std::lock_guard lock(mutex_);
    last_.insert_or_assign(tenant, *std::move(now));
  }

  // Only what is news.
  void TellOnce(const EvidenceNotice& notice) {
    {
      const std::lock_guard lock(mutex_);
      const auto stands = standing_.find(notice.tenant + '\n' + notice.source);
      if (stands == standing_.end() ? !notice.problem : notice.problem && stands->second.message == notice.message) return;
    }
    Tell(notice);
  }

  void Tell(const EvidenceNotice& notice) {
    std::function<void(const EvidenceNotice&)> listener;
    {
      const std::lock_guard lock(mutex_);
      listener = listener_;
      const std::string key = notice.tenant + '\n' + notice.source;
      if (notice.problem) standing_.insert_or_assign(key, notice);
      else standing_.erase(key);
    }
    if (listener) listener(notice);
  }

  EvidenceSetup setup_;
  audit::AuditLog& log_;
  ChainCheck check_;
  const bool witnessing_;            // a quorum of witnesses is asked for
  FreshnessReader freshness_;
  mutable std::mutex mutex_;
  std::map<std::string, Freshness, std::less<>> last_;
  std::map<std::string, EvidenceNotice, std::less<>> standing_;   // problems that are not over, by tenant and source
  std::function<void(const EvidenceNotice&)> listener_;
  std::unique_ptr<Pruner> pruner_;   // null: the store cannot prune
  std::unique_ptr<base::Periodic> retention_;   // null: nothing is pruned by itself
  std::unique_ptr<Publisher> publisher_;
  // Their threads use the others.
  std::unique_ptr<FullCheck> full_check_;
  std::unique_ptr<Sealer> sealer_;
};

Result<EventProof> EvidenceImpl::ProofOf(std::string_view tenant, std::string_view event_id) {
  AuditFilter filter;
  filter.tenant = tenant;
  filter.event_id = event_id;
  if (event_id.empty() || tenant.empty()) return Error{ErrorCode::kInvalidArgument, "a tenant and an event's id are needed"};
  Result<AuditPage> found = log_.store().Query(filter, true, "", 1);
  if (!found.ok()) return found.error();
  if (found->records.empty()) {
    return Error{ErrorCode::kNotFound, "tenant " + std::string(tenant) + " has no event " + std::string(event_id)};
  }
  const AuditRecord& record = found->records.front();
  Result<audit::StoredCheckpoint> newest = Newest(tenant);
  if (!newest.ok() && newest.error().code != ErrorCode::kNotFound) return newest.error();
  if (!newest.ok() || newest->size <= static_cast<std::uint64_t>(record.seq)) {
    return Error{ErrorCode::kUnavailable, "no checkpoint covers event " + std::to_string(record.seq) + " of tenant " +
                                              std::string(tenant) + " yet; try again"};
  }
  Result<std::vector<tlog::Hash>> path =
      tlog::InclusionProof(static_cast<std::uint64_t>(record.seq), newest->size,
                           StoredNodes(*setup_.tree, std::string(tenant), newest->size));
  if (!path.ok()) return path.error();
  tlog::ProofFile proof{record.prev_hash, static_cast<std::uint64_t>(record.seq), *std::move(path), std::move(newest->note)};
  return EventProof{tlog::WriteProofFile(proof), record.seq, record.event_id, record.hash};
}

Result<CheckpointInfo> EvidenceImpl::WriteTiles(std::string_view tenant, const std::string& directory) {
  const Result<audit::StoredCheckpoint> newest = Newest(tenant);
  if (!newest.ok()) return newest.error();
  const Result<audit::PrunePoint> pruned = log_.store().Pruned(tenant);
  if (!pruned.ok()) return pruned.error();
  if (pruned->first_seq > 0) {
    return Error{ErrorCode::kUnavailable, "the first " + std::to_string(pruned->first_seq) + " events of tenant " +
                                              std::string(tenant) + " were pruned; a directory of the whole log cannot be "
                                              "written"};
  }
  if (Status s = WriteTilesDirectory(*setup_.tree, tenant, *newest, directory); !s.ok()) return s.error();
  return ToInfo(*newest);
}

Result<std::string> EvidenceImpl::SignReceipt(const AuditReceipt& receipt) {
  if (!setup_.signer) return NoKey();
  const Result<tlog::Hash> hash = audit::HashFromHex(receipt.hash);
  if (receipt.seq < 0 || !hash.ok()) {
    return Error{ErrorCode::kInvalidArgument, "the event had no place in the chain when its caller was answered; only "
                                              "durable decisions have receipts"};
  }
  return setup_.signer->SignText(WriteReceiptText({setup_.deployment + "/audit/" + receipt.tenant, receipt.seq, *hash,
                                                   setup_.clock->UnixMicros(), setup_.max_merge_delay_ms}));
}

Result<Freshness> EvidenceImpl::FreshnessOf(std::string_view tenant) {
  Result<Freshness> now = freshness_.Read(tenant);
  if (!now.ok()) return now;
  const ChainCheck::Mark mark = check_.MarkOf(tenant);
  now->verified_to = mark.next_seq;
  now->verified_at_micros = mark.at_micros;
  full_check_->AddRunning(tenant, now->full);
  now->signing = setup_.signer != nullptr;
  if (setup_.signer) {
    now->signer_problem = setup_.signer->problem(tenant);
    // Before the first attempt to sign, or when another process signs.
    Result<std::string> contradiction = setup_.signer->Contradiction(tenant);
    if (!contradiction.ok()) return contradiction.error();
    if (now->signer_problem.empty()) now->signer_problem = *std::move(contradiction);
  }
  if (now->ok && !now->signer_problem.empty()) {
    now->ok = false;
    now->problem = now->signer_problem;
  }
  return now;
}

Result<CheckpointInfo> EvidenceImpl::OpenEpoch(std::string_view tenant, std::string_view why, const AdminContext& admin) {
  if (!setup_.signer) return NoKey();
  if (why.empty()) return Error{ErrorCode::kInvalidArgument, "a new epoch needs a reason; it is recorded in the chain"};
  const Result<CheckpointInfo> signs = CheckpointNow(tenant);
  if (signs.ok()) {
    return Error{ErrorCode::kConflict, "checkpoints of tenant " + std::string(tenant) + " are signed; a new epoch is only "
                                       "for a chain that is not the one that was signed for"};
  }
  if (signs.error().code != ErrorCode::kCorrupt) return signs.error();
  const Result<Signer::NewEpoch> plan = setup_.signer->PlanEpoch(tenant);
  if (!plan.ok()) return plan.error();
  json::Value details = json::MakeObject({{"epoch", plan->epoch},
                                          {"problem", signs.error().message},
                                          {"signing_key", VerifierKey()}});
  if (plan->last_trusted) {
    const CheckpointInfo trusted = ToInfo(*plan->last_trusted);
    details.Set("last_trusted", json::MakeObject({{"origin", trusted.origin}, {"root", trusted.root_hex}, {"size", trusted.size}}));
  }
  if (Status s = AppendControl(log_, tenant, "epoch_opened", std::move(details), admin.actor, why); !s.ok()) return s.error();
  const Result<audit::StoredCheckpoint> checkpoint = setup_.signer->BeginEpoch(tenant, plan->epoch);
  if (!checkpoint.ok()) return checkpoint.error();
  return ToInfo(*checkpoint);
}

}  // namespace

std::unique_ptr<Evidence> MakeEvidence(EvidenceSetup setup, audit::AuditLog& log) {
  return std::make_unique<EvidenceImpl>(std::move(setup), log);
}

}  // namespace intentgate::evidence
