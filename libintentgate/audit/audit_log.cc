// Group commit: while one batch is being committed the next one gathers, so the time of a commit sets
// the size of the batch and no timer is needed. Tested by tests/unit/audit/audit_log_test.cc and
// tests/integration/audit_kill9.

#include "audit/audit_log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "audit/canonical_event.h"
#include "audit/chain_writer.h"
#include "base/encoding.h"
#include "base/ids.h"
#include "base/string_map.h"

namespace intentgate::audit {
namespace {

constexpr int kCommitBuckets = 14;   // 100 us * 2^i
constexpr int kBatchBuckets = 11;    // 2^i

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
        chain_(std::move(store), std::move(clock), std::move(random), std::move(producer_id), options_.deployment) {
    stats_.commit_micros_buckets.assign(kCommitBuckets, 0);
    stats_.batch_size_buckets.assign(kBatchBuckets, 0);
  }

  ~GroupCommitLog() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  // Before the first Append.
  Status Start() {
    if (Status s = chain_.DeclareEarlierLosses(options_.producer_id); !s.ok()) return s;
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error& e) {
      return Error{ErrorCode::kUnavailable, std::string("no thread for the audit log: ") + e.what()};
    }
    return {};
  }

  void Append(AuditEvent event, AuditDurability durability, AppendDone done) override;
  Status Flush() override;
  bool healthy() const override { return healthy_.load(std::memory_order_acquire); }
  AuditStats stats() const override;
  AuditStore& store() override { return *store_; }

 private:
  struct Producer {
    std::int64_t next_seq = 0;
    bool async_open = false;
  };

  Status Prepare(AuditEvent& event, EventDraft& draft) const;
  // Queues it or says why not. `answered`: its caller shall be answered at once; the callback was left here.
  Status Enqueue(QueuedEvent& queued, AuditDurability durability, AppendDone& done, bool& answered);
  void Run();
  // Under the lock: whether the writer should leave a wait that the clock would end.
  bool IsDue() const { return stopping_ || taken_out_ < wanted_until_ || IsFull(); }
  bool IsFull() const { return queue_.size() >= full_events_ || queued_bytes_ >= full_bytes_; }
  void AwaitWork(std::unique_lock<std::mutex>& lock);
  void TakeBatch(std::unique_lock<std::mutex>& lock, std::vector<QueuedEvent>& batch);
  void CommitBatch(std::vector<QueuedEvent>& batch);
  void Recover();
  void Count(std::size_t events, std::int64_t micros, bool ok);
  void CountRefused();
  void NoteAsyncOpened(const std::vector<QueuedEvent>& batch, const std::vector<AuditReceipt>& receipts);

  const std::shared_ptr<AuditStore> store_;
  const AuditLogOptions options_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Random> random_;
  const std::string producer_id_;
  // A queue of this size wakes a writer that lets async events gather. Below the queue's limits, so that
  // nothing is turned away while the writer sleeps.
  const std::size_t full_events_, full_bytes_;
  ChainWriter chain_;   // the writer's thread only, once it runs

  mutable std::mutex mutex_;
  std::condition_variable wake_;       // the writer: there is work
  std::condition_variable finished_;   // Flush: a batch is over
  std::deque<QueuedEvent> queue_;
  std::size_t queued_bytes_ = 0;
  std::unordered_map<std::string, Producer, base::StringHash, base::StringEq> producers_;
  std::int64_t taken_in_ = 0, taken_out_ = 0, finished_count_ = 0;
  std::int64_t wanted_until_ = 0;   // somebody waits for the events up to this one
  bool idle_ = false;               // the writer sleeps until any event comes
  bool stopping_ = false;
  AuditStats stats_;

  std::atomic<bool> healthy_{true};
  std::thread thread_;
};

Status GroupCommitLog::Prepare(AuditEvent& event, EventDraft& draft) const {
  if (event.tenant.empty()) event.tenant = "default";
  if (event.ts_micros == 0) event.ts_micros = clock_->UnixMicros();
  if (event.event_id.empty()) {
    Result<std::string> id = base::MakeUuidV7(*clock_, *random_);
    if (!id.ok()) return id.error();
    event.event_id = std::move(*id);
  }
  draft = MakeDraft(std::move(event), producer_id_, true);
  if (draft.text.size() > options_.max_event_bytes) {
    return Error{ErrorCode::kLimitExceeded, "the audit event has " + std::to_string(draft.text.size()) +
                                                " bytes, more than max_event_bytes (" +
                                                std::to_string(options_.max_event_bytes) + ")"};
  }
  return {};
}

void GroupCommitLog::Append(AuditEvent event, AuditDurability durability, AppendDone done) {
  if (!done) done = [](const Result<AuditReceipt>&) {};
  QueuedEvent queued;
  Status s = Prepare(event, queued.draft);
  AuditReceipt receipt;
  if (s.ok() && durability == AuditDurability::kAsync) {
    receipt = {queued.draft.stored.record.tenant, -1, queued.draft.stored.record.event_id, ""};
  }
  bool answered = false;
  if (s.ok()) s = Enqueue(queued, durability, done, answered);
  if (!s.ok()) {
    CountRefused();
    done(s.error());
  } else if (answered) {
    done(std::move(receipt));
  }
}

Status GroupCommitLog::Enqueue(QueuedEvent& queued, AuditDurability durability, AppendDone& done, bool& answered) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Error{ErrorCode::kUnavailable, "the audit log is closing"};
    if (queue_.size() >= options_.max_queue) {
      return Error{ErrorCode::kLimitExceeded, "the audit queue is full (max_queue " +
                                                  std::to_string(options_.max_queue) +
                                                  "): the store is slower than the events arrive"};
    }
    const bool was_due = IsDue();
    const std::size_t bytes = queued.draft.text.size();
    if (!queue_.empty() && queued_bytes_ + bytes > options_.max_queue_bytes) {
      return Error{ErrorCode::kLimitExceeded, "the audit queue is full (max_queue_bytes " +
                                                  std::to_string(options_.max_queue_bytes) +
                                                  "): the store is slower than the events arrive"};
    }
    queued_bytes_ += bytes;
    const std::string& tenant = queued.draft.stored.record.tenant;
    auto producer = producers_.find(tenant);
    if (producer == producers_.end()) producer = producers_.emplace(tenant, Producer()).first;
    queued.draft.producer_seq = producer->second.next_seq++;
    if (durability == AuditDurability::kAsync) {
      answered = producer->second.async_open;
      queued.acknowledged = answered;
      queued.opens_async = !answered;
    }
    if (!answered) queued.done = std::move(done);
    queue_.push_back(std::move(queued));
    ++taken_in_;
    ++stats_.appended;
    if (!answered) wanted_until_ = taken_in_;
    // Waking costs as much as preparing an event, so the writer is woken only from a sleep that this event ends.
    wake = std::exchange(idle_, false) || IsDue() != was_due || queue_.size() == options_.max_batch;
  }
  if (wake) wake_.notify_one();
  return {};
}

// A writer that has just written expects more and sleeps by the clock: events that nobody waits for need
// not wake it. Only when none came does it sleep until it is called.
void GroupCommitLog::AwaitWork(std::unique_lock<std::mutex>& lock) {
  const auto has_work = [this] { return !queue_.empty() || stopping_; };
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

void GroupCommitLog::TakeBatch(std::unique_lock<std::mutex>& lock, std::vector<QueuedEvent>& batch) {
  AwaitWork(lock);
  if (options_.max_delay_micros > 0 && !queue_.empty() && !stopping_) {
    wake_.wait_for(lock, std::chrono::microseconds(options_.max_delay_micros),
                   [this] { return queue_.size() >= options_.max_batch || stopping_; });
  }
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < options_.max_batch) {
    const std::size_t next = queue_.front().draft.text.size();
    if (!batch.empty() && bytes + next > options_.max_batch_bytes) break;
    bytes += next;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  taken_out_ += static_cast<std::int64_t>(batch.size());
}

void GroupCommitLog::Run() {
  std::vector<QueuedEvent> batch;
  for (;;) {
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      TakeBatch(lock, batch);
      last = stopping_ && batch.empty();
    }
    if (last) break;
    if (batch.empty()) {
      Recover();
    } else {
      CommitBatch(batch);
      batch.clear();   // here, where no caller waits for the lock
    }
  }
  // What cannot be declared now is found open by the next start.
  if (chain_.FinishUnfinished().ok()) static_cast<void>(chain_.CloseAsync().ok());
}

void GroupCommitLog::CommitBatch(std::vector<QueuedEvent>& batch) {
  std::vector<AuditReceipt> receipts;
  const std::int64_t start = clock_->MonotonicNanos();
  const Status status = chain_.Commit(batch, receipts);
  const std::int64_t micros = (clock_->MonotonicNanos() - start) / 1000;
  healthy_.store(status.ok(), std::memory_order_release);
  if (status.ok()) NoteAsyncOpened(batch, receipts);
  Count(batch.size(), micros, status.ok());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].done) continue;
    batch[i].done(status.ok() ? Result<AuditReceipt>(std::move(receipts[i])) : Result<AuditReceipt>(status.error()));
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
  if (healthy()) return;
  if (chain_.FinishUnfinished().ok()) healthy_.store(true, std::memory_order_release);
}

void GroupCommitLog::NoteAsyncOpened(const std::vector<QueuedEvent>& batch,
                                     const std::vector<AuditReceipt>& receipts) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].opens_async) continue;
    const std::lock_guard lock(mutex_);
    producers_.find(receipts[i].tenant)->second.async_open = true;
  }
}

void GroupCommitLog::Count(std::size_t events, std::int64_t micros, bool ok) {
  const std::lock_guard lock(mutex_);
  const auto n = static_cast<std::int64_t>(events);
  (ok ? stats_.committed : stats_.failed) += n;
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
  {
    std::unique_lock lock(mutex_);
    const std::int64_t until = taken_in_;
    wanted_until_ = until;
    if (IsDue()) wake_.notify_one();
    finished_.wait(lock, [&] { return finished_count_ >= until; });
  }
  if (healthy()) return {};
  return Error{ErrorCode::kUnavailable, "the last batch of audit events could not be committed"};
}

AuditStats GroupCommitLog::stats() const {
  const std::lock_guard lock(mutex_);
  AuditStats copy = stats_;
  copy.queue_depth = static_cast<std::int64_t>(queue_.size());
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
  Result<std::string> producer_id = MakeProducerId(options.producer_id, *random);
  if (!producer_id.ok()) return producer_id.error();
  auto log = std::make_unique<GroupCommitLog>(std::move(store), std::move(options), std::move(clock), std::move(random),
                                              std::move(*producer_id));
  if (Status s = log->Start(); !s.ok()) return s.error();
  return std::unique_ptr<AuditLog>(std::move(log));
}

Result<AuditReceipt> AuditLog::AppendAndWait(AuditEvent event, AuditDurability durability) {
  struct Wait {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<Result<AuditReceipt>> result;
  };
  Wait wait;   // outlives the callback, which is its last user and done when the lock is ours
  Append(std::move(event), durability, [&wait](Result<AuditReceipt> result) {
    const std::lock_guard lock(wait.mutex);
    wait.result.emplace(std::move(result));
    wait.ready.notify_one();
  });
  std::unique_lock lock(wait.mutex);
  wait.ready.wait(lock, [&] { return wait.result.has_value(); });
  return std::move(*wait.result);
}

}  // namespace intentgate::audit
