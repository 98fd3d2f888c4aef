// Tested by tests/unit/audit/journal_log_test.cc.

#include "audit/journal_lane.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

namespace intentgate::audit {
namespace {

std::size_t BytesOf(const QueuedEvent& event) { return event.draft.bytes(); }

}  // namespace

JournalLane::JournalLane(std::unique_ptr<Journal> journal, JournalLaneOptions options, IntoChain into_chain,
                         OnLost on_lost)
    : journal_(std::move(journal)),
      options_(options),
      into_chain_(std::move(into_chain)),
      on_lost_(std::move(on_lost)) {}

JournalLane::~JournalLane() { Stop(); }

Status JournalLane::Start() {
  try {
    writer_ = std::thread([this] { WriteForever(); });
    drainer_ = std::thread([this] { DrainForever(); });
  } catch (const std::system_error& e) {
    return Error{ErrorCode::kUnavailable, std::string("no thread for the audit journal: ") + e.what()};
  }
  return {};
}

void JournalLane::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  written_.notify_all();
  if (writer_.joinable()) writer_.join();
  {
    const std::lock_guard lock(mutex_);
    writer_done_ = true;
  }
  written_.notify_all();
  if (drainer_.joinable()) drainer_.join();
  drained_.notify_all();
}

bool JournalLane::FitsLocked(std::uint64_t bytes) const {
  const std::uint64_t used = journal_->bytes();
  return used == 0 || used + bytes <= options_.max_bytes;
}

bool JournalLane::HasRoom(std::size_t bytes, bool waits) const {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= (waits ? 2 : 1) * options_.max_waiting) return false;
  return waits || FitsLocked(waiting_bytes_ + bytes);
}

void JournalLane::Push(QueuedEventPtr event) {
  {
    const std::lock_guard lock(mutex_);
    waiting_bytes_ += BytesOf(*event);
    waiting_.push_back(std::move(event));
    ++pushed_;
  }
  work_.notify_one();
}

std::vector<QueuedEventPtr> JournalLane::TakeGroup() {
  std::vector<QueuedEventPtr> group;
  std::uint64_t bytes = 0;
  while (!waiting_.empty() && group.size() < options_.max_group) {
    const std::uint64_t next = BytesOf(*waiting_.front());
    if (!group.empty() && bytes + next > options_.max_group_bytes) break;
    if (!stopping_ && !FitsLocked(bytes + next)) break;
    bytes += next;
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  return group;
}

void JournalLane::WriteForever() {
  for (;;) {
    std::vector<QueuedEventPtr> group;
    {
      std::unique_lock lock(mutex_);
      const auto due = [this] { return stopping_ || (!waiting_.empty() && FitsLocked(BytesOf(*waiting_.front()))); };
      if (journal_->healthy()) {
        work_.wait(lock, due);
      } else {
        work_.wait_for(lock, std::chrono::microseconds(options_.retry_micros), due);
      }
      group = TakeGroup();
      if (stopping_ && group.empty()) return;
    }
    WriteGroup(group);
  }
}

// An empty group tries a journal that has failed.
void JournalLane::WriteGroup(std::vector<QueuedEventPtr>& group) {
  std::vector<std::string> payloads;
  payloads.reserve(group.size());
  for (const QueuedEventPtr& event : group) payloads.push_back(EncodeEntry(event->draft));
  const Status status = journal_->Write(payloads);
  for (const QueuedEventPtr& event : group) {
    if (!status.ok()) on_lost_(*event);
    const AuditRecord& record = event->draft.stored.record;
    const auto done = std::move(event->done);   // dropped before Flush may return
    done(status.ok() ? Result<AuditReceipt>(AuditReceipt{record.tenant, -1, record.event_id, ""})
                     : Result<AuditReceipt>(status.error()));
  }
  {
    const std::lock_guard lock(mutex_);
    left_ += group.size();
    if (status.ok()) written_count_ += group.size();
  }
  written_.notify_one();
  drained_.notify_all();
}

void JournalLane::DrainForever() {
  bool may_be_there = false;
  for (;;) {
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      written_.wait(lock, [this] { return writer_done_ || journal_->events() > 0; });
      stopping = stopping_ && writer_done_;
      if (stopping && journal_->events() == 0) return;
    }
    if (DrainOnce(may_be_there)) continue;
    std::unique_lock lock(mutex_);
    if (stopping) return;   // the next start finds the rest
    written_.wait_for(lock, std::chrono::microseconds(options_.retry_micros), [this] { return writer_done_; });
  }
}

bool JournalLane::DrainOnce(bool& may_be_there) {
  Result<JournalPage> page = journal_->Peek(options_.max_group, options_.max_group_bytes);
  const Status status = page.ok() ? into_chain_(*page, may_be_there) : page.error();
  may_be_there = !status.ok();
  if (status.ok()) journal_->Drained();
  {
    const std::lock_guard lock(mutex_);
    if (status.ok()) {
      drained_count_ += page->entries.size();
      if (page->damage) drained_count_ += page->damage->count.value_or(0);
    } else {
      ++failures_;
    }
  }
  drained_.notify_all();
  work_.notify_one();
  return status.ok();
}

Status JournalLane::Flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t pushed = pushed_, failures = failures_;
  const auto ended = [&] { return failures_ != failures || writer_done_; };
  drained_.wait(lock, [&] { return left_ >= pushed || ended(); });
  const std::uint64_t written = written_count_;
  drained_.wait(lock, [&] { return drained_count_ >= written || ended(); });
  if (left_ >= pushed && drained_count_ >= written) return {};
  return Error{ErrorCode::kUnavailable, "the audit store does not take the events of the journal"};
}

}  // namespace intentgate::audit
