// The journal's two threads. One brings events to the disk, a group at a time, and answers their callers; the other
// takes them from there into the chain. While the store is down the first goes on, up to the journal's limit.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <intentgate/audit.h>

#include "audit/chain_writer.h"
#include "audit/journal.h"

namespace intentgate::audit {

struct JournalLaneOptions {
  std::uint64_t max_bytes = 0;        // of events that are not drained
  std::size_t max_waiting = 0;        // events that wait for the disk
  std::size_t max_group = 0;          // events in one write, and in one step of the draining
  std::uint64_t max_group_bytes = 0;
  std::int64_t retry_micros = 0;      // between tries to drain, and to write after a failure
};

// Thread-safe.
class JournalLane {
 public:
  // Puts a page into the chain. `may_be_there`: some of it may be in the chain already and must not enter twice.
  // Waits for the outcome. Called on the draining thread.
  using IntoChain = std::function<Status(const JournalPage& page, bool may_be_there)>;
  // An event whose number was given could not be written; its caller has been told. Called on the writing thread.
  using OnLost = std::function<void(const QueuedEvent& event)>;

  JournalLane(std::unique_ptr<Journal> journal, JournalLaneOptions options, IntoChain into_chain, OnLost on_lost);
  ~JournalLane();   // Stop

  Status Start();
  // Writes what waits and drains until nothing is left or the chain does not take it.
  void Stop();

  // False when the journal is full. `waits`: may take a place in the queue and wait there for room.
  bool HasRoom(std::size_t bytes, bool waits) const;
  // REQUIRES: HasRoom was true and nobody called Push since.
  void Push(QueuedEventPtr event);
  // Returns when everything that was pushed before is in the chain, or an attempt failed after the call.
  Status Flush();

  bool healthy() const { return journal_->healthy(); }
  const Journal& journal() const { return *journal_; }

 private:
  void WriteForever();
  void DrainForever();
  // Under the lock: the next group, or none if the disk has no room for it yet.
  std::vector<QueuedEventPtr> TakeGroup();
  void WriteGroup(std::vector<QueuedEventPtr>& group);
  bool DrainOnce(bool& may_be_there);
  bool FitsLocked(std::uint64_t bytes) const;

  const std::unique_ptr<Journal> journal_;
  const JournalLaneOptions options_;
  const IntoChain into_chain_;
  const OnLost on_lost_;

  mutable std::mutex mutex_;
  std::condition_variable work_;       // the writing thread: events, room, or the end
  std::condition_variable written_;    // the draining thread: events on the disk, or the end
  std::condition_variable drained_;    // Flush
  std::deque<QueuedEventPtr> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t pushed_ = 0, left_ = 0;      // left: written, or refused by the disk
  std::uint64_t written_count_ = 0, drained_count_ = 0;
  std::uint64_t failures_ = 0;               // attempts to drain that failed
  bool stopping_ = false, writer_done_ = false;
  std::thread writer_, drainer_;
};

}  // namespace intentgate::audit
