#include "store/memory/memory_store.h"

#include <algorithm>
#include <set>

#include "audit/filter.h"
#include "store/counter_sum.h"

namespace intentgate::store {
namespace {

using audit::StoredEvent;

audit::Cursor CursorOf(const StoredEvent& e) { return {e.ts_micros, e.record.tenant, e.record.seq}; }

// Whether `e` comes after the cursor in the order of the query (audit/filter.h).
bool IsBehind(const StoredEvent& e, const audit::Cursor& c, bool one_tenant, bool ascending) {
  const auto place = std::tie(e.record.tenant, e.record.seq);
  const auto at = std::tie(c.tenant, c.seq);
  if (ascending) return place > at;
  if (one_tenant) return e.record.seq < c.seq;
  return e.ts_micros != c.ts_micros ? e.ts_micros < c.ts_micros : place < at;
}

}  // namespace

ChainHead MemoryStore::Chain::head() const {
  if (events.empty()) return {begin.first_seq, begin.prev_hash};
  return {events.back().record.seq + 1, events.back().record.hash};
}

Result<ChainHead> MemoryStore::Head(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  const auto chain = chains_.find(tenant);
  return chain == chains_.end() ? ChainHead{} : chain->second.head();
}

Status MemoryStore::Append(std::span<const audit::TenantBatch> batches) {
  const std::lock_guard lock(mutex_);
  for (const audit::TenantBatch& batch : batches) {
    if (batch.events.empty()) continue;
    const AuditRecord& first = batch.events.front().record;
    const auto chain = chains_.find(batch.tenant);
    const ChainHead head = chain == chains_.end() ? ChainHead{} : chain->second.head();
    if (first.seq != head.next_seq || first.prev_hash != head.hash) {
      return Error{ErrorCode::kConflict, "the chain of tenant " + batch.tenant + " has moved"};
    }
  }
  for (const audit::TenantBatch& batch : batches) {
    Chain& into = chains_[batch.tenant];
    std::vector<StoredEvent>& chain = into.events;
    for (const StoredEvent& event : batch.events) {
      chain.push_back(event);
      chain.back().charges.clear();
      chain.back().private_values.clear();
      if (!event.private_values.empty()) into.values[event.record.seq] = event.private_values;
      for (const Charge& charge : event.charges) {
        std::int64_t& sum = counters_[{batch.tenant, charge.counter, charge.bucket}];
        sum = AddSaturated(sum, charge.amount);
      }
    }
  }
  return {};
}

Result<std::vector<StoredEvent>> MemoryStore::ScanStored(std::string_view tenant, std::int64_t from_seq,
                                                         std::size_t limit) {
  const std::lock_guard lock(mutex_);
  const auto chain = chains_.find(tenant);
  if (chain == chains_.end()) return std::vector<StoredEvent>{};
  const std::vector<StoredEvent>& events = chain->second.events;
  const std::int64_t index = std::max<std::int64_t>(from_seq - chain->second.begin.first_seq, 0);
  const std::size_t from = std::min(events.size(), static_cast<std::size_t>(index));
  const std::size_t count = std::min({limit, audit::kMaxPage, events.size() - from});
  const auto begin = events.begin() + static_cast<std::ptrdiff_t>(from);
  return std::vector<StoredEvent>(begin, begin + static_cast<std::ptrdiff_t>(count));
}

Result<std::vector<AuditRecord>> MemoryStore::Scan(std::string_view tenant, std::int64_t from_seq, std::size_t limit) {
  Result<std::vector<StoredEvent>> events = ScanStored(tenant, from_seq, limit);
  if (!events.ok()) return events.error();
  std::vector<AuditRecord> records;
  records.reserve(events->size());
  for (StoredEvent& event : *events) records.push_back(std::move(event.record));
  return records;
}

std::vector<const StoredEvent*> MemoryStore::Ordered(const AuditFilter& filter, bool ascending) const {
  std::vector<const StoredEvent*> events;
  for (const auto& [tenant, chain] : chains_) {
    if (!filter.tenant.empty() && filter.tenant != tenant) continue;
    for (const StoredEvent& event : chain.events) {
      if (audit::Matches(filter, event)) events.push_back(&event);
    }
  }
  if (ascending) return events;   // the map's order is tenant by tenant, and within it by seq
  std::reverse(events.begin(), events.end());
  if (filter.tenant.empty()) {
    std::stable_sort(events.begin(), events.end(),
                     [](const StoredEvent* a, const StoredEvent* b) { return a->ts_micros > b->ts_micros; });
  }
  return events;
}

Result<AuditPage> MemoryStore::Query(const AuditFilter& filter, bool ascending, std::string_view after,
                                     std::size_t limit) {
  if (Status s = audit::CheckPageLimit(limit); !s.ok()) return s.error();
  audit::Cursor cursor;
  if (!after.empty()) {
    Result<audit::Cursor> read = audit::ReadCursor(after);
    if (!read.ok()) return read.error();
    cursor = std::move(*read);
  }
  const std::lock_guard lock(mutex_);
  AuditPage page;
  audit::Cursor last;
  for (const StoredEvent* event : Ordered(filter, ascending)) {
    if (!after.empty() && !IsBehind(*event, cursor, !filter.tenant.empty(), ascending)) continue;
    if (page.records.size() == limit) {
      page.next = audit::WriteCursor(last);
      break;
    }
    page.records.push_back(event->record);
    last = CursorOf(*event);
  }
  return page;
}

Result<std::int64_t> MemoryStore::Count(const AuditFilter& filter) {
  const std::lock_guard lock(mutex_);
  return static_cast<std::int64_t>(Ordered(filter, true).size());
}

Result<std::vector<std::string>> MemoryStore::Tenants() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> tenants;
  for (const auto& [tenant, chain] : chains_) {
    if (chain.head().next_seq > 0) tenants.push_back(tenant);
  }
  return tenants;
}

Result<audit::PrunePoint> MemoryStore::Pruned(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  const auto chain = chains_.find(tenant);
  return chain == chains_.end() ? audit::PrunePoint{} : chain->second.begin;
}

Status MemoryStore::Prune(std::string_view tenant, const audit::PrunePoint& point) {
  const std::lock_guard lock(mutex_);
  const auto found = chains_.find(tenant);
  Chain empty;
  Chain& chain = found == chains_.end() ? empty : found->second;
  const audit::LegalHold* held = HoldThat(tenant, [&](const audit::LegalHold& hold) {
    return hold.covers_everything() || std::any_of(chain.events.begin(), chain.events.end(), [&](const StoredEvent& e) {
             return e.record.seq < point.first_seq && hold.Covers(e.ts_micros);
           });
  });
  if (held != nullptr) return audit::HeldError(*held);
  if (point.first_seq <= chain.begin.first_seq) return {};
  if (point.first_seq > chain.head().next_seq) return audit::BeyondHeadError(tenant, point, chain.head());
  const auto end = chain.events.begin() + static_cast<std::ptrdiff_t>(point.first_seq - chain.begin.first_seq);
  chain.events.erase(chain.events.begin(), end);
  chain.values.erase(chain.values.begin(), chain.values.lower_bound(point.first_seq));
  chain.begin = point;
  return {};
}

const StoredEvent* MemoryStore::Chain::At(std::int64_t seq) const {
  const std::int64_t index = seq - begin.first_seq;
  if (index < 0 || index >= static_cast<std::int64_t>(events.size())) return nullptr;
  return &events[static_cast<std::size_t>(index)];
}

const audit::LegalHold* MemoryStore::HoldThat(std::string_view tenant,
                                              const std::function<bool(const audit::LegalHold&)>& covers) const {
  for (const auto& [key, hold] : holds_) {
    if (key.first == tenant && covers(hold)) return &hold;
  }
  return nullptr;
}

Result<std::vector<audit::PlacedValue>> MemoryStore::PrivateValues(std::string_view tenant,
                                                                   std::span<const std::int64_t> seqs) {
  const std::lock_guard lock(mutex_);
  std::vector<audit::PlacedValue> out;
  const auto chain = chains_.find(tenant);
  if (chain == chains_.end()) return out;
  for (const std::int64_t seq : std::set<std::int64_t>(seqs.begin(), seqs.end())) {
    const auto found = chain->second.values.find(seq);
    if (found == chain->second.values.end()) continue;
    for (const PrivateValue& value : found->second) out.push_back({seq, value});
  }
  return out;
}

Result<std::int64_t> MemoryStore::ErasePrivateValues(std::string_view tenant, std::span<const std::int64_t> seqs) {
  const std::lock_guard lock(mutex_);
  const auto chain = chains_.find(tenant);
  if (chain == chains_.end()) return std::int64_t{0};
  for (const std::int64_t seq : seqs) {
    const StoredEvent* event = chain->second.At(seq);
    if (event == nullptr) continue;
    const audit::LegalHold* held =
        HoldThat(tenant, [&](const audit::LegalHold& hold) { return hold.Covers(event->ts_micros); });
    if (held != nullptr) return audit::HeldError(*held);
  }
  std::int64_t erased = 0;
  for (const std::int64_t seq : seqs) {
    const auto found = chain->second.values.find(seq);
    if (found == chain->second.values.end()) continue;
    erased += static_cast<std::int64_t>(found->second.size());
    chain->second.values.erase(found);
  }
  return erased;
}

Status MemoryStore::AddHold(const audit::LegalHold& hold) {
  const std::lock_guard lock(mutex_);
  if (holds_.try_emplace({hold.tenant, hold.id}, hold).second) return {};
  return audit::HoldExistsError(hold);
}

Status MemoryStore::RemoveHold(std::string_view tenant, std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (holds_.erase({std::string(tenant), std::string(id)}) == 1) return {};
  return audit::NoHoldError(tenant, id);
}

Result<std::vector<audit::LegalHold>> MemoryStore::Holds(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  std::vector<audit::LegalHold> out;
  for (const auto& [key, hold] : holds_) {
    if (tenant.empty() || key.first == tenant) out.push_back(hold);
  }
  return out;
}

Result<std::vector<tlog::Hash>> MemoryStore::ChainHashes(std::string_view tenant, std::int64_t from_seq,
                                                         std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<tlog::Hash> hashes;
  const auto chain = chains_.find(tenant);
  if (chain == chains_.end() || from_seq >= chain->second.head().next_seq) return hashes;
  if (from_seq < chain->second.begin.first_seq) return audit::MissingEventError(tenant, from_seq);
  const std::vector<StoredEvent>& events = chain->second.events;
  for (auto at = static_cast<std::size_t>(from_seq - chain->second.begin.first_seq);
       at < events.size() && hashes.size() < limit; ++at) {
    const Result<tlog::Hash> hash = audit::HashFromHex(events[at].record.hash);
    if (!hash.ok()) return hash.error();
    hashes.push_back(*hash);
  }
  return hashes;
}

Status MemoryStore::PutTiles(std::string_view tenant, std::span<const audit::StoredTile> tiles) {
  const std::lock_guard lock(mutex_);
  return log_.PutTiles(tenant, tiles);
}

Result<audit::StoredTile> MemoryStore::Tile(std::string_view tenant, unsigned level, std::uint64_t index) {
  const std::lock_guard lock(mutex_);
  return log_.Tile(tenant, level, index);
}

Status MemoryStore::DropTiles(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  log_.DropTiles(tenant);
  return {};
}

Status MemoryStore::SetSignerState(std::string_view tenant, const std::optional<audit::SignerState>& expected,
                                   const audit::SignerState& next) {
  const std::lock_guard lock(mutex_);
  return log_.SetSignerState(tenant, expected, next);
}

Result<std::optional<audit::SignerState>> MemoryStore::GetSignerState(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  return log_.GetSignerState(tenant);
}

Status MemoryStore::PutCheckpoint(std::string_view tenant, const audit::StoredCheckpoint& checkpoint) {
  const std::lock_guard lock(mutex_);
  return log_.PutCheckpoint(tenant, checkpoint);
}

Result<std::vector<audit::StoredCheckpoint>> MemoryStore::Checkpoints(std::string_view tenant, std::uint64_t max_size,
                                                                      std::size_t limit) {
  const std::lock_guard lock(mutex_);
  return log_.Checkpoints(tenant, max_size, limit);
}

Result<std::vector<budget::CounterRow>> MemoryStore::Load(std::int64_t oldest_bucket) {
  const std::lock_guard lock(mutex_);
  std::vector<budget::CounterRow> rows;
  for (const auto& [key, amount] : counters_) {
    const auto& [tenant, counter, bucket] = key;
    if (bucket == 0 || bucket >= oldest_bucket) rows.push_back({tenant, counter, bucket, amount});
  }
  return rows;
}

Status MemoryStore::Prune(std::int64_t oldest_bucket) {
  const std::lock_guard lock(mutex_);
  std::erase_if(counters_, [&](const auto& row) {
    const std::int64_t bucket = std::get<2>(row.first);
    return bucket != 0 && bucket < oldest_bucket;
  });
  return {};
}

Status MemoryStore::Add(const token::Revocation& revocation) {
  if (revocation.id.empty()) return Error{ErrorCode::kInvalidArgument, "a revocation needs the id that it ends"};
  const std::lock_guard lock(mutex_);
  const auto [place, added] = revocations_.try_emplace({revocation.tenant, revocation.id}, revocation);
  if (!added) place->second.reason = revocation.reason;
  ++revocation_version_;
  return {};
}

std::vector<token::Revocation> MemoryStore::NewestFirst(std::string_view tenant) const {
  std::vector<token::Revocation> all;
  for (const auto& [key, revocation] : revocations_) {
    if (tenant.empty() || key.first == tenant) all.push_back(revocation);
  }
  std::stable_sort(all.begin(), all.end(), [](const token::Revocation& a, const token::Revocation& b) {
    return a.revoked_at_micros > b.revoked_at_micros;
  });
  return all;
}

Result<token::RevocationPage> MemoryStore::List(std::string_view tenant, std::size_t limit, std::size_t offset) {
  const std::lock_guard lock(mutex_);
  std::vector<token::Revocation> all = NewestFirst(tenant);
  offset = std::min(offset, all.size());
  limit = std::min(limit, all.size() - offset);
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(offset);
  return token::RevocationPage{{begin, begin + static_cast<std::ptrdiff_t>(limit)}, revocation_version_};
}

Result<token::RevocationPage> MemoryStore::All() {
  const std::lock_guard lock(mutex_);
  return token::RevocationPage{NewestFirst({}), revocation_version_};
}

Result<std::int64_t> MemoryStore::Version() {
  const std::lock_guard lock(mutex_);
  return revocation_version_;
}

Result<std::vector<bool>> MemoryStore::TakeProofs(std::span<const token::UsedProof> proofs) {
  const std::lock_guard lock(mutex_);
  std::vector<bool> is_new;
  for (const token::UsedProof& proof : proofs) {
    is_new.push_back(proofs_.insert(proof.id).second);
    if (is_new.back()) proofs_by_end_.emplace(proof.ends_at, proof.id);
  }
  return is_new;
}

Result<std::size_t> MemoryStore::ForgetProofs(std::int64_t ended_before, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::size_t removed = 0;
  for (; removed < limit && !proofs_by_end_.empty() && proofs_by_end_.begin()->first < ended_before; ++removed) {
    proofs_.erase(proofs_by_end_.begin()->second);
    proofs_by_end_.erase(proofs_by_end_.begin());
  }
  return removed;
}

Result<approval::Requested> MemoryStore::RequestApproval(const approval::StoredApproval& wanted,
                                                         const approval::PendingLimits& limits) {
  const std::lock_guard lock(mutex_);
  return approvals_.Request(wanted, limits);
}

Result<std::optional<approval::StoredApproval>> MemoryStore::FindApproval(std::string_view tenant, std::string_view id) {
  const std::lock_guard lock(mutex_);
  return approvals_.Find(tenant, id);
}

Result<std::vector<approval::StoredApproval>> MemoryStore::FindApprovals(std::span<const std::string> ids) {
  const std::lock_guard lock(mutex_);
  return approvals_.Find(ids);
}

Result<std::vector<approval::StoredApproval>> MemoryStore::ListApprovals(const ApprovalFilter& filter,
                                                                         std::string_view after, std::size_t limit,
                                                                         std::int64_t now_micros) {
  const std::lock_guard lock(mutex_);
  return approvals_.List(filter, after, limit, now_micros);
}

Result<bool> MemoryStore::ReplaceApproval(const approval::StoredApproval& next) {
  const std::lock_guard lock(mutex_);
  return approvals_.Replace(next);
}

Result<std::vector<approval::StoredApproval>> MemoryStore::DueApprovals(std::int64_t now_micros, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  return approvals_.Due(now_micros, limit);
}

Status MemoryStore::ForgetApprovals(std::int64_t created_before_micros) {
  const std::lock_guard lock(mutex_);
  approvals_.Forget(created_before_micros);
  return {};
}

Result<std::int64_t> MemoryStore::EraseApprovals(std::string_view tenant, std::span<const std::string> ids) {
  const std::lock_guard lock(mutex_);
  return approvals_.Erase(tenant, ids);
}

}  // namespace intentgate::store
