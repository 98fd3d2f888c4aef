// The gate: pipeline, chain and admin side behind the public interface.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "budget/ledger.h"
#include "gate/approval_desk.h"
#include "gate/approval_watch.h"
#include "gate/assemble.h"
#include "base/periodic.h"
#include "gate/pipeline.h"
#include "gate/proof_book.h"
#include "gate/revocation_watch.h"
#include "gate/worker_pool.h"

namespace intentgate::gate {

// Calls that wait for a thread of a pool.
inline constexpr std::size_t kMaxWaitingCalls = 1'024;

// Thread-safe.
class GateImpl final : public Gate {
 public:
  // What Create has opened from the parts.
  struct Opened {
    std::unique_ptr<budget::Ledger> ledger;
    std::unique_ptr<RevocationWatch> revocations;
    std::unique_ptr<audit::AuditLog> log;
    ToolTable tools;
  };

  static Result<std::shared_ptr<Gate>> Create(GateParts parts);
  GateImpl(GateParts parts, Opened opened);
  ~GateImpl() override;

  Decision Authorize(const Call& call) override;
  void AuthorizeAsync(const Call& call, DecisionDone done) override;
  Decision Explain(const Call& call) override;
  void RecordRefusedRequest(const Call& call, std::string_view why) override;
  void RecordRefusedToken(const Call& call, const Decision& refusal) override;
  void RecordOutcome(const Decision& d, const Outcome& outcome) override;

  std::vector<bool> VisibleTools(std::string_view token, std::string_view server,
                                 std::span<const std::string> tools, std::string_view holder) override;
  Decision CheckToken(std::string_view token, std::string_view holder) override;
  void UseProof(std::string_view id, std::int64_t ends_at, ProofDone done) override;
  void AcceptForeignTokens(std::shared_ptr<const ForeignTokens> tokens) override;
  void SetToolCatalogue(std::vector<ToolInfo> tools) override;
  Status SetPolicy(std::shared_ptr<const Policy> policy, const AdminContext& admin) override;

  Result<MintedToken> Mint(const MintRequest& request, const AdminContext& admin) override;
  Status Revoke(const RevokeRequest& request, const AdminContext& admin) override;
  Status RecordToolAccepted(const ToolAcceptance& acceptance, const AdminContext& admin) override;
  Result<std::vector<RevocationRow>> Revocations(std::string_view tenant, std::size_t limit, std::size_t offset) override;

  Result<ApprovalPage> ListApprovals(const ApprovalFilter& filter, std::string_view after, std::size_t limit) override;
  Result<Approval> GetApproval(std::string_view tenant, std::string_view id) override;
  Result<Approval> DecideApproval(const ApprovalDecision& decision, const AdminContext& admin) override;
  std::uint64_t WaitApproval(std::string_view tenant, std::string_view id, ApprovalDone done) override;
  void CancelApprovalWait(std::uint64_t wait) override;

  Result<AuditPage> QueryAudit(const AuditFilter& filter, std::string_view after, std::size_t limit) override;
  Result<std::int64_t> CountAudit(const AuditFilter& filter) override;
  Result<VerifyReport> VerifyAudit(std::string_view tenant) override;
  Status ExportAudit(const AuditFilter& filter, ExportFormat format, const ExportSink& sink) override;
  Result<std::vector<std::string>> Tenants() override;
  Evidence* evidence() override { return evidence_.get(); }

  Result<EraseReport> EraseValues(const EraseRequest& request, const AdminContext& admin) override;
  Status PlaceHold(const LegalHold& hold, const AdminContext& admin) override;
  Status LiftHold(std::string_view tenant, std::string_view id, std::string_view reason,
                  const AdminContext& admin) override;
  Result<std::vector<LegalHold>> Holds(std::string_view tenant) override;

  Status Flush() override;
  GateHealth Health() const override;
  AuditStats Stats() const override;
  std::string Describe() const override;

 private:
  // Judges and records on this thread; `done` may come from the log's thread.
  void JudgeAndRecord(const Call& call, DecisionDone done);
  // As JudgeAndRecord, but waits for no store on this thread.
  void JudgeAsync(const Call& call, DecisionDone done);
  void SettleAndRecord(const Call& call, Judged judged, std::int64_t started_nanos, DecisionDone done);
  void Record(const Call& call, Judged judged, std::int64_t started_nanos, DecisionDone done);
  // Refuses on behalf of `check` without asking anyone, and records it.
  void RefuseAndRecord(const Call& call, Refused refused, DecisionDone done);
  Decision ToDecision(const Judged& judged, std::int64_t started_nanos) const;
  Status RecordAdmin(AuditEvent event);
  void StartApprovals();
  // What the approvals' thread does from time to time: records what has expired, forgets what is old.
  void TendApprovals();

  const GateParts parts_;
  const std::unique_ptr<budget::Ledger> ledger_;
  const std::unique_ptr<RevocationWatch> revocations_;
  ApprovalDesk approvals_;
  Pipeline pipeline_;
  std::unique_ptr<base::Periodic> pruner_;
  std::unique_ptr<ProofBook> proofs_;           // null: there is no store for them
  std::unique_ptr<audit::AuditLog> log_;        // dropped before what its callbacks use
  std::unique_ptr<Evidence> evidence_;          // uses the log
  std::int64_t tended_at_nanos_ = 0, forgot_at_nanos_ = 0;   // of the watch's thread
  std::unique_ptr<ApprovalWatch> watch_;        // dropped before the log, which it writes to; null: approvals are off
  std::unique_ptr<WorkerPool> approval_pool_;   // likewise
  std::unique_ptr<WorkerPool> pool_;            // dropped first: its jobs use the log; null without HTTP extractor
};

}  // namespace intentgate::gate
