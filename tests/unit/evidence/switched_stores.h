// Stores that pass everything on to the store that the test names, and can be made to name another one.
#pragma once

#include <functional>

#include "audit/audit_store.h"
#include "audit/log_store.h"

namespace intentgate::test {

struct SwitchedChain final : audit::AuditStore {
  explicit SwitchedChain(audit::AuditStore& store) : now(&store) {}
  audit::AuditStore* now;
  std::function<void(ChainHead&)> change_head;   // what a head row is made to say

  Result<ChainHead> Head(std::string_view t) override {
    Result<ChainHead> head = now->Head(t);
    if (head.ok() && change_head) change_head(*head);
    return head;
  }
  Status Append(std::span<const audit::TenantBatch> b) override { return now->Append(b); }
  Result<std::vector<AuditRecord>> Scan(std::string_view t, std::int64_t f, std::size_t n) override { return now->Scan(t, f, n); }
  Result<std::vector<audit::StoredEvent>> ScanStored(std::string_view t, std::int64_t f, std::size_t n) override {
    return now->ScanStored(t, f, n);
  }
  Result<AuditPage> Query(const AuditFilter& f, bool a, std::string_view after, std::size_t n) override {
    return now->Query(f, a, after, n);
  }
  Result<std::int64_t> Count(const AuditFilter& f) override { return now->Count(f); }
  Result<std::vector<std::string>> Tenants() override { return now->Tenants(); }
};

struct SwitchedTree final : audit::LogStore {
  explicit SwitchedTree(audit::LogStore& log) : now(&log) {}
  audit::LogStore* now;

  Result<std::vector<tlog::Hash>> ChainHashes(std::string_view t, std::int64_t f, std::size_t n) override {
    return now->ChainHashes(t, f, n);
  }
  Status PutTiles(std::string_view t, std::span<const audit::StoredTile> tiles) override { return now->PutTiles(t, tiles); }
  Result<audit::StoredTile> Tile(std::string_view t, unsigned l, std::uint64_t i) override { return now->Tile(t, l, i); }
  Status DropTiles(std::string_view t) override { return now->DropTiles(t); }
  Status SetSignerState(std::string_view t, const std::optional<audit::SignerState>& e, const audit::SignerState& n) override {
    return now->SetSignerState(t, e, n);
  }
  Result<std::optional<audit::SignerState>> GetSignerState(std::string_view t) override { return now->GetSignerState(t); }
  Status PutCheckpoint(std::string_view t, const audit::StoredCheckpoint& c) override { return now->PutCheckpoint(t, c); }
  Result<std::vector<audit::StoredCheckpoint>> Checkpoints(std::string_view t, std::uint64_t m, std::size_t n) override {
    return now->Checkpoints(t, m, n);
  }
};

}  // namespace intentgate::test
