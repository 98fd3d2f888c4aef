// Events that were promised before the chain has them: segment files on a local disk.
//
//   Write     one write and one fdatasync for a group of events; then their callers may be answered
//   Peek      the oldest events that are not drained
//   Drained   they are in the chain: a segment whose events are all drained is removed
//
// After a failed write or sync the segment takes nothing more: what it held before stays valid, what the failed
// group left behind is cut off, and the next group starts a new file. What a crash leaves is found by Open: a torn
// end was never acknowledged and is passed over; bytes that changed, and segments that are missing between others, are
// reported with the events around them, so that the loss can be declared. Format: docs/formats/journal.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <intentgate/result.h>

#include "audit/journal_files.h"
#include "audit/journal_format.h"

namespace intentgate::audit {

// Acknowledged events that cannot be read any more.
struct JournalDamage {
  std::string producer_id;                    // of the segment; "" when that cannot be read either
  std::optional<std::uint64_t> count;         // nullopt: unknown
};

struct JournalPage {
  std::vector<JournalEntry> entries;          // oldest first
  std::optional<JournalDamage> damage;        // behind the entries
  bool empty() const { return entries.empty() && !damage; }
};

// One thread may write while another drains; bytes, events and healthy may be asked by any.
class Journal {
 public:
  // Takes the folder, or makes it. kUnavailable: another process has it. kUnsupportedVersion: a segment of a newer
  // build. kIo.
  static Result<std::unique_ptr<Journal>> Open(std::shared_ptr<JournalFiles> files, std::string folder,
                                               std::uint64_t segment_bytes, std::string producer_id);
  ~Journal();   // leaves no file behind when everything is drained

  // The payloads are on the disk, all of them, or there is an error and none of them will be drained by this run.
  // Without payloads: tries whether a failed journal can be written again.
  Status Write(std::span<const std::string> payloads);

  // At most `max_entries` from one segment and about `max_bytes`, at least one; empty when everything is drained.
  // The same page again until Drained is called. Errors: kIo.
  Result<JournalPage> Peek(std::size_t max_entries, std::uint64_t max_bytes);
  // The page that Peek gave last is in the chain, its damage declared.
  void Drained();

  std::uint64_t bytes() const;     // of the frames that are not drained
  std::uint64_t events() const;    // that are not drained
  bool healthy() const;            // false after a failed Write until one succeeds

 private:
  struct Segment {
    std::string path, producer_id;
    std::uint64_t first = 0, next = 0;         // sequences of its events
    std::uint64_t drained = 0;                 // sequence of the first that is not drained
    std::uint64_t at = 0, end = 0;             // offsets: of that event, behind the last valid one
    bool sealed = true;                        // takes no more events
    std::optional<JournalDamage> damage;       // behind its last valid event; not declared yet
    bool keep = false;                         // it was damaged: put aside instead of removed
    bool done() const { return sealed && drained == next && !damage; }
  };
  // Where draining goes on once the last page is in the chain.
  struct Peeked {
    std::uint64_t sequence = 0, at = 0;
    bool damage = false;
  };

  Journal(std::shared_ptr<JournalFiles> files, std::string folder, std::uint64_t segment_bytes, std::string producer_id)
      : files_(std::move(files)),
        folder_(std::move(folder)),
        segment_bytes_(segment_bytes),
        producer_id_(std::move(producer_id)) {}

  Status Recover();
  Status RecoverSegment(const std::string& name);
  void JoinSegments();
  Status WriteGroup(std::span<const std::string> payloads);
  Status OpenSegment();
  void AbandonSegment();
  void Publish(std::size_t events, std::uint64_t end);
  Result<std::string> ReadPage(const Segment& segment, std::uint64_t max_bytes);
  void TakeEntries(std::string_view bytes, std::size_t max_entries, Segment& segment, JournalPage& page);
  void RetireDone();
  void Retire(const Segment& segment);

  const std::shared_ptr<JournalFiles> files_;
  const std::string folder_;
  const std::uint64_t segment_bytes_;
  const std::string producer_id_;
  std::unique_ptr<JournalLock> lock_;

  // The writing thread's.
  std::unique_ptr<JournalFile> file_;
  bool folder_synced_ = true;
  std::uint64_t next_number_ = 1;

  mutable std::mutex mutex_;
  std::deque<Segment> segments_;               // the last one may be open
  std::uint64_t next_sequence_ = 1;
  bool healthy_ = true;
  Peeked peeked_;                              // the draining thread's
};

}  // namespace intentgate::audit
