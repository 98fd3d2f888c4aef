// From an AuditEvent to the bytes that are hashed, and back to the columns of a store.
//
// The canonical form is RFC 8785 (JCS): members sorted, no blanks. docs/formats/audit.md lists them.
// An event is prepared in two steps. The caller's thread writes everything it can; the writer's thread
// puts in the two numbers that only it knows, `seq` and (through the queue) `producer_seq`, and hashes.
//
// All functions are pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>

#include "audit/audit_store.h"
#include "audit/canonical_check.h"
#include "crypto/hash.h"

namespace intentgate::audit {

inline constexpr std::string_view kSchemaVersion = "ig1";
inline constexpr std::string_view kChainFormat = "intentgate-chain-1";
// The largest event that AuditLogOptions may allow; leaves readers room for the line around it.
inline constexpr std::size_t kMaxEventBytes = std::size_t{63} << 20;
// The largest integer that JCS can carry; larger ones are cut to it.
inline constexpr std::int64_t kMaxCanonicalInteger = 9'007'199'254'740'991;
// What a reader of events accepts. One level deeper than a call may be, because arguments can stand
// inside an event.
inline constexpr json::ParseLimits kEventLimits{.max_bytes = std::size_t{64} << 20, .max_depth = 160};

// "genesis", "decision", "outcome", "admin", "control"
std::string_view EventKindName(EventKind kind);

// An event that lacks only its place in the chain.
struct EventDraft {
  StoredEvent stored;               // projections, charges, tenant and event id; no seq, hashes or bytes
  std::string text;                 // canonical JSON without the two numbers
  std::size_t producer_seq_at = 0;  // where the digits of producer_seq go, if the event has one
  std::size_t seq_at = 0;
  std::optional<std::int64_t> producer_seq;

  // What it takes to keep it, with its private values.
  std::size_t bytes() const;
};

// Prepares `event`. Invalid UTF-8 becomes U+FFFD. arg_values and details that JCS cannot carry exactly
// (a 40-digit integer) become the text members arg_values_text and details_text.
// REQUIRES: event_id, tenant and ts_micros are set. `with_producer_seq`: leave room for producer_seq. `values`: what
// TakePrivate took out of the event, with salts.
EventDraft MakeDraft(AuditEvent&& event, std::string_view producer_id, bool with_producer_seq,
                     std::vector<PrivateValue> values = {});
// As MakeDraft, in the memory that `draft` has; nothing else of what it was remains.
void FillDraft(AuditEvent&& event, std::string_view producer_id, bool with_producer_seq, std::vector<PrivateValue> values,
               EventDraft& draft);

// A member's JSON: RFC 8785 where that carries it exactly and it reads back, else its exact text.
struct ExactJson {
  std::string text;
  bool is_jcs = true;
};
ExactJson WriteExact(const json::Value& value);

// Writes the canonical bytes of `draft` at `seq` into `out` and chains them to `prev_hash`.
void Place(const EventDraft& draft, std::int64_t seq, std::string_view prev_hash, AuditRecord& out);
// As Place, but the text moves into `out`, and the draft has none.
void MoveToPlace(EventDraft& draft, std::int64_t seq, std::string_view prev_hash, AuditRecord& out);
// Brings the memory of an event that MoveToPlace placed, and that is done with, back to its draft.
void GiveBack(StoredEvent&& placed, EventDraft& draft);
// Undoes MoveToPlace: the draft has its text again, and `placed` has no bytes.
void MoveFromPlace(EventDraft& draft, AuditRecord& placed);

// SHA-256(prev_hash || canonical), and in hex as events name it.
crypto::Digest ChainDigest(std::string_view prev_hash, std::string_view canonical);
std::string ChainHash(std::string_view prev_hash, std::string_view canonical);
// Whether `hex` is the digest in hex. Makes no string, for what verifies millions.
bool IsHexOf(const crypto::Digest& digest, std::string_view hex);

// What canonical bytes say about themselves, with the record's tenant, seq and event id. kMalformed
// when the bytes are not the canonical form of one event. CanonicalChecker is the way that copies nothing.
Result<StoredEvent> ReadCanonical(std::string_view canonical);
// The same from a parsed event.
Result<StoredEvent> ProjectionsOf(const json::Value& event);

// The control event that explains a chain which does not begin at 0, and what it says.
inline constexpr std::string_view kPrunedTool = "audit/pruned";
Result<PrunePoint> ReadPruned(std::string_view canonical);

// The name of the first projection in which the stored event differs from what its bytes say, or "".
// Compares tenant, seq, event id and every column; not the hashes.
std::string_view FirstDifference(const EventView& said, const StoredEvent& stored);

}  // namespace intentgate::audit
