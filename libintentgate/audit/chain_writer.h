// Puts batches of events into the chain: heads, sequence numbers, hashes, and what to do when the store
// says no. Owned and called by the log's writer; knows nothing of queues and threads.
//
//   conflict          another process moved a head: read it again, hash again, try again
//   any other error   look whether the commit happened all the same; if that cannot be told, remember
//                     the batch as in doubt and settle it before anything else is written. A store behind a
//                     network may still be at it when it was looked for; so it is looked for again until another
//                     event stands at its place
//   a failed batch    leaves a hole in the producer's numbers; the next batch of that tenant declares it
//
// Thread-compatible: one caller at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/clock.h>

#include "audit/audit_store.h"
#include "audit/canonical_event.h"

namespace intentgate::audit {

// How often a batch is hashed again because another process moved a head, before its callers hear
// kConflict. Each time some process made progress.
inline constexpr int kMaxConflicts = 64;

// What is to be done with an event that waits for its place.
struct EventHandling {
  bool acknowledged = false;    // its caller already counts it as done (kAsync)
  bool opens_async = false;     // the tenant's chain shall say that this process may lose events
  // From the journal: it stays there until it is in the chain, so its failure leaves no hole.
  bool journaled = false;
  // Journaled, and perhaps in the chain already. REQUIRES: all events of a batch are alike in this. Such a batch fails
  // with kConflict when anybody else wrote, so that its sender looks again.
  bool may_be_there = false;
  std::int64_t journal_seq = -1;   // its producer_seq, if this run gave it
  // Asked when the event has its place, and again when it gets another one; an error is the batch's. What it finds in
  // the tenant's chain holds where the event will stand. REQUIRES: the batch's only event, without a producer_seq.
  std::function<Status()> still;
  std::function<void(Result<AuditReceipt>)> done;
};

struct QueuedEvent : EventHandling {
  EventDraft draft;
};
// It is large: what queues it, under a lock that callers wait for, moves the pointer, and who is done with it keeps it for
// another event (spare_events.h).
using QueuedEventPtr = std::unique_ptr<QueuedEvent>;

// Numbers of one producer that are not in the chain.
struct LostNumbers {
  std::int64_t first = 0, last = 0;
  std::int64_t count = 0;
  std::int64_t acknowledged = 0;    // of them, promised to their callers
  std::string why = "commit_failed";
};

class ChainWriter {
 public:
  // `pause` is called between the steps of a commit.
  ChainWriter(std::shared_ptr<AuditStore> store, std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random,
              std::string producer_id, std::string deployment, std::string signing_key = {}, Pause pause = [] {});

  // Commits all of `events` or none. On success receipts[i] belongs to events[i]; of one that is acknowledged already, and
  // opens nothing, it stays empty. Takes what is in the drafts; after a success their memory is back, for FillDraft.
  Status Commit(std::span<const QueuedEventPtr> events, std::vector<AuditReceipt>& receipts);

  // Numbers that were given and whose events never came here; declared like a failed batch.
  void NoteLost(const std::string& tenant, const LostNumbers& lost) { AddHole(tenant, lost); }
  // A control event that says that a producer lost events. Thread-safe.
  Result<EventDraft> MakeLossOf(const std::string& tenant, std::string_view lost_by, std::string_view why,
                                std::optional<std::uint64_t> count) const;
  // From here on a batch of events that may be there is a conflict if anybody else writes to the tenant's chain.
  Status PinHead(const std::string& tenant);

  // Whether holes wait to be declared or a batch is in doubt.
  bool HasUnfinished() const;
  // Settles doubt and declares every hole. Nothing to do is a success.
  Status FinishUnfinished();
  // Declares what earlier runs of this producer, or of unnamed ones when `name` is empty, may have lost.
  Status DeclareEarlierLosses(std::string_view name);
  // Says in every chain that this run made asynchronous promises in that it kept them all.
  Status CloseAsync();

  bool async_opened(std::string_view tenant) const;

 private:
  using Hole = LostNumbers;
  using Holes = std::vector<Hole>;   // one for each reason
  struct Tenant {
    std::optional<ChainHead> head;
    Holes holes;
    std::int64_t last_producer_seq = -1;
    bool async_open = false;
  };
  // One tenant's part of a batch. Control events that the writer adds stand before the callers'.
  struct Part {
    TenantBatch batch;
    std::vector<EventDraft*> drafts;         // of the callers' events, in order
    std::vector<std::size_t> indexes;        // their places in the batch that Commit was given
    std::vector<EventDraft> controls;
    bool opens_async = false, closes_async = false;
    Hole failed;                             // what it would leave behind
    std::int64_t last_producer_seq = -1;
    bool may_be_there = false;
    const std::function<Status()>* still = nullptr;   // of the batch's only event
  };
  struct Doubt {
    std::string tenant, event_id;
    std::int64_t seq = 0;
    std::map<std::string, Holes> declared;   // what its control events declare
    std::map<std::string, Hole> failed;     // what it leaves behind if it did not happen
    std::map<std::string, std::int64_t> last_producer_seq;
    std::vector<std::string> opened;
  };
  using Parts = std::map<std::string, Part, std::less<>>;

  Status CommitParts(Parts& parts);
  Status Write(Parts& parts);
  Status PlaceAll(Parts& parts);
  Status AddControls(const std::string& tenant, Part& part, const ChainHead& head);
  Result<EventDraft> MakeControl(const std::string& tenant, std::string_view name, EventKind kind, json::Value details) const;
  Result<EventDraft> MakeGap(const std::string& tenant, const Hole& hole);
  Result<ChainHead> HeadOf(const std::string& tenant);
  Result<bool> IsInChain(const std::string& tenant, std::int64_t seq, const std::string& event_id);
  Status SettleDoubt();
  Status SettleAbsent();
  void NoteAbsent(Doubt absent);
  void Happened(const Doubt& doubt);
  Doubt DoubtOf(const Parts& parts) const;
  void Succeeded(const Parts& parts);
  void Failed(const Parts& parts);
  void AddHole(const std::string& tenant, const Hole& hole);
  void WithdrawHole(const std::string& tenant, const Hole& hole);
  Status DeclareEarlier(const std::string& tenant, std::string_view name);

  std::shared_ptr<AuditStore> store_;
  std::shared_ptr<const Clock> clock_;
  std::shared_ptr<Random> random_;
  std::string producer_id_, deployment_, signing_key_;
  const Pause pause_;
  std::map<std::string, Tenant, std::less<>> tenants_;
  std::optional<Doubt> doubt_;
  std::vector<Doubt> absent_;     // were not there when they were looked for, but their place may still be free
};

// The part of a producer id that is the same in every run: "gw-1" of "gw-1:3f0a...", "" of an unnamed one.
std::string_view ProducerName(std::string_view producer_id);

}  // namespace intentgate::audit
