// The audit chain: one event for each decision and one for each outcome, per tenant, chained by hash.
//
//   hash_n = hex(SHA-256(prev_hash_hex || canonical_event_json)), prev_hash of the first event is ""
//
// The canonical bytes (RFC 8785) are stored as they were hashed and verified from there; nothing is
// ever re-derived from columns. seq is gapless from 0 within a tenant; event 0 is a genesis event.
// docs/formats/audit.md gives every member.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/reason.h>
#include <intentgate/result.h>

namespace intentgate {

enum class EventKind : std::uint8_t { kGenesis, kDecision, kOutcome, kAdmin, kControl };

// An amount that the decision took from a counter. Stored in the same transaction as its event, so
// that a budget never forgets a call that the chain remembers.
struct Charge {
  std::string counter;          // the budget's key, such as "root:<jti>:calls"
  std::int64_t bucket = 0;      // start of its time bucket in unix seconds; 0: lifetime
  std::int64_t amount = 0;      // calls or cost units; negative gives back
};

// What is known about one event before it is chained. Empty strings and zeros are left out of the
// canonical JSON; member names are the public product's where it has the member.
struct AuditEvent {
  EventKind kind = EventKind::kDecision;
  std::string event_id;                    // UUIDv7; filled by the log when empty
  std::int64_t ts_micros = 0;              // filled by the log when 0
  std::string tenant = "default";
  std::string decision;                    // "allow", "block", "escalate"
  Check check = Check::kNone;              // member `check`, absent for kNone
  Reason reason_code = Reason::kAllowed;   // member `code`: ReasonName
  std::string reason;
  std::string method;                      // "tools/call"
  std::string tool;                        // or "admin/mint", "admin/revoke", ...
  std::string agent_id, session_id;
  std::vector<std::string> arg_keys;       // sorted
  std::string args_sha256;                 // hex of SHA-256(WriteSortedExact(arguments))
  std::optional<json::Value> arg_values;   // by the redaction setting; inside the hashed bytes
  std::string capability_token_id, root_capability_token_id;
  std::int64_t caveat_count = 0;
  std::optional<std::int64_t> refused_caveat;
  std::string intent_summary;
  std::string policy_sha256;
  bool requires_step_up = false;
  std::int64_t latency_us = 0;
  std::string remote_ip;
  std::string decision_event_id;           // outcome: the decision it belongs to
  std::int64_t upstream_status = 0;        // outcome: HTTP status, 0 when there was none
  std::string outcome;                     // "success", "tool_error", "timeout", "transport", "cancelled", ...
  std::string result_sha256;
  std::int64_t result_bytes = 0;
  std::string actor;                       // admin: who did it
  std::string elevation_id;                // admin: the elevation it was done under
  std::string pending_id, decided_by;      // an approval's id and the person who answered it
  json::Value details;                     // kind-specific; null: absent
  std::vector<Charge> charges;
};

// A value that an event only commits to: its `commitments` have hex(SHA-256(salt || value)) under the name of the member.
// Values can be erased; the chain stays as it was, and without the salt a value cannot be guessed from its commitment.
struct PrivateValue {
  std::string member;                      // "arg_values", "remote_ip", ...
  std::array<std::uint8_t, 16> salt{};
  std::string value;                       // UTF-8 text; of arg_values and details their RFC 8785 JSON
};

// One link as stored.
struct AuditRecord {
  std::string tenant;
  std::int64_t seq = 0;
  std::string event_id;
  std::string prev_hash, hash;             // lower-case hex; prev_hash of seq 0 is ""
  std::string canonical;                   // the hashed bytes
  // Of what it commits to, by member, as far as it was asked for and is not erased.
  std::vector<PrivateValue> values;
};

// The event as JSON, with the members that it only commits to put back where their values are there. kCorrupt when
// the bytes are no event.
Result<json::Value> ShownEvent(const AuditRecord& record);

// Proof that an event is in the chain.
struct AuditReceipt {
  std::string tenant;
  std::int64_t seq = 0;                    // -1 (and no hash) when its caller was answered before the chain had it
  std::string event_id;
  std::string hash;
};

enum class AuditDurability : std::uint8_t {
  kDurable,   // done when the store has committed
  kAsync,     // done when queued; a crash may lose the newest events, and the chain says so at the next start
  kJournal,   // done when on the disk of this machine; it enters the chain from there
};

// What happens to an event that finds the queue or the journal full.
enum class AuditOverflow : std::uint8_t {
  kDeny,             // refused: the call is denied
  kBlock,            // its caller waits for its turn; refused only when as many wait again
  kDropAndDeclare,   // its caller goes on without it; the chain counts it in a gap_declared, "overflow"
};

// What an event's caller is promised. Made from a durability alone as well.
struct AuditPromise {
  AuditDurability durability = AuditDurability::kDurable;
  AuditOverflow overflow = AuditOverflow::kDeny;
  AuditPromise(AuditDurability d, AuditOverflow o = AuditOverflow::kDeny)   // NOLINT(google-explicit-constructor)
      : durability(d), overflow(o) {}
};

struct AuditFilter {
  std::optional<std::int64_t> from_micros, to_micros;   // inclusive
  std::string tenant;                                   // empty: all (superadmin)
  std::optional<std::int64_t> from_seq, to_seq;         // inclusive; of each tenant's own chain
  // Each takes the events whose member has exactly this value; empty: any.
  std::string agent_id, tool, decision, check, jti, event_id, elevation_id, kind;
  std::string root_jti, session_id, code, actor;
};

struct AuditPage {
  std::vector<AuditRecord> records;        // newest first unless ascending
  std::string next;                        // opaque; empty at the end
};

struct ChainHead {
  std::int64_t next_seq = 0;
  std::string hash;
};

struct VerifyReport {
  bool ok = true;
  std::string tenant;
  std::int64_t verified = 0;
  std::optional<std::int64_t> broken_seq;
  std::string problem;                     // "altered", "link", "gap", "truncated", "projection", ... with a sentence
  std::string stored_hash, expected_hash;
  ChainHead head;                          // of a clean walk
};

struct AuditStats {
  std::int64_t queue_depth = 0;
  std::int64_t appended = 0, committed = 0, failed = 0;   // failed: refused by the store or by a limit of the queue
  std::int64_t batches = 0;
  std::int64_t last_batch_events = 0;
  std::int64_t commit_micros_total = 0, last_commit_micros = 0;
  std::vector<std::int64_t> commit_micros_buckets;   // cumulative, upper bounds 100us * 2^i, i = 0..13
  std::vector<std::int64_t> batch_size_buckets;      // cumulative, upper bounds 2^i, i = 0..10
  std::int64_t dropped = 0;                          // by kDropAndDeclare
  std::int64_t journal_events = 0, journal_bytes = 0;   // acknowledged and on their way from the journal to the chain
  bool journal_ok = true;                            // false after a failed write until one succeeds
};

enum class ExportFormat : std::uint8_t {
  kNdjson,    // docs/formats/audit.md; the one that can be verified
  kCsv,       // for spreadsheets
  kOcsf180,   // OCSF 1.8.0, one event a line, for SIEMs: docs/ocsf.md
  kOcsf190,   // OCSF 1.9.0, likewise
};

// "ndjson", "csv", "ocsf" (the newest version), "ocsf-1.9.0", "ocsf-1.8.0". kInvalidArgument names them all.
Result<ExportFormat> ParseExportFormat(std::string_view name);

// Takes a piece of an export; an error stops it. Pieces are at most 64 KiB or one event.
using ExportSink = std::function<Status(std::string_view)>;

// Checks an NDJSON export without any store: bytes, links, contiguity. Constant memory.
class ExportVerifier {
 public:
  struct Report {
    enum class Outcome : std::uint8_t { kIntact, kTampered, kTruncated, kMalformed } outcome = Outcome::kIntact;
    std::int64_t events = 0;
    std::optional<std::int64_t> bad_line;          // 1-based
    std::optional<std::int64_t> bad_seq;           // the first event at which a rule breaks; one that is missing, too
    std::string message;                           // a sentence
    bool complete = false;                         // unfiltered: every event of the tenants in the range is there
    std::vector<std::pair<std::string, ChainHead>> heads;
    // A chain whose older events were pruned, as the chain itself says. The segment before it ends with the event of
    // this hash.
    struct Beginning {
      std::string tenant;
      std::int64_t first_seq = 0;
      std::string prev_hash;
    };
    std::vector<Beginning> pruned;
  };
  ExportVerifier();
  ~ExportVerifier();
  void Feed(std::string_view bytes);
  Report Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace intentgate
