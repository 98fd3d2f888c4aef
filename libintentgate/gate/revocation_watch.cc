#include "gate/revocation_watch.h"

#include <chrono>
#include <utility>

namespace intentgate::gate {
namespace {

// Tenant and id in one text; the length in front keeps two different pairs apart.
std::string KeyOf(std::string_view tenant, std::string_view id) {
  std::string key = std::to_string(tenant.size());
  key.reserve(key.size() + 1 + tenant.size() + id.size());
  return key.append(1, ':').append(tenant).append(id);
}

}  // namespace

RevocationWatch::RevocationWatch(std::shared_ptr<token::RevocationStore> store, std::shared_ptr<const Clock> clock,
                                 const RevocationOptions& options)
    : store_(std::move(store)), clock_(std::move(clock)), options_(options) {}

Result<std::unique_ptr<RevocationWatch>> RevocationWatch::Start(std::shared_ptr<token::RevocationStore> store,
                                                                std::shared_ptr<const Clock> clock,
                                                                const RevocationOptions& options) {
  std::unique_ptr<RevocationWatch> watch(new RevocationWatch(std::move(store), std::move(clock), options));
  if (Status s = watch->Refresh(); !s.ok()) return s.error();
  // A failure needs no handling: the snapshot grows old and then everything is refused.
  watch->refresher_ = std::make_unique<base::Periodic>(std::chrono::milliseconds(options.refresh_ms),
                                                 [raw = watch.get()] { static_cast<void>(raw->Refresh().ok()); });
  return watch;
}

std::shared_ptr<const RevocationWatch::Snapshot> RevocationWatch::Current() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

Status RevocationWatch::Refresh() {
  const std::lock_guard lock(refresh_mutex_);
  last_refresh_ok_ = false;
  // The age counts from before the reading: what changed meanwhile may not be in it.
  const std::int64_t now = clock_->MonotonicNanos();
  Result<std::int64_t> version = store_->Version();
  if (!version.ok()) return version.error();
  const std::shared_ptr<const Snapshot> current = Current();
  if (!current || current->version != *version) {
    Result<token::RevocationPage> all = store_->All();
    if (!all.ok()) return all.error();
    auto next = std::make_shared<Snapshot>();
    next->version = all->version;
    for (const token::Revocation& one : all->revocations) next->keys.insert(KeyOf(one.tenant, one.id));
    const std::lock_guard swap(snapshot_mutex_);
    snapshot_ = std::move(next);
  }
  read_at_nanos_.store(now);
  last_refresh_ok_ = true;
  return {};
}

bool RevocationWatch::fresh() const {
  return clock_->MonotonicNanos() - read_at_nanos_.load() <= options_.max_age_ms * 1'000'000;
}

// A process that was stopped for a while finds its snapshot old though the store is well. It is worth
// one reading; not so when the last one failed or one is going on: then callers would queue behind
// a store that hangs.
bool RevocationWatch::FreshAfterTrying() {
  if (fresh()) return true;
  {
    const std::unique_lock lock(refresh_mutex_, std::try_to_lock);
    if (!lock.owns_lock() || !last_refresh_ok_) return false;
  }
  return Refresh().ok() && fresh();
}

RevocationAnswer RevocationWatch::Ask(std::string_view tenant, std::span<const std::string> ids) {
  if (!FreshAfterTrying()) return RevocationAnswer::kUnavailable;
  const std::shared_ptr<const Snapshot> snapshot = Current();
  if (snapshot->keys.empty()) return RevocationAnswer::kGood;
  for (const std::string& id : ids) {
    if (snapshot->keys.contains(KeyOf(tenant, id)) || snapshot->keys.contains(KeyOf("", id))) {
      return RevocationAnswer::kRevoked;
    }
  }
  return RevocationAnswer::kGood;
}

Status RevocationWatch::Revoke(const token::Revocation& revocation) {
  const std::lock_guard lock(refresh_mutex_);
  if (Status s = store_->Add(revocation); !s.ok()) return s;
  const std::lock_guard swap(snapshot_mutex_);
  // The version stays the old one, so that the next refresh reads what others have added since.
  auto next = std::make_shared<Snapshot>(*snapshot_);
  next->keys.insert(KeyOf(revocation.tenant, revocation.id));
  snapshot_ = std::move(next);
  return {};
}

}  // namespace intentgate::gate
