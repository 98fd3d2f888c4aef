// Events that are over, kept for the next ones with the memory of their texts.
//
// An event is made on a caller's thread and over on the writer's. Freed there, its dozen blocks would come back to the
// caller's allocator one by one and long after they were last touched (docs/design/audit.md, "spare events", says what that
// cost). The one that was over last is taken first, since it is the nearest to the processor.
// What an event was, its private values among it, stays in this memory until it is made again, as it would in freed memory.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "audit/chain_writer.h"

namespace intentgate::audit {

class SpareEvents {
 public:
  // As many as a burst leaves in one batch; more would be memory that a quiet process holds for nothing.
  static constexpr std::size_t kMost = 1'024;
  // Of one event's text and private values. A larger one goes.
  static constexpr std::size_t kMostBytes = 4'096;

  SpareEvents();

  // A new event or a spare one. REQUIRES: its draft is filled by FillDraft; until then it may be that of the earlier event.
  QueuedEventPtr Take();
  // Takes those that are small enough, as many as there is room for; what is left in `events` is the caller's to free.
  void Keep(std::vector<QueuedEventPtr>& events);

 private:
  std::mutex mutex_;
  std::vector<QueuedEventPtr> spare_;
};

}  // namespace intentgate::audit
