// Everything in this process's memory, gone with it. For tests and for short-lived embedding.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "approval/approval_store.h"
#include "audit/audit_store.h"
#include "audit/log_store.h"
#include "audit/retention_store.h"
#include "budget/budget_store.h"
#include "store/memory/approval_tables.h"
#include "store/memory/log_tables.h"
#include "token/proof_store.h"
#include "token/revocation_store.h"

namespace intentgate::store {

// Thread-safe. Grows without bound: an audit chain forgets nothing.
class MemoryStore final : public audit::AuditStore,
                          public audit::RetentionStore,
                          public audit::LogStore,
                          public audit::PrivateValueStore,
                          public budget::BudgetStore,
                          public token::RevocationStore,
                          public token::ProofStore,
                          public approval::ApprovalStore {
 public:
  MemoryStore() = default;

  Result<ChainHead> Head(std::string_view tenant) override;
  Status Append(std::span<const audit::TenantBatch> batches) override;
  Result<std::vector<AuditRecord>> Scan(std::string_view tenant, std::int64_t from_seq, std::size_t limit) override;
  Result<std::vector<audit::StoredEvent>> ScanStored(std::string_view tenant, std::int64_t from_seq,
                                                     std::size_t limit) override;
  Result<AuditPage> Query(const AuditFilter& filter, bool ascending, std::string_view after,
                          std::size_t limit) override;
  Result<std::int64_t> Count(const AuditFilter& filter) override;
  Result<std::vector<std::string>> Tenants() override;
  Result<audit::PrunePoint> Pruned(std::string_view tenant) override;

  Status Prune(std::string_view tenant, const audit::PrunePoint& point) override;
  Status AddHold(const audit::LegalHold& hold) override;
  Status RemoveHold(std::string_view tenant, std::string_view id) override;
  Result<std::vector<audit::LegalHold>> Holds(std::string_view tenant) override;

  Result<std::vector<audit::PlacedValue>> PrivateValues(std::string_view tenant,
                                                        std::span<const std::int64_t> seqs) override;
  Result<std::int64_t> ErasePrivateValues(std::string_view tenant, std::span<const std::int64_t> seqs) override;

  Result<std::vector<tlog::Hash>> ChainHashes(std::string_view tenant, std::int64_t from_seq,
                                              std::size_t limit) override;
  Status PutTiles(std::string_view tenant, std::span<const audit::StoredTile> tiles) override;
  Result<audit::StoredTile> Tile(std::string_view tenant, unsigned level, std::uint64_t index) override;
  Status DropTiles(std::string_view tenant) override;
  Status SetSignerState(std::string_view tenant, const std::optional<audit::SignerState>& expected,
                        const audit::SignerState& next) override;
  Result<std::optional<audit::SignerState>> GetSignerState(std::string_view tenant) override;
  Status PutCheckpoint(std::string_view tenant, const audit::StoredCheckpoint& checkpoint) override;
  Result<std::vector<audit::StoredCheckpoint>> Checkpoints(std::string_view tenant, std::uint64_t max_size,
                                                           std::size_t limit) override;

  Result<std::vector<budget::CounterRow>> Load(std::int64_t oldest_bucket) override;
  Status Prune(std::int64_t oldest_bucket) override;

  Status Add(const token::Revocation& revocation) override;
  Result<token::RevocationPage> List(std::string_view tenant, std::size_t limit, std::size_t offset) override;
  Result<token::RevocationPage> All() override;
  Result<std::int64_t> Version() override;

  Result<std::vector<bool>> TakeProofs(std::span<const token::UsedProof> proofs) override;
  Result<std::size_t> ForgetProofs(std::int64_t ended_before, std::size_t limit) override;

  Result<approval::Requested> RequestApproval(const approval::StoredApproval& wanted,
                                              const approval::PendingLimits& limits) override;
  Result<std::optional<approval::StoredApproval>> FindApproval(std::string_view tenant, std::string_view id) override;
  Result<std::vector<approval::StoredApproval>> FindApprovals(std::span<const std::string> ids) override;
  Result<std::vector<approval::StoredApproval>> ListApprovals(const ApprovalFilter& filter, std::string_view after,
                                                              std::size_t limit, std::int64_t now_micros) override;
  Result<bool> ReplaceApproval(const approval::StoredApproval& next) override;
  Result<std::vector<approval::StoredApproval>> DueApprovals(std::int64_t now_micros, std::size_t limit) override;
  Status ForgetApprovals(std::int64_t created_before_micros) override;
  Result<std::int64_t> EraseApprovals(std::string_view tenant, std::span<const std::string> ids) override;

 private:
  struct Chain {
    audit::PrunePoint begin;
    std::vector<audit::StoredEvent> events;   // index = seq - begin.first_seq

    std::map<std::int64_t, std::vector<PrivateValue>> values;   // by seq

    ChainHead head() const;
    // Null when there is none, or not any more.
    const audit::StoredEvent* At(std::int64_t seq) const;
  };
  using CounterKey = std::tuple<std::string, std::string, std::int64_t>;

  // Under the lock: the first hold of the tenant for which `covers` is true.
  const audit::LegalHold* HoldThat(std::string_view tenant, const std::function<bool(const audit::LegalHold&)>& covers) const;
  std::vector<const audit::StoredEvent*> Ordered(const AuditFilter& filter, bool ascending) const;
  std::vector<token::Revocation> NewestFirst(std::string_view tenant) const;

  std::mutex mutex_;
  std::map<std::string, Chain, std::less<>> chains_;
  std::map<std::pair<std::string, std::string>, audit::LegalHold> holds_;   // by tenant and id
  MemoryLogTables log_;
  std::map<CounterKey, std::int64_t> counters_;
  std::map<std::pair<std::string, std::string>, token::Revocation> revocations_;   // by tenant and id
  std::int64_t revocation_version_ = 0;
  std::unordered_set<std::string> proofs_;
  std::multimap<std::int64_t, std::string> proofs_by_end_;
  MemoryApprovalTables approvals_;
};

}  // namespace intentgate::store
