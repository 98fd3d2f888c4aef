// Group commit: while one batch is being committed the next one gathers, so the time of a commit sets
// the size of the batch and no timer is needed. Tested by tests/unit/audit/audit_log_test.cc, journal_log_test.cc
// and tests/integration/audit_kill9.

#include "audit/audit_log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "audit/canonical_event.h"
#include "audit/chain_writer.h"
#include "audit/journal_lane.h"
#include "audit/spare_events.h"
#include "base/encoding.h"
#include "base/give_way.h"
#include "base/ids.h"
#include "base/string_map.h"

namespace intentgate::audit {
namespace {

constexpr int kCommitBuckets = 14;   // 100 us * 2^i
constexpr int kBatchBuckets = 11;    // 2^i
constexpr std::uint64_t kMinJournalBytes = 64 << 10;
// How long a batch that nobody waits for keeps the processor at a time, and how long it then leaves it.
constexpr std::chrono::nanoseconds kMostAwake = std::chrono::microseconds(250);
constexpr std::chrono::microseconds kRest{100};
// A third of the weight, so a quarter of a processor that one other thread keeps busy; full load takes a fifth of it.
constexpr int kNicer = 5;

// One caller's wait for its event. Outlives the callback, which is its last user and done when the lock is the caller's.
class Wait {
 public:
  AppendDone Done() {
    return [this](Result<AuditReceipt> result) {
      const std::lock_guard lock(mutex_);
      result_.emplace(std::move(result));
      ready_.notify_one();
    };
  }
  Result<AuditReceipt> Take() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return result_.has_value(); });
    return *std::move(result_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::optional<Result<AuditReceipt>> result_;
};

class GroupCommitLog final : public AuditLog {
 public:
  GroupCommitLog(std::shared_ptr<AuditStore> store, AuditLogOptions options, std::shared_ptr<const Clock> clock,
                 std::shared_ptr<Random> random, std::string producer_id)
      : store_(store),
        options_(std::move(options)),
        clock_(clock),
        random_(random),
        producer_id_(producer_id),
        full_events_(std::max<std::size_t>(1, std::min(options_.max_batch, options_.max_queue) / 2)),
        full_bytes_(std::min(options_.max_batch_bytes, options_.max_queue_bytes) / 2),
        chain_(std::move(store), std::move(clock), std::move(random), std::move(producer_id), options_.deployment,
               options_.signing_key, [this] { Rest(); }) {
    stats_.commit_micros_buckets.assign(kCommitBuckets, 0);
    stats_.batch_size_buckets.assign(kBatchBuckets, 0);
  }

  ~GroupCommitLog() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    if (lane_) lane_->Stop();   // while the writer still takes what it drains
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  // Before the first Append.
  Status Start();
  void Append(AuditEvent event, AuditPromise promise, AppendDone done) override;
  Result<AuditReceipt> AppendIf(AuditEvent event, std::function<Status()> still) override;
  Status Flush() override;
  bool healthy() const override { return healthy_.load(std::memory_order_acquire); }
  bool ready(AuditDurability durability) const override {
    return durability == AuditDurability::kJournal ? lane_ && lane_->healthy() : healthy();
  }
  AuditStats stats() const override;
  AuditStore& store() override { return *store_; }

 private:
  struct Producer {
    std::int64_t next_seq = 0;
    bool async_open = false;
    bool may_drop = false;   // an event came that may be dropped: the chain shall be told
  };

  Status OpenJournal();
  Status DrainEarlierJournal(Journal& journal);
  // Makes the page's events, without those that the chain has if `may_be_there`, and the declaration of its damage.
  Result<std::vector<QueuedEventPtr>> EventsOf(const JournalPage& page, bool may_be_there);
  Status IntoChain(const JournalPage& page, bool may_be_there);
  Status Prepare(AuditEvent& event, AuditPromise promise, EventDraft& draft, bool numbered = true) const;
  // Queues it or says why not. `answered`: its caller shall be answered at once; the callback was left here.
  Status Enqueue(QueuedEventPtr& queued, AuditPromise promise, AppendDone& done, bool& answered);
  // Under the lock.
  Status RoomFor(std::size_t bytes, AuditPromise promise) const;
  void EnqueueForChain(QueuedEventPtr queued, bool answered);
  void NoteLost(const QueuedEvent& event, bool acknowledged, std::string_view why);
  void HandOverLost();
  Producer& ProducerOf(const std::string& tenant);
  void Run();
  // Under the lock: whether the writer should leave a wait that the clock would end.
  bool IsDue() const { return stopping_ || taken_out_ < wanted_until_ || IsFull(); }
  // Whether somebody waits for what is being written.
  bool HasWaiters() const { return stopping_ || finished_count_ < wanted_until_; }
  // Or would soon: a full queue lets its callers wait or turns them away.
  bool IsAwaited() const {
    return HasWaiters() || queue_.size() >= options_.max_queue / 2 || queued_bytes_ >= options_.max_queue_bytes / 2;
  }
  bool IsFull() const { return queue_.size() >= full_events_ || queued_bytes_ >= full_bytes_; }
  void AwaitWork(std::unique_lock<std::mutex>& lock);
  void TakeBatch(std::unique_lock<std::mutex>& lock, std::vector<QueuedEventPtr>& batch);
  // `awaited`: by somebody who waits for an event of it, or for all.
  void CommitBatch(std::vector<QueuedEventPtr>& batch, bool awaited);
  void Rest();
  void Recover();
  void Count(const std::vector<QueuedEventPtr>& batch, std::int64_t micros, bool ok);
  void CountRefused();
  void NoteAsyncOpened(const std::vector<QueuedEventPtr>& batch, const std::vector<AuditReceipt>& receipts);

  const std::shared_ptr<AuditStore> store_;
  const AuditLogOptions options_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Random> random_;
  const std::string producer_id_;
  // A queue of this size wakes a writer that lets async events gather. Below the queue's limits, so that
  // nothing is turned away while the writer sleeps.
  const std::size_t full_events_, full_bytes_;
  ChainWriter chain_;   // the writer's thread only, once it runs
  bool lets_others_finish_ = false;           // likewise
  std::optional<std::int64_t> awake_since_;   // likewise; monotonic nanoseconds; unset while the log is opened, which somebody waits for

  mutable std::mutex mutex_;
  std::condition_variable wake_;       // the writer: there is work
  std::condition_variable finished_;   // Flush: a batch is over
  std::deque<QueuedEventPtr> queue_;
  std::size_t queued_bytes_ = 0;
  std::unordered_map<std::string, Producer, base::StringHash, base::StringEq> producers_;
  std::int64_t taken_in_ = 0, taken_out_ = 0, finished_count_ = 0;
  std::int64_t wanted_until_ = 0;   // somebody waits for the events up to this one
  bool idle_ = false;               // the writer sleeps until any event comes
  bool closing_ = false;            // nothing more is taken from callers
  bool stopping_ = false;
  std::map<std::string, std::vector<LostNumbers>> lost_;   // by tenant; not yet with the chain's writer
  AuditStats stats_;

  SpareEvents spare_;
  std::atomic<bool> healthy_{true};
  std::thread thread_;
  std::unique_ptr<JournalLane> lane_;
};

Status GroupCommitLog::Start() {
  if (Status s = chain_.DeclareEarlierLosses(options_.producer_id); !s.ok()) return s;
  if (Status s = OpenJournal(); !s.ok()) return s;
  try {
    thread_ = std::thread([this] {
      if (options_.gives_way) base::GiveWay(kNicer);
      Run();
    });
  } catch (const std::system_error& e) {
    return Error{ErrorCode::kUnavailable, std::string("no thread for the audit log: ") + e.what()};
  }
  return lane_ ? lane_->Start() : Status();
}

Status GroupCommitLog::OpenJournal() {
  const JournalOptions& options = options_.journal;
  if (options.directory.empty()) return {};
  Result<std::unique_ptr<Journal>> journal =
      Journal::Open(options.files ? options.files : SystemJournalFiles(), options.directory,
                    std::min(options.max_segment_bytes, options.max_bytes / 8), producer_id_);
  if (!journal.ok()) return journal.error();
  if (Status s = DrainEarlierJournal(**journal); !s.ok()) {
    return Error{s.error().code, options.directory + ": the journal of an earlier run could not be drained: " +
                                     s.error().message};
  }
  lane_ = std::make_unique<JournalLane>(
      std::move(*journal),
      JournalLaneOptions{options.max_bytes, options_.max_queue, options_.max_batch, options_.max_batch_bytes,
                         options_.retry_micros},
      [this](const JournalPage& page, bool may_be_there) { return IntoChain(page, may_be_there); },
      [this](const QueuedEvent& event) {
        {
          const std::lock_guard lock(mutex_);
          ++stats_.failed;
          NoteLost(event, false, "commit_failed");
        }
        wake_.notify_one();
      });
  return {};
}

// Before anybody asks the store for the counters that these events charge. The head is read first and looked for the
// events second: a commit of the earlier run that the store finishes meanwhile moves the head, and that is a conflict.
Status GroupCommitLog::DrainEarlierJournal(Journal& journal) {
  std::size_t page_size = options_.max_batch;
  for (int conflicts = 0; conflicts <= kMaxConflicts;) {
    const Result<JournalPage> page = journal.Peek(page_size, options_.max_batch_bytes);
    if (!page.ok()) return page.error();
    if (page->empty()) return {};
    for (const JournalEntry& entry : page->entries) {
      if (Status s = chain_.PinHead(entry.draft.stored.record.tenant); !s.ok()) return s;
    }
    Result<std::vector<QueuedEventPtr>> events = EventsOf(*page, true);
    if (!events.ok()) return events.error();
    std::vector<AuditReceipt> receipts;
    const Status s = events->empty() ? Status() : chain_.Commit(*events, receipts);
    if (s.ok()) {
      journal.Drained();
      conflicts = 0;
    } else if (s.error().code == ErrorCode::kConflict) {
      ++conflicts;
      page_size = std::max<std::size_t>(1, page_size / 2);   // the less there is to look for, the less can come between
    } else {
      return s;
    }
  }
  return Error{ErrorCode::kConflict, "other processes write to the same chains all the time; try again"};
}

Result<std::vector<QueuedEventPtr>> GroupCommitLog::EventsOf(const JournalPage& page, bool may_be_there) {
  std::vector<QueuedEventPtr> events;
  for (const JournalEntry& entry : page.entries) {
    const AuditRecord& record = entry.draft.stored.record;
    if (may_be_there) {
      AuditFilter filter;
      filter.tenant = record.tenant;
      filter.event_id = record.event_id;
      const Result<std::int64_t> count = store_->Count(filter);
      if (!count.ok()) return count.error();
      if (*count > 0) continue;
    }
    auto event = std::make_unique<QueuedEvent>();
    event->draft = entry.draft;
    event->journaled = true;
    event->may_be_there = may_be_there;
    if (entry.producer_id == producer_id_) event->journal_seq = entry.producer_seq;
    events.push_back(std::move(event));
  }
  if (!page.damage) return events;
  // Nobody can say any more whose events they were.
  const Result<std::vector<std::string>> tenants = store_->Tenants();
  if (!tenants.ok()) return tenants.error();
  for (const std::string& tenant : *tenants) {
    Result<EventDraft> draft = chain_.MakeLossOf(tenant, page.damage->producer_id, "journal_damaged", page.damage->count);
    if (!draft.ok()) return draft.error();
    auto event = std::make_unique<QueuedEvent>();
    event->draft = std::move(*draft);
    event->journaled = true;
    event->may_be_there = may_be_there;
    events.push_back(std::move(event));
  }
  return events;
}

Status GroupCommitLog::IntoChain(const JournalPage& page, bool may_be_there) {
  Result<std::vector<QueuedEventPtr>> events = EventsOf(page, may_be_there);
  if (!events.ok()) return events.error();
  struct PageWait {
    std::mutex mutex;
    std::condition_variable ready;
    std::size_t left = 0;
    Status status;
  };
  PageWait wait;   // outlives the callbacks: the last one is done when the lock is ours
  wait.left = events->size();
  {
    const std::lock_guard lock(mutex_);
    for (QueuedEventPtr& event : *events) {
      event->done = [&wait](const Result<AuditReceipt>& result) {
        const std::lock_guard done(wait.mutex);
        if (!result.ok()) wait.status = result.error();
        if (--wait.left == 0) wait.ready.notify_one();
      };
      const Producer& producer = ProducerOf(event->draft.stored.record.tenant);
      event->opens_async = producer.may_drop && !producer.async_open;
      EnqueueForChain(std::move(event), false);
    }
  }
  wake_.notify_one();
  std::unique_lock lock(wait.mutex);
  wait.ready.wait(lock, [&] { return wait.left == 0; });
  return wait.status;
}

Status GroupCommitLog::Prepare(AuditEvent& event, AuditPromise promise, EventDraft& draft, bool numbered) const {
  if (promise.durability == AuditDurability::kJournal && !lane_) {
    return Error{ErrorCode::kInvalidArgument, "there is no journal; set audit.journal.directory"};
  }
  if (event.tenant.empty()) event.tenant = "default";
  if (event.ts_micros == 0) event.ts_micros = clock_->UnixMicros();
  if (event.event_id.empty()) {
    Result<std::string> id = base::MakeUuidV7(*clock_, *random_);
    if (!id.ok()) return id.error();
    event.event_id = std::move(*id);
  }
  std::vector<PrivateValue> values = TakePrivate(options_.commit, event);
  if (Status s = AddSalts(*random_, values); !s.ok()) return s;
  FillDraft(std::move(event), producer_id_, numbered, std::move(values), draft);
  if (draft.bytes() > options_.max_event_bytes) {
    return Error{ErrorCode::kLimitExceeded, "the audit event has " + std::to_string(draft.bytes()) +
                                                " bytes, more than max_event_bytes (" +
                                                std::to_string(options_.max_event_bytes) + ")"};
  }
  return {};
}

void GroupCommitLog::Append(AuditEvent event, AuditPromise promise, AppendDone done) {
  if (!done) done = [](const Result<AuditReceipt>&) {};
  QueuedEventPtr queued = spare_.Take();
  Status s = Prepare(event, promise, queued->draft);
  AuditReceipt receipt;
  if (s.ok() && (promise.durability == AuditDurability::kAsync || promise.overflow == AuditOverflow::kDropAndDeclare)) {
    receipt = {queued->draft.stored.record.tenant, -1, queued->draft.stored.record.event_id, ""};
  }
  bool answered = false;
  if (s.ok()) s = Enqueue(queued, promise, done, answered);
  if (!s.ok()) {
    CountRefused();
    done(s.error());
  } else if (answered) {
    done(std::move(receipt));
  }
}

Result<AuditReceipt> GroupCommitLog::AppendIf(AuditEvent event, std::function<Status()> still) {
  auto queued = std::make_unique<QueuedEvent>();
  // Without a number: it may never come, and nobody shall miss it.
  if (Status s = Prepare(event, AuditDurability::kDurable, queued->draft, false); !s.ok()) return s.error();
  queued->still = std::move(still);
  Wait wait;
  queued->done = wait.Done();
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Error{ErrorCode::kUnavailable, "the audit log is closing"};
    if (Status s = RoomFor(queued->draft.bytes(), AuditDurability::kDurable); !s.ok()) return s.error();
    ++stats_.appended;
    EnqueueForChain(std::move(queued), false);
  }
  wake_.notify_one();
  return wait.Take();
}

Status GroupCommitLog::RoomFor(std::size_t bytes, AuditPromise promise) const {
  const bool waits = promise.overflow == AuditOverflow::kBlock;
  if (promise.durability == AuditDurability::kJournal) {
    if (lane_->HasRoom(bytes, waits)) return {};
    return Error{ErrorCode::kLimitExceeded, "the audit journal is full (audit.journal.max_bytes " +
                                                std::to_string(options_.journal.max_bytes) +
                                                "): the store does not take its events, or its disk is slow"};
  }
  const std::size_t reserve = waits ? 2 : 1;
  if (queue_.size() >= reserve * options_.max_queue) {
    return Error{ErrorCode::kLimitExceeded, "the audit queue is full (max_queue " + std::to_string(options_.max_queue) +
                                                "): the store is slower than the events arrive"};
  }
  if (!queue_.empty() && queued_bytes_ + bytes > reserve * options_.max_queue_bytes) {
    return Error{ErrorCode::kLimitExceeded, "the audit queue is full (max_queue_bytes " +
                                                std::to_string(options_.max_queue_bytes) +
                                                "): the store is slower than the events arrive"};
  }
  return {};
}

GroupCommitLog::Producer& GroupCommitLog::ProducerOf(const std::string& tenant) {
  const auto producer = producers_.find(tenant);
  return producer != producers_.end() ? producer->second : producers_.emplace(tenant, Producer()).first->second;
}

void GroupCommitLog::EnqueueForChain(QueuedEventPtr queued, bool answered) {
  queued_bytes_ += queued->draft.bytes();
  queue_.push_back(std::move(queued));
  ++taken_in_;
  if (!answered) wanted_until_ = taken_in_;
}

Status GroupCommitLog::Enqueue(QueuedEventPtr& queued, AuditPromise promise, AppendDone& done, bool& answered) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Error{ErrorCode::kUnavailable, "the audit log is closing"};
    const bool was_due = IsDue();
    const std::size_t bytes = queued->draft.bytes();
    Producer& producer = ProducerOf(queued->draft.stored.record.tenant);
    const bool may_drop = promise.overflow == AuditOverflow::kDropAndDeclare;
    producer.may_drop = producer.may_drop || may_drop;
    const Status room = RoomFor(bytes, promise);
    if (!room.ok() && !(may_drop && producer.async_open)) return room;
    queued->draft.producer_seq = producer.next_seq++;
    ++stats_.appended;
    if (!room.ok()) {
      answered = true;
      ++stats_.dropped;
      NoteLost(*queued, true, "overflow");
      wake = true;
    } else if (promise.durability == AuditDurability::kJournal) {
      queued->done = std::move(done);
      lane_->Push(std::move(queued));
    } else {
      // A caller that would wait for its turn in a full queue is not answered before it.
      const bool full = promise.overflow == AuditOverflow::kBlock && !RoomFor(bytes, promise.durability).ok();
      answered = promise.durability == AuditDurability::kAsync && producer.async_open && !full;
      queued->acknowledged = answered;
      queued->opens_async = !producer.async_open && (promise.durability == AuditDurability::kAsync || may_drop);
      if (!answered) queued->done = std::move(done);
      EnqueueForChain(std::move(queued), answered);
      // Waking costs as much as preparing an event, so the writer is woken only from a sleep that this event ends.
      wake = std::exchange(idle_, false) || IsDue() != was_due || queue_.size() == options_.max_batch;
    }
  }
  if (wake) wake_.notify_one();
  return {};
}

void GroupCommitLog::NoteLost(const QueuedEvent& event, bool acknowledged, std::string_view why) {
  const std::int64_t number = *event.draft.producer_seq;
  std::vector<LostNumbers>& holes = lost_[event.draft.stored.record.tenant];
  const auto known = std::find_if(holes.begin(), holes.end(), [&](const LostNumbers& h) { return h.why == why; });
  LostNumbers& hole = known != holes.end() ? *known : holes.emplace_back(LostNumbers{number, number, 0, 0, std::string(why)});
  hole.first = std::min(hole.first, number);
  hole.last = std::max(hole.last, number);
  ++hole.count;
  hole.acknowledged += acknowledged ? 1 : 0;
}

void GroupCommitLog::HandOverLost() {
  std::map<std::string, std::vector<LostNumbers>> lost;
  {
    const std::lock_guard lock(mutex_);
    lost.swap(lost_);
  }
  for (const auto& [tenant, holes] : lost) {
    for (const LostNumbers& hole : holes) chain_.NoteLost(tenant, hole);
  }
}

// A writer that has just written expects more and sleeps by the clock: events that nobody waits for need
// not wake it. Only when none came does it sleep until it is called.
void GroupCommitLog::AwaitWork(std::unique_lock<std::mutex>& lock) {
  const auto has_work = [this] { return !queue_.empty() || !lost_.empty() || stopping_; };
  if (!healthy()) {
    idle_ = true;
    wake_.wait_for(lock, std::chrono::microseconds(options_.retry_micros), has_work);
    idle_ = false;
    return;
  }
  const std::chrono::microseconds gather(options_.async_delay_micros);
  wake_.wait_for(lock, gather, [this] { return IsDue(); });
  if (has_work()) return;
  idle_ = true;
  wake_.wait(lock, has_work);
  idle_ = false;
  wake_.wait_for(lock, gather, [this] { return IsDue(); });
}

void GroupCommitLog::TakeBatch(std::unique_lock<std::mutex>& lock, std::vector<QueuedEventPtr>& batch) {
  AwaitWork(lock);
  if (options_.max_delay_micros > 0 && !queue_.empty() && !stopping_) {
    wake_.wait_for(lock, std::chrono::microseconds(options_.max_delay_micros),
                   [this] { return queue_.size() >= options_.max_batch || stopping_; });
  }
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < options_.max_batch) {
    const QueuedEvent& front = *queue_.front();
    const std::size_t next = front.draft.bytes();
    if (!batch.empty() && bytes + next > options_.max_batch_bytes) break;
    if (!batch.empty() && front.may_be_there != batch.front()->may_be_there) break;
    if (!batch.empty() && (front.still || batch.front()->still)) break;
    bytes += next;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  taken_out_ += static_cast<std::int64_t>(batch.size());
}

void GroupCommitLog::Run() {
  std::vector<QueuedEventPtr> batch;
  for (;;) {
    bool last = false, awaited = false;
    {
      std::unique_lock lock(mutex_);
      TakeBatch(lock, batch);
      last = stopping_ && batch.empty();
      awaited = HasWaiters();
    }
    HandOverLost();
    if (last) break;
    if (batch.empty()) {
      Recover();
    } else {
      CommitBatch(batch, awaited);
      spare_.Keep(batch);
      batch.clear();   // here, where no caller waits for the lock
      if (healthy()) Recover();   // what other tenants lost
    }
  }
  // What cannot be declared now is found open by the next start.
  if (chain_.FinishUnfinished().ok()) static_cast<void>(chain_.CloseAsync().ok());
}

// Whoever shares the processor with the writer is awake for microseconds, and would wait until a scheduler that shares fairly
// ends the writer's turn, which takes milliseconds. Somebody who waits for an event ends the rest.
void GroupCommitLog::Rest() {
  if (!awake_since_ || clock_->MonotonicNanos() - *awake_since_ < kMostAwake.count()) return;
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, kRest, [this] { return IsAwaited(); });
  awake_since_ = clock_->MonotonicNanos();
}

void GroupCommitLog::CommitBatch(std::vector<QueuedEventPtr>& batch, bool awaited) {
  std::vector<AuditReceipt> receipts;
  // Until the next batch, too: what is then awaited is as a rule what was awaited now.
  if (const bool lets = !awaited; lets_others_finish_ != lets) base::LetOthersFinish(lets_others_finish_ = lets);
  awake_since_ = clock_->MonotonicNanos();
  const std::int64_t start = clock_->MonotonicNanos();
  const Status status = chain_.Commit(batch, receipts);
  const std::int64_t micros = (clock_->MonotonicNanos() - start) / 1000;
  const bool looks_again = !status.ok() && status.error().code == ErrorCode::kConflict && batch.front()->may_be_there;
  // Nothing was lost with an event that was not wanted, so it says nothing of the log.
  const bool unwanted = !status.ok() && batch.front()->still != nullptr;
  if (!unwanted) healthy_.store(status.ok() || looks_again, std::memory_order_release);
  if (status.ok()) NoteAsyncOpened(batch, receipts);
  Count(batch, micros, status.ok());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    // Dropped before Flush may return: what a callback holds must not outlive the log on the log's own thread.
    const AppendDone done = std::move(batch[i]->done);
    if (done) done(status.ok() ? Result<AuditReceipt>(std::move(receipts[i])) : Result<AuditReceipt>(status.error()));
  }
  {
    const std::lock_guard lock(mutex_);
    finished_count_ += static_cast<std::int64_t>(batch.size());
  }
  finished_.notify_all();
}

// An unhealthy log makes its gate deny, so no event may ever come that would prove it well again. The
// declaration of what was lost is that proof.
void GroupCommitLog::Recover() {
  // Without anything to declare it is the journal's next try that proves the store well.
  if (!chain_.HasUnfinished()) return;
  healthy_.store(chain_.FinishUnfinished().ok(), std::memory_order_release);
}

void GroupCommitLog::NoteAsyncOpened(const std::vector<QueuedEventPtr>& batch,
                                     const std::vector<AuditReceipt>& receipts) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i]->opens_async) continue;
    const std::lock_guard lock(mutex_);
    producers_.find(receipts[i].tenant)->second.async_open = true;
  }
}

void GroupCommitLog::Count(const std::vector<QueuedEventPtr>& batch, std::int64_t micros, bool ok) {
  const std::lock_guard lock(mutex_);
  const auto n = static_cast<std::int64_t>(batch.size());
  // What is in the journal has not failed: it is tried again. Of a refused event its caller hears.
  const auto kept =
      std::count_if(batch.begin(), batch.end(), [](const QueuedEventPtr& e) { return e->journaled || e->still != nullptr; });
  (ok ? stats_.committed : stats_.failed) += ok ? n : n - kept;
  ++stats_.batches;
  stats_.last_batch_events = n;
  stats_.last_commit_micros = micros;
  stats_.commit_micros_total += micros;
  for (std::size_t i = 0; i < stats_.commit_micros_buckets.size(); ++i) {
    if (micros <= (std::int64_t{100} << i)) ++stats_.commit_micros_buckets[i];
  }
  for (std::size_t i = 0; i < stats_.batch_size_buckets.size(); ++i) {
    if (n <= (std::int64_t{1} << i)) ++stats_.batch_size_buckets[i];
  }
}

void GroupCommitLog::CountRefused() {
  const std::lock_guard lock(mutex_);
  ++stats_.appended;
  ++stats_.failed;
}

Status GroupCommitLog::Flush() {
  if (lane_) {
    if (Status s = lane_->Flush(); !s.ok()) return s;
  }
  {
    std::unique_lock lock(mutex_);
    const std::int64_t until = taken_in_;
    wanted_until_ = until;
    wake_.notify_one();
    finished_.wait(lock, [&] { return finished_count_ >= until; });
  }
  if (healthy()) return {};
  return Error{ErrorCode::kUnavailable, "the last batch of audit events could not be committed"};
}

AuditStats GroupCommitLog::stats() const {
  const std::lock_guard lock(mutex_);
  AuditStats copy = stats_;
  copy.queue_depth = static_cast<std::int64_t>(queue_.size());
  if (lane_) {
    copy.journal_events = static_cast<std::int64_t>(lane_->journal().events());
    copy.journal_bytes = static_cast<std::int64_t>(lane_->journal().bytes());
    copy.journal_ok = lane_->healthy();
  }
  return copy;
}

Result<std::string> MakeProducerId(const std::string& name, Random& random) {
  std::array<std::uint8_t, 8> bytes{};
  if (Status s = random.Fill(bytes); !s.ok()) return s.error();
  const std::string run = base::HexEncode(bytes);
  return name.empty() ? run : name + ":" + run;
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::Create(std::shared_ptr<AuditStore> store, AuditLogOptions options,
                                                   std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random) {
  if (!store || !clock || !random) {
    return Error{ErrorCode::kInvalidArgument, "an audit log needs a store, a clock and a source of randomness"};
  }
  if (options.max_batch == 0 || options.max_queue == 0) {
    return Error{ErrorCode::kInvalidArgument, "max_batch and max_queue of the audit log must be at least 1"};
  }
  if (options.max_event_bytes > kMaxEventBytes) {
    return Error{ErrorCode::kInvalidArgument, "max_event_bytes of the audit log may be at most " +
                                                  std::to_string(kMaxEventBytes) + ", what verifiers accept"};
  }
  if (!options.journal.directory.empty() && options.journal.max_bytes < kMinJournalBytes) {
    return Error{ErrorCode::kInvalidArgument, "max_bytes of the audit journal must be at least " +
                                                  std::to_string(kMinJournalBytes)};
  }
  Result<std::string> producer_id = MakeProducerId(options.producer_id, *random);
  if (!producer_id.ok()) return producer_id.error();
  auto log = std::make_unique<GroupCommitLog>(std::move(store), std::move(options), std::move(clock), std::move(random),
                                              std::move(*producer_id));
  if (Status s = log->Start(); !s.ok()) return s.error();
  return std::unique_ptr<AuditLog>(std::move(log));
}

Result<AuditReceipt> AuditLog::AppendAndWait(AuditEvent event, AuditPromise promise) {
  Wait wait;
  Append(std::move(event), promise, wait.Done());
  return wait.Take();
}

}  // namespace intentgate::audit
