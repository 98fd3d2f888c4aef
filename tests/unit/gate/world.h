// A gate with everything around it under the test's control.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/intent.h>
#include <intentgate/policy.h>
#include <intentgate/settings.h>

#include "gate/assemble.h"
#include "store/memory/memory_store.h"

namespace intentgate::gate {

inline constexpr std::int64_t kNow = 1'800'000'000;   // unix seconds at which every test starts

// Answers as the test says.
class FakeExtractor final : public IntentExtractor {
 public:
  Result<Intent> Extract(const IntentQuery& query) override {
    ++asked;
    return answer(query);
  }
  std::function<Result<Intent>(const IntentQuery&)> answer = [](const IntentQuery&) -> Result<Intent> { return Intent{}; };
  std::atomic<int> asked{0};
};

// The memory store with switches that make it fail.
class FaultyStore final : public audit::AuditStore, public budget::BudgetStore, public token::RevocationStore {
 public:
  std::atomic<bool> audit_fails{false}, revocations_fail{false}, budget_fails{false};

  Result<ChainHead> Head(std::string_view tenant) override { return store_.Head(tenant); }
  Status Append(std::span<const audit::TenantBatch> batches) override {
    return audit_fails ? Status(Down()) : store_.Append(batches);
  }
  Result<std::vector<AuditRecord>> Scan(std::string_view t, std::int64_t from, std::size_t n) override { return store_.Scan(t, from, n); }
  Result<std::vector<audit::StoredEvent>> ScanStored(std::string_view t, std::int64_t from, std::size_t n) override {
    return store_.ScanStored(t, from, n);
  }
  Result<AuditPage> Query(const AuditFilter& f, bool ascending, std::string_view after, std::size_t n) override {
    return store_.Query(f, ascending, after, n);
  }
  Result<std::int64_t> Count(const AuditFilter& filter) override { return store_.Count(filter); }
  Result<std::vector<std::string>> Tenants() override { return store_.Tenants(); }
  Result<std::vector<budget::CounterRow>> Load(std::int64_t oldest) override {
    if (budget_fails) return Down();
    return store_.Load(oldest);
  }
  Status Prune(std::int64_t oldest) override { return store_.Prune(oldest); }
  Status Add(const token::Revocation& r) override { return revocations_fail ? Status(Down()) : store_.Add(r); }
  Result<token::RevocationPage> List(std::string_view t, std::size_t limit, std::size_t offset) override {
    return store_.List(t, limit, offset);
  }
  Result<token::RevocationPage> All() override {
    if (revocations_fail) return Down();
    return store_.All();
  }
  Result<std::int64_t> Version() override {
    if (revocations_fail) return Down();
    return store_.Version();
  }

 private:
  static Error Down() { return {ErrorCode::kUnavailable, "the store is down"}; }
  store::MemoryStore store_;
};

// Likewise for approvals.
class FaultyApprovals final : public approval::ApprovalStore {
 public:
  std::atomic<bool> fails{false};
  std::function<void()> before_replace = [] {};   // as if somebody else came in between

  Result<approval::Requested> RequestApproval(const approval::StoredApproval& a, const approval::PendingLimits& l) override {
    if (fails) return Down();
    return store_.RequestApproval(a, l);
  }
  Result<std::optional<approval::StoredApproval>> FindApproval(std::string_view t, std::string_view id) override {
    if (fails) return Down();
    return store_.FindApproval(t, id);
  }
  Result<std::vector<approval::StoredApproval>> FindApprovals(std::span<const std::string> ids) override {
    if (fails) return Down();
    return store_.FindApprovals(ids);
  }
  Result<std::vector<approval::StoredApproval>> ListApprovals(const ApprovalFilter& f, std::string_view after, std::size_t n,
                                                              std::int64_t now) override {
    return store_.ListApprovals(f, after, n, now);
  }
  Result<bool> ReplaceApproval(const approval::StoredApproval& next) override {
    std::exchange(before_replace, [] {})();
    if (fails) return Down();
    return store_.ReplaceApproval(next);
  }
  Result<std::vector<approval::StoredApproval>> DueApprovals(std::int64_t now, std::size_t n) override {
    return store_.DueApprovals(now, n);
  }
  Status ForgetApprovals(std::int64_t before) override { return store_.ForgetApprovals(before); }
  Result<std::int64_t> EraseApprovals(std::string_view t, std::span<const std::string> ids) override {
    if (fails) return Down();
    return store_.EraseApprovals(t, ids);
  }

 private:
  static Error Down() { return {ErrorCode::kUnavailable, "the store is down"}; }
  store::MemoryStore store_;
};

std::shared_ptr<const Policy> TestPolicy();

// REQUIRES: settings are changed before Open.
struct World {
  World();

  // Opens, or opens again on the same store.
  Gate& Open();
  std::string Token(std::vector<Caveat> caveats = {}, MintRequest request = {});
  std::string Child(const std::string& parent, std::vector<Caveat> caveats, AttenuateOptions options = {});
  Decision Ask(const std::string& token, const std::string& tool = "read_file", const std::string& arguments = "{}",
               const std::string& prompt = "");
  void Seconds(std::int64_t n) { clock->AdvanceMicros(n * 1'000'000); }
  // The canonical JSON of every event of a tenant, oldest first; the chain is verified on the way.
  std::vector<json::Value> Events(const std::string& tenant = "default");
  json::Value LastEvent(const std::string& tenant = "default");

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(kNow * 1'000'000);
  std::shared_ptr<FaultyStore> store = std::make_shared<FaultyStore>();
  std::shared_ptr<FaultyApprovals> approvals = std::make_shared<FaultyApprovals>();
  std::shared_ptr<token::ProofStore> proofs;   // null: there is none
  std::shared_ptr<FakeExtractor> extractor = std::make_shared<FakeExtractor>();
  std::shared_ptr<const Policy> policy = TestPolicy();
  GateSettings settings;
  std::shared_ptr<Gate> gate;
};

// The verdict, the check and the code in one comparable text: "block capability capability.no_token".
std::string Said(const Decision& d);

inline std::string Text(const json::Value& event, std::string_view member) {
  const json::Value* v = event.Find(member);
  return v == nullptr ? "" : v->is_string() ? v->string_value() : json::Write(*v);
}

}  // namespace intentgate::gate
