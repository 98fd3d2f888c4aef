// Tested by tests/unit/audit/chain_writer_test.cc with a store that fails on demand.

#include "audit/chain_writer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/ids.h"

namespace intentgate::audit {
namespace {

constexpr std::size_t kScanPage = 256;
// Failed batches that are looked for again. The chain declares an event lost that is there if more of them than
// this happen after all.
constexpr std::size_t kMaxAbsent = 16;

Error LookAgain() {
  return {ErrorCode::kConflict, "somebody else wrote to the audit chain; look whether the events are there"};
}

}  // namespace

std::string_view ProducerName(std::string_view producer_id) {
  const std::size_t colon = producer_id.rfind(':');
  return colon == std::string_view::npos ? std::string_view() : producer_id.substr(0, colon);
}

ChainWriter::ChainWriter(std::shared_ptr<AuditStore> store, std::shared_ptr<const Clock> clock,
                         std::shared_ptr<Random> random, std::string producer_id, std::string deployment,
                         std::string signing_key, Pause pause)
    : store_(std::move(store)),
      clock_(std::move(clock)),
      random_(std::move(random)),
      producer_id_(std::move(producer_id)),
      deployment_(std::move(deployment)),
      signing_key_(std::move(signing_key)),
      pause_(std::move(pause)) {}

Status ChainWriter::Commit(std::span<const QueuedEventPtr> events, std::vector<AuditReceipt>& receipts) {
  Parts parts;
  for (std::size_t i = 0; i < events.size(); ++i) {
    QueuedEvent& event = *events[i];
    EventDraft& draft = event.draft;
    Part& part = parts[draft.stored.record.tenant];
    part.drafts.push_back(&draft);
    part.indexes.push_back(i);
    part.opens_async = part.opens_async || event.opens_async;
    part.may_be_there = part.may_be_there || event.may_be_there;
    if (event.still) part.still = &event.still;
    part.last_producer_seq = std::max(part.last_producer_seq, draft.producer_seq.value_or(event.journal_seq));
    if (event.journaled || !draft.producer_seq) continue;
    if (part.failed.count == 0) part.failed.first = *draft.producer_seq;
    part.failed.last = *draft.producer_seq;
    ++part.failed.count;
    part.failed.acknowledged += event.acknowledged ? 1 : 0;
  }
  if (Status s = CommitParts(parts); !s.ok()) return s;
  receipts.assign(events.size(), AuditReceipt());
  for (auto& [tenant, part] : parts) {
    for (std::size_t i = 0; i < part.indexes.size(); ++i) {
      const QueuedEvent& event = *events[part.indexes[i]];
      StoredEvent& stored = part.batch.events[part.controls.size() + i];
      if (!event.acknowledged || event.opens_async) {
        receipts[part.indexes[i]] = {tenant, stored.record.seq, stored.record.event_id, stored.record.hash};
      }
      GiveBack(std::move(stored), *part.drafts[i]);
    }
  }
  return {};
}

Status ChainWriter::CommitParts(Parts& parts) {
  Status s = SettleDoubt();
  if (s.ok()) return Write(parts);
  Failed(parts);
  return s;
}

Status ChainWriter::Write(Parts& parts) {
  const bool may_be_there =
      std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.second.may_be_there; });
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    const std::size_t absent = absent_.size();
    Status placed = SettleAbsent();
    if (placed.ok() && may_be_there && (attempt > 0 || absent_.size() < absent)) placed = LookAgain();
    if (placed.ok()) placed = PlaceAll(parts);
    for (const auto& [tenant, part] : parts) {
      if (placed.ok() && part.still != nullptr) placed = (*part.still)();
    }
    if (!placed.ok()) {
      Failed(parts);
      return placed;
    }
    // A hole that was withdrawn leaves nothing to say.
    std::erase_if(parts, [](const auto& part) { return part.second.batch.events.empty(); });
    if (parts.empty()) return {};
    std::vector<TenantBatch> batches;
    batches.reserve(parts.size());
    for (auto& [tenant, part] : parts) batches.push_back(std::move(part.batch));
    Status s = store_->AppendPausing(batches, pause_);
    std::size_t next = 0;
    for (auto& [tenant, part] : parts) part.batch = std::move(batches[next++]);
    if (s.ok()) {
      Succeeded(parts);
      return {};
    }
    for (const auto& [tenant, part] : parts) tenants_[tenant].head.reset();
    if (s.error().code == ErrorCode::kConflict) continue;

    // The error may have come after the commit. One event answers for the whole transaction.
    const AuditRecord& first = parts.begin()->second.batch.events.front().record;
    const Result<bool> there = IsInChain(first.tenant, first.seq, first.event_id);
    if (there.ok() && *there) {
      Succeeded(parts);
      return {};
    }
    if (there.ok()) {
      NoteAbsent(DoubtOf(parts));
      Failed(parts);
      return s;
    }
    doubt_ = DoubtOf(parts);
    for (const auto& [tenant, part] : parts) tenants_[tenant].holes.clear();
    return Error{ErrorCode::kUnavailable, "the audit store failed in a commit and does not say whether it happened: " +
                                              s.error().message};
  }
  Failed(parts);
  return Error{ErrorCode::kConflict, "other processes moved the audit chain " + std::to_string(kMaxConflicts) +
                                         " times in a row; too many writers share one chain"};
}

ChainWriter::Doubt ChainWriter::DoubtOf(const Parts& parts) const {
  const AuditRecord& first = parts.begin()->second.batch.events.front().record;
  Doubt doubt{first.tenant, first.event_id, first.seq, {}, {}, {}, {}};
  for (const auto& [tenant, part] : parts) {
    const auto state = tenants_.find(tenant);
    if (state != tenants_.end() && !state->second.holes.empty()) doubt.declared[tenant] = state->second.holes;
    doubt.failed[tenant] = part.failed;
    doubt.last_producer_seq[tenant] = part.last_producer_seq;
    if (part.opens_async) doubt.opened.push_back(tenant);
  }
  return doubt;
}

// Gives every event its place. The callers' events keep their projections from try to try; what the
// writer adds in front depends on the head and is made anew.
Status ChainWriter::PlaceAll(Parts& parts) {
  for (auto& [tenant, part] : parts) {
    Result<ChainHead> head = HeadOf(tenant);
    if (!head.ok()) return head.error();
    const std::size_t old_controls = part.controls.size();
    part.controls.clear();
    if (Status s = AddControls(tenant, part, *head); !s.ok()) return s;

    std::vector<StoredEvent>& events = part.batch.events;
    std::int64_t seq = head->next_seq;
    std::string_view prev = head->hash;
    const auto place = [&](EventDraft& draft, StoredEvent& event) {
      if (static_cast<std::size_t>(seq) % kRowsBetweenPauses == 0) pause_();
      MoveToPlace(draft, seq++, prev, event.record);
      prev = event.record.hash;
    };
    if (events.empty()) {
      part.batch.tenant = tenant;
      events.reserve(part.controls.size() + part.drafts.size());
      for (EventDraft& control : part.controls) place(control, events.emplace_back(control.stored));
      // Moved and placed at once: of a busy gateway's batch the first event has left the processor's nearer caches by the time the last one is moved.
      for (EventDraft* draft : part.drafts) place(*draft, events.emplace_back(std::move(draft->stored)));
    } else {
      events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(old_controls));
      for (std::size_t i = 0; i < events.size(); ++i) MoveFromPlace(*part.drafts[i], events[i].record);
      std::vector<StoredEvent> controls;
      for (const EventDraft& control : part.controls) controls.push_back(control.stored);
      events.insert(events.begin(), std::make_move_iterator(controls.begin()), std::make_move_iterator(controls.end()));
      for (std::size_t i = 0; i < events.size(); ++i) {
        place(i < part.controls.size() ? part.controls[i] : *part.drafts[i - part.controls.size()], events[i]);
      }
    }
  }
  return {};
}

Status ChainWriter::AddControls(const std::string& tenant, Part& part, const ChainHead& head) {
  const Tenant& state = tenants_[tenant];
  const auto add = [&](Result<EventDraft> draft) -> Status {
    if (!draft.ok()) return draft.error();
    part.controls.push_back(std::move(*draft));
    return {};
  };
  if (head.next_seq == 0) {
    json::Value details = json::MakeObject({{"format", kChainFormat}});
    if (!deployment_.empty()) details.Set("deployment", deployment_);
    if (!signing_key_.empty()) details.Set("signing_key", signing_key_);
    if (Status s = add(MakeControl(tenant, "genesis", EventKind::kGenesis, std::move(details))); !s.ok()) return s;
  }
  for (const Hole& hole : state.holes) {
    if (Status s = add(MakeGap(tenant, hole)); !s.ok()) return s;
  }
  if (part.opens_async && !state.async_open) {
    if (Status s = add(MakeControl(tenant, "async_opened", EventKind::kControl, {})); !s.ok()) return s;
  }
  if (part.closes_async) {
    json::Value details = json::MakeObject({{"last_producer_seq", state.last_producer_seq}});
    if (Status s = add(MakeControl(tenant, "async_closed", EventKind::kControl, std::move(details))); !s.ok()) return s;
  }
  return {};
}

Result<EventDraft> ChainWriter::MakeControl(const std::string& tenant, std::string_view name, EventKind kind,
                                            json::Value details) const {
  Result<std::string> id = base::MakeUuidV7(*clock_, *random_);
  if (!id.ok()) return id.error();
  AuditEvent event;
  event.kind = kind;
  event.event_id = std::move(*id);
  event.ts_micros = clock_->UnixMicros();
  event.tenant = tenant;
  event.tool = "audit/" + std::string(name);
  event.details = std::move(details);
  return MakeDraft(std::move(event), producer_id_, false);
}

Result<EventDraft> ChainWriter::MakeGap(const std::string& tenant, const Hole& hole) {
  return MakeControl(tenant, "gap_declared", EventKind::kControl,
                     json::MakeObject({{"acknowledged", hole.acknowledged},
                                       {"count", hole.count},
                                       {"first_producer_seq", hole.first},
                                       {"last_producer_seq", hole.last},
                                       {"lost_by", producer_id_},
                                       {"why", hole.why}}));
}

Result<EventDraft> ChainWriter::MakeLossOf(const std::string& tenant, std::string_view lost_by, std::string_view why,
                                           std::optional<std::uint64_t> count) const {
  json::Value details = json::MakeObject({{"lost_by", lost_by}, {"why", why}});
  if (count) details.Set("count", *count);
  return MakeControl(tenant, "gap_declared", EventKind::kControl, std::move(details));
}

Result<ChainHead> ChainWriter::HeadOf(const std::string& tenant) {
  Tenant& state = tenants_[tenant];
  if (!state.head) {
    Result<ChainHead> head = store_->HeadToAppend(tenant);
    if (!head.ok()) return head.error();
    state.head = std::move(*head);
  }
  return *state.head;
}

Status ChainWriter::PinHead(const std::string& tenant) {
  const Result<ChainHead> head = HeadOf(tenant);
  return head.ok() ? Status() : head.error();
}

Result<bool> ChainWriter::IsInChain(const std::string& tenant, std::int64_t seq, const std::string& event_id) {
  // Where we put it or nowhere: an event's place is part of its bytes.
  Result<std::vector<AuditRecord>> found = store_->Scan(tenant, seq, 1);
  if (!found.ok()) return found.error();
  return !found->empty() && found->front().seq == seq && found->front().event_id == event_id;
}

Status ChainWriter::SettleDoubt() {
  if (!doubt_) return {};
  const Result<bool> there = IsInChain(doubt_->tenant, doubt_->seq, doubt_->event_id);
  if (!there.ok()) {
    return Error{ErrorCode::kUnavailable,
                 "an earlier commit of the audit store is still in doubt: " + there.error().message};
  }
  const Doubt doubt = *std::exchange(doubt_, std::nullopt);
  if (*there) {
    Happened(doubt);
    return {};
  }
  for (const auto& [tenant, holes] : doubt.declared) {
    for (const Hole& hole : holes) AddHole(tenant, hole);
  }
  for (const auto& [tenant, hole] : doubt.failed) AddHole(tenant, hole);
  NoteAbsent(doubt);
  return {};
}

void ChainWriter::Happened(const Doubt& doubt) {
  for (const auto& [tenant, last] : doubt.last_producer_seq) {
    Tenant& state = tenants_[tenant];
    state.last_producer_seq = std::max(state.last_producer_seq, last);
  }
  for (const std::string& tenant : doubt.opened) tenants_[tenant].async_open = true;
}

void ChainWriter::NoteAbsent(Doubt absent) {
  if (absent_.size() == kMaxAbsent) absent_.erase(absent_.begin());
  absent_.push_back(std::move(absent));
}

// A batch happens at its place or never: once the head has passed it, the event that stands there answers.
Status ChainWriter::SettleAbsent() {
  for (auto absent = absent_.begin(); absent != absent_.end();) {
    const Result<ChainHead> head = HeadOf(absent->tenant);
    if (!head.ok()) return head.error();
    if (head->next_seq <= absent->seq) {
      ++absent;
      continue;
    }
    const Result<bool> there = IsInChain(absent->tenant, absent->seq, absent->event_id);
    if (!there.ok()) return there.error();
    if (*there) {
      Happened(*absent);
      for (const auto& [tenant, holes] : absent->declared) {
        for (const Hole& hole : holes) WithdrawHole(tenant, hole);
      }
      for (const auto& [tenant, hole] : absent->failed) WithdrawHole(tenant, hole);
    }
    absent = absent_.erase(absent);
  }
  return {};
}

void ChainWriter::Succeeded(const Parts& parts) {
  for (const auto& [tenant, part] : parts) {
    Tenant& state = tenants_[tenant];
    const AuditRecord& last = part.batch.events.back().record;
    state.head = ChainHead{last.seq + 1, last.hash};
    state.holes.clear();
    state.last_producer_seq = std::max(state.last_producer_seq, part.last_producer_seq);
    if (part.opens_async) state.async_open = true;
    if (part.closes_async) state.async_open = false;
  }
}

void ChainWriter::Failed(const Parts& parts) {
  for (const auto& [tenant, part] : parts) {
    tenants_[tenant].head.reset();
    AddHole(tenant, part.failed);
  }
}

void ChainWriter::AddHole(const std::string& tenant, const Hole& hole) {
  if (hole.count == 0) return;
  Holes& holes = tenants_[tenant].holes;
  const auto known = std::find_if(holes.begin(), holes.end(), [&](const Hole& h) { return h.why == hole.why; });
  if (known == holes.end()) {
    holes.push_back(hole);
    return;
  }
  known->first = std::min(known->first, hole.first);
  known->last = std::max(known->last, hole.last);
  known->count += hole.count;
  known->acknowledged += hole.acknowledged;
}

// What is in the chain after all. The range may have been joined with another's and so stays; the counts fit.
void ChainWriter::WithdrawHole(const std::string& tenant, const Hole& hole) {
  if (hole.count == 0) return;
  Holes& holes = tenants_[tenant].holes;
  const auto known = std::find_if(holes.begin(), holes.end(), [&](const Hole& h) { return h.why == hole.why; });
  if (known == holes.end()) return;
  known->count -= hole.count;
  known->acknowledged -= hole.acknowledged;
  if (known->count <= 0) holes.erase(known);
}

bool ChainWriter::HasUnfinished() const {
  return doubt_ || std::any_of(tenants_.begin(), tenants_.end(), [](const auto& t) { return !t.second.holes.empty(); });
}

Status ChainWriter::FinishUnfinished() {
  if (Status s = SettleDoubt(); !s.ok()) return s;
  Parts parts;
  for (const auto& [tenant, state] : tenants_) {
    if (!state.holes.empty()) parts[tenant];
  }
  return parts.empty() ? Status() : Write(parts);
}

Status ChainWriter::CloseAsync() {
  Parts parts;
  for (const auto& [tenant, state] : tenants_) {
    if (state.async_open) parts[tenant].closes_async = true;
  }
  return parts.empty() ? Status() : CommitParts(parts);
}

bool ChainWriter::async_opened(std::string_view tenant) const {
  const auto found = tenants_.find(tenant);
  return found != tenants_.end() && found->second.async_open;
}

Status ChainWriter::DeclareEarlierLosses(std::string_view name) {
  Result<std::vector<std::string>> tenants = store_->Tenants();
  if (!tenants.ok()) return tenants.error();
  for (const std::string& tenant : *tenants) {
    if (Status s = DeclareEarlier(tenant, name); !s.ok()) return s;
  }
  return {};
}

// A run that made asynchronous promises says so (async_opened) and at its end that it kept them
// (async_closed). One that never came to its end may have lost what it had not written yet.
Status ChainWriter::DeclareEarlier(const std::string& tenant, std::string_view name) {
  std::set<std::string> open;
  AuditFilter filter;
  filter.tenant = tenant;
  filter.kind = EventKindName(EventKind::kControl);
  std::string after;
  do {
    Result<AuditPage> page = store_->Query(filter, true, after, kScanPage);
    if (!page.ok()) return page.error();
    for (const AuditRecord& record : page->records) {
      const Result<json::Value> event = json::Parse(record.canonical, kEventLimits);
      if (!event.ok()) continue;   // an altered chain is VerifyChain's to report
      const json::Value* tool = event->Find("tool");
      const json::Value* producer = event->Find("producer_id");
      const json::Value* lost_by = event->AtPointer("/details/lost_by");
      if (tool == nullptr || !tool->is_string() || producer == nullptr || !producer->is_string()) continue;
      if (tool->string_value() == "audit/async_opened") open.insert(producer->string_value());
      if (tool->string_value() == "audit/async_closed") open.erase(producer->string_value());
      if (tool->string_value() == "audit/gap_declared" && lost_by != nullptr && lost_by->is_string() &&
          lost_by->string_value() != producer->string_value()) {
        open.erase(lost_by->string_value());
      }
    }
    after = page->next;
  } while (!after.empty());

  for (const std::string& producer : open) {
    if (ProducerName(producer) != name) continue;
    Result<EventDraft> draft =
        MakeControl(tenant, "gap_declared", EventKind::kControl,
                    json::MakeObject({{"lost_by", producer}, {"why", "ended_without_closing"}}));
    if (!draft.ok()) return draft.error();
    const auto event = std::make_unique<QueuedEvent>();
    event->draft = std::move(*draft);
    std::vector<AuditReceipt> receipts;
    if (Status s = Commit({&event, 1}, receipts); !s.ok()) return s;
  }
  return {};
}

}  // namespace intentgate::audit
