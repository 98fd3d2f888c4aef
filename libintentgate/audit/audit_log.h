// The writer of the chain: one per process. Callers queue events; one thread takes what waits (at most
// max_batch events or max_delay), gives each its sequence number and hash, and commits all tenants'
// events in one transaction. Then the callers hear of it.
//
//   log->Append(std::move(event), AuditDurability::kDurable, [](Result<AuditReceipt> r) { ... });
//
// A batch that fails is reported to every caller in it and leaves the chain as it was; a batch whose
// commit is in doubt is looked up by event id before anything else is written. With kJournal the caller is
// answered when a local segment has its event (audit/journal.h); it goes from there into the chain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/clock.h>

#include "audit/audit_store.h"
#include "audit/commitments.h"
#include "audit/journal_files.h"

namespace intentgate::audit {

// Where kJournal events wait for the chain.
struct JournalOptions {
  std::string directory;                         // empty: no journal, and kJournal is refused
  std::uint64_t max_bytes = 256u << 20;          // of events that the chain does not have; beyond it they overflow
  std::uint64_t max_segment_bytes = 8u << 20;    // of one file; never more than an eighth of max_bytes
  std::shared_ptr<JournalFiles> files;           // null: the system's
};

struct AuditLogOptions {
  std::size_t max_batch = 1'024;            // events in one transaction
  std::size_t max_batch_bytes = 8u << 20;   // canonical bytes in one transaction; one event may be more
  std::int64_t max_delay_micros = 0;        // wait this long for more; 0: the last commit's time gathers the next batch
  std::int64_t async_delay_micros = 4'000;  // events that nobody waits for may gather this long; also when max_delay_micros is 0
  std::size_t max_queue = 65'536;           // waiting events; beyond it they overflow. kBlock: as many wait again
  std::size_t max_queue_bytes = 256u << 20; // of their canonical bytes, likewise
  std::size_t max_event_bytes = 16u << 20;  // of one event and its private values; beyond it Append fails with kLimitExceeded
  std::int64_t retry_micros = 1'000'000;    // how often an unhealthy log tries to declare its loss and so to recover
  // A stable name of this process, such as the replica's. Each run adds a random part to it. Empty: the
  // random part alone. At most one running process may use a name.
  std::string producer_id;
  std::string deployment;                   // recorded in genesis events
  std::string signing_key;                  // the verifier key of the checkpoints over these chains, likewise
  bool gives_way = false;                   // the writer's thread is nicer than the one that creates the log, as is right where as a rule nobody waits for events
  JournalOptions journal;
  CommitmentRule commit;                    // which members enter the chain as commitments only; empty: none
};

// Called once, on a thread of the log's or, for kAsync and for refusals, inside Append. Must not block,
// and must not call AppendAndWait or Flush. The first kAsync events of a tenant are answered on the
// writer's thread: only when the chain says that this process may lose some (docs/formats/audit.md,
// "async_opened").
using AppendDone = std::function<void(Result<AuditReceipt>)>;

// Thread-safe.
class AuditLog {
 public:
  static Result<std::unique_ptr<AuditLog>> Create(std::shared_ptr<AuditStore> store, AuditLogOptions options,
                                                  std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random);
  virtual ~AuditLog() = default;   // flushes

  // kLimitExceeded: too large, or too many wait and `promise` says kDeny. kDropAndDeclare drops only where the chain
  // says already that this process may lose events (async_opened), and is as kDeny before that.
  virtual void Append(AuditEvent event, AuditPromise promise, AppendDone done) = 0;
  Result<AuditReceipt> AppendAndWait(AuditEvent event, AuditPromise promise = AuditDurability::kDurable);
  // Durably, and only if `still` allows it: what that finds in the tenant's chain holds at the very place of the event,
  // whoever else writes. So of two that append what may stand there once, one hears the error of its `still`. Called on
  // the writer's thread, perhaps more than once; a refusal leaves no trace.
  virtual Result<AuditReceipt> AppendIf(AuditEvent event, std::function<Status()> still) = 0;
  // Returns when everything queued before the call is committed or has failed, and the journal's events as well.
  virtual Status Flush() = 0;
  // False after a failed commit until one succeeds again; the gate then denies.
  virtual bool healthy() const = 0;
  // Whether events of this durability are taken: for kJournal the journal's word, for the others healthy().
  virtual bool ready(AuditDurability durability) const = 0;
  virtual AuditStats stats() const = 0;
  virtual AuditStore& store() = 0;
};

// Walks the stored bytes of a tenant from `from_seq` and compares the last hash with the head. `each` hears of every
// event that was found good; an error of its ends the walk and is given back. With `values`, those that are stored are
// held against what the events commit to.
Result<VerifyReport> VerifyChain(AuditStore& store, std::string_view tenant, std::int64_t from_seq = 0,
                                 const std::function<Status(const AuditRecord&)>& each = {},
                                 PrivateValueStore* values = nullptr);

// Streams every matching event, oldest first, in constant memory. NDJSON starts with a header line and
// ends with a trailer line, so that a cut file is noticed. CSV cells that a spreadsheet would run as a
// formula are prefixed with an apostrophe. kInvalidArgument for a format that is rendered outside this module. With
// `values`, the events come with those of their private values that are not erased.
Status ExportEvents(AuditStore& store, const AuditFilter& filter, ExportFormat format, const Clock& clock,
                    const ExportSink& sink, PrivateValueStore* values = nullptr);

// Appends the text of one event to `out`. May remember what it has seen.
using EventRenderer = std::function<Status(const AuditRecord& record, std::string& out)>;

// The same events in the same order, as `render` writes them, without header or trailer.
Status ExportRendered(AuditStore& store, const AuditFilter& filter, const EventRenderer& render,
                      const ExportSink& sink, PrivateValueStore* values = nullptr);

}  // namespace intentgate::audit
