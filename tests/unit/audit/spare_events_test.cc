#include "audit/spare_events.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

namespace intentgate::audit {
namespace {

QueuedEventPtr Made(SpareEvents& spare, const std::string& id) {
  AuditEvent e;
  e.event_id = id;
  e.ts_micros = 1;
  QueuedEventPtr event = spare.Take();
  FillDraft(std::move(e), "p", true, {}, event->draft);
  return event;
}

}  // namespace

TEST_CASE("an event that is over is taken again, the last one first, and the rest of it is as new") {
  SpareEvents spare;
  std::vector<QueuedEventPtr> over;
  over.push_back(Made(spare, "a"));
  over.push_back(Made(spare, "b"));
  const QueuedEvent* const a = over[0].get();
  const QueuedEvent* const b = over[1].get();
  const auto held = std::make_shared<int>(1);
  over[1]->done = [held](const Result<AuditReceipt>&) {};
  over[1]->acknowledged = over[1]->opens_async = over[1]->journaled = over[1]->may_be_there = true;
  over[1]->journal_seq = 7;
  over[1]->still = [] { return Status(); };
  spare.Keep(over);
  CHECK(held.use_count() == 1);   // what a callback holds does not wait with it

  const QueuedEventPtr first = spare.Take(), second = spare.Take(), third = spare.Take();
  CHECK(first.get() == b);
  CHECK(second.get() == a);
  CHECK(third.get() != a);
  CHECK(third.get() != b);
  CHECK_FALSE(first->acknowledged);
  CHECK_FALSE(first->opens_async);
  CHECK_FALSE(first->journaled);
  CHECK_FALSE(first->may_be_there);
  CHECK(first->journal_seq == -1);
  CHECK(first->still == nullptr);
  CHECK(first->done == nullptr);
}

TEST_CASE("a large event is not kept, and no more than kMost are") {
  SpareEvents spare;
  std::vector<QueuedEventPtr> over;
  for (std::size_t i = 0; i < SpareEvents::kMost + 3; ++i) over.push_back(Made(spare, std::to_string(i)));
  over[0]->draft.text.assign(SpareEvents::kMostBytes + 1, 'x');
  over[1]->draft.stored.private_values = {{"remote_ip", {}, std::string(SpareEvents::kMostBytes + 1, 'y')}};
  spare.Keep(over);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < SpareEvents::kMost + 1; ++i) {
    const QueuedEventPtr taken = spare.Take();
    if (!taken->draft.text.empty()) ++kept;   // what it was is there until it is filled
    CHECK(taken->draft.bytes() <= SpareEvents::kMostBytes);
  }
  CHECK(kept == SpareEvents::kMost);
}

}  // namespace intentgate::audit
