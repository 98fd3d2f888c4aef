// Tested by tests/unit/audit/spare_events_test.cc.
#include "audit/spare_events.h"

#include <memory>
#include <utility>

namespace intentgate::audit {

SpareEvents::SpareEvents() { spare_.reserve(kMost); }

QueuedEventPtr SpareEvents::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      QueuedEventPtr event = std::move(spare_.back());
      spare_.pop_back();
      return event;
    }
  }
  return std::make_unique<QueuedEvent>();
}

void SpareEvents::Keep(std::vector<QueuedEventPtr>& events) {
  std::erase_if(events, [](const QueuedEventPtr& event) { return event->draft.bytes() > kMostBytes; });
  for (const QueuedEventPtr& event : events) static_cast<EventHandling&>(*event) = EventHandling();
  const std::lock_guard lock(mutex_);
  for (QueuedEventPtr& event : events) {
    if (spare_.size() == kMost) break;
    spare_.push_back(std::move(event));
  }
}

}  // namespace intentgate::audit
