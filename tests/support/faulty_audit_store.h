// A store that fails when it is told to. Passes everything on to another store otherwise.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "audit/audit_store.h"

namespace intentgate::test {

class FaultyAuditStore final : public audit::AuditStore {
 public:
  explicit FaultyAuditStore(std::shared_ptr<audit::AuditStore> inner) : inner_(std::move(inner)) {}

  // Appends, counted from 1 at the first one after this call, that do nothing and fail.
  void FailAppend(std::function<bool(int)> which) { Set(fail_, std::move(which)); }
  // Appends that commit and then report failure.
  void LoseAnswer(std::function<bool(int)> which) { Set(lose_, std::move(which)); }
  // Appends that report failure, and that the store finishes later: when Deliver is called.
  void DelayAppend(std::function<bool(int)> which) { Set(delay_, std::move(which)); }
  // Finishes what was delayed, as far as the heads still fit. How many commits happened.
  int Deliver() {
    std::vector<std::vector<audit::TenantBatch>> delayed;
    {
      const std::lock_guard lock(mutex_);
      delayed.swap(delayed_);
    }
    int happened = 0;
    for (const auto& batches : delayed) happened += inner_->Append(batches).ok() ? 1 : 0;
    return happened;
  }
  // Called before each append, to stand in the way.
  void BeforeAppend(std::function<void(std::span<const audit::TenantBatch>)> hook) {
    const std::lock_guard lock(mutex_);
    before_ = std::move(hook);
  }
  // Whether reads fail.
  void FailReads(bool fail) { fail_reads_ = fail; }
  int appends() const { return appends_; }

  Result<ChainHead> Head(std::string_view tenant) override {
    if (fail_reads_) return Down();
    return inner_->Head(tenant);
  }
  Status Append(std::span<const audit::TenantBatch> batches) override {
    std::function<bool(int)> fail, lose, delay;
    std::function<void(std::span<const audit::TenantBatch>)> before;
    int n = 0;
    {
      const std::lock_guard lock(mutex_);
      n = ++appends_;
      fail = fail_;
      lose = lose_;
      delay = delay_;
      before = before_;
    }
    if (before) before(batches);
    if (fail && fail(n)) return Down();
    if (delay && delay(n)) {
      const std::lock_guard lock(mutex_);
      delayed_.emplace_back(batches.begin(), batches.end());
      return Down();
    }
    if (lose && lose(n)) {
      const Status done = inner_->Append(batches);
      return done.ok() ? Status(Down()) : done;
    }
    return inner_->Append(batches);
  }
  Result<std::vector<AuditRecord>> Scan(std::string_view tenant, std::int64_t from_seq, std::size_t limit) override {
    if (fail_reads_) return Down();
    return inner_->Scan(tenant, from_seq, limit);
  }
  Result<std::vector<audit::StoredEvent>> ScanStored(std::string_view tenant, std::int64_t from_seq,
                                                     std::size_t limit) override {
    if (fail_reads_) return Down();
    return inner_->ScanStored(tenant, from_seq, limit);
  }
  Result<AuditPage> Query(const AuditFilter& filter, bool ascending, std::string_view after,
                          std::size_t limit) override {
    if (fail_reads_) return Down();
    return inner_->Query(filter, ascending, after, limit);
  }
  Result<std::int64_t> Count(const AuditFilter& filter) override { return inner_->Count(filter); }
  Result<std::vector<std::string>> Tenants() override {
    if (fail_reads_) return Down();
    return inner_->Tenants();
  }
  Result<audit::PrunePoint> Pruned(std::string_view tenant) override {
    if (fail_reads_) return Down();
    return inner_->Pruned(tenant);
  }

 private:
  static Error Down() { return {ErrorCode::kIo, "the disk is gone"}; }
  void Set(std::function<bool(int)>& slot, std::function<bool(int)> which) {
    const std::lock_guard lock(mutex_);
    slot = std::move(which);
    appends_ = 0;
  }

  const std::shared_ptr<audit::AuditStore> inner_;
  std::mutex mutex_;
  std::function<bool(int)> fail_, lose_, delay_;
  std::vector<std::vector<audit::TenantBatch>> delayed_;
  std::function<void(std::span<const audit::TenantBatch>)> before_;
  std::atomic<int> appends_{0};
  std::atomic<bool> fail_reads_{false};
};

}  // namespace intentgate::test
