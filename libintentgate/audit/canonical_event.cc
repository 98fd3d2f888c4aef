// Members are written in sorted order by hand, because sorting them for each event would cost more
// than hashing it. Tested by tests/unit/audit/canonical_event_test.cc, which holds the bytes against
// json::WriteJcs and against golden files.

#include "audit/canonical_event.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "audit/commitments.h"
#include "base/encoding.h"
#include "base/time_format.h"
#include "base/utf8.h"
#include "crypto/hash.h"

namespace intentgate::audit {
namespace {

constexpr std::size_t kMaxDigits = 24;

class Digits {
 public:
  explicit Digits(std::int64_t n) : end_(std::to_chars(digits_, digits_ + sizeof digits_, n).ptr) {}
  std::string_view view() const { return {digits_, static_cast<std::size_t>(end_ - digits_)}; }

 private:
  char digits_[kMaxDigits];
  char* end_;
};

// Nearly every event has less.
constexpr std::size_t kUsualEvent = 1'024;

// The text of an event while it grows: written through a pointer, so that a member costs one look at the room left, and on the
// stack, since the memory that an event keeps is cold and is better filled at once.
class TextBuilder {
 public:
  TextBuilder() = default;
  TextBuilder(const TextBuilder&) = delete;   // points into itself
  TextBuilder& operator=(const TextBuilder&) = delete;

  // Where so many bytes may be written next.
  char* Room(std::size_t bytes) {
    if (room_ - used_ < bytes) Grow(bytes);
    return at_ + used_;
  }
  // What was written ends at `end`.
  void EndAt(const char* end) { used_ = static_cast<std::size_t>(end - at_); }
  void Append(std::string_view bytes) { EndAt(Put(bytes, Room(bytes.size()))); }
  std::size_t size() const { return used_; }
  // Into `text`, with room for so many bytes behind it.
  void CopyTo(std::string& text, std::size_t behind) const {
    text.clear();
    text.reserve(used_ + behind);
    text.append(at_, used_);
  }

  static char* Put(std::string_view bytes, char* at) {
    std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
  }

 private:
  void Grow(std::size_t bytes) {
    std::string larger(std::max(2 * room_, used_ + bytes), '\0');
    std::memcpy(larger.data(), at_, used_);
    larger_ = std::move(larger);
    at_ = larger_.data();
    room_ = larger_.size();
  }

  char usual_[kUsualEvent];
  std::string larger_;
  char* at_ = usual_;
  std::size_t room_ = kUsualEvent, used_ = 0;
};

bool IsPlain(std::string_view text) {
  const std::string_view rest = text.substr(base::PlainJsonPrefix(text));
  return std::all_of(rest.begin(), rest.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
  });
}

// One object, its members in the order of the calls.
class ObjectWriter {
 public:
  explicit ObjectWriter(TextBuilder& text) : text_(text) { text_.Append("{"); }

  // False when a text was not UTF-8; then what was written is of no use.
  bool all_valid() const { return all_valid_; }

  // Inline with Begin, so that the sizes of names are constants: to copy a few bytes takes less than a call.
  [[gnu::always_inline]] void Text(std::string_view name, std::string_view value) {
    if (!value.empty()) Value(value, Begin(name, value.size() + 2));
  }
  // A text of this library's own, which needs no look at it.
  [[gnu::always_inline]] void Word(std::string_view name, std::string_view value) {
    if (!value.empty()) Quoted(value, Begin(name, value.size() + 2));
  }
  void Time(std::string_view name, std::int64_t micros) {
    char* at = Begin(name, base::kMaxRfc3339Text + 2);
    *at++ = '"';
    at = base::PutRfc3339Micros(micros, at);
    *at++ = '"';
    text_.EndAt(at);
  }
  void Integer(std::string_view name, std::int64_t value, bool also_zero = false) {
    if (value == 0 && !also_zero) return;
    char* at = Begin(name, kMaxDigits);
    text_.EndAt(std::to_chars(at, at + kMaxDigits, std::clamp(value, -kMaxCanonicalInteger, kMaxCanonicalInteger)).ptr);
  }
  void Flag(std::string_view name, bool value) {
    if (value) text_.EndAt(TextBuilder::Put("true", Begin(name, 4)));
  }
  void Texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    text_.EndAt(Begin(name, 0));
    char separator = '[';
    for (const std::string& value : values) {
      text_.Append({&separator, 1});
      if (IsPlain(value)) {
        Quoted(value, text_.Room(value.size() + 2));
      } else {
        Escaped(value);
      }
      separator = ',';
    }
    text_.Append("]");
  }
  // As JSON where JCS carries it exactly and it reads back; else its text under `text_name`.
  void Json(std::string_view name, std::string_view text_name, const json::Value& value) {
    if (value.is_null()) return;
    const ExactJson exact = WriteExact(value);
    if (!exact.is_jcs) return Text(text_name, exact.text);
    text_.EndAt(TextBuilder::Put(exact.text, Begin(name, exact.text.size())));
  }
  void Commitments(const std::vector<PrivateValue>& values) {
    if (values.empty()) return;
    text_.EndAt(Begin("commitments", 0));
    ObjectWriter inside(text_);
    for (const PrivateValue& value : values) inside.Word(value.member, Commitment(value));
    inside.Close();
  }
  // Leaves room for a number and says where.
  std::size_t Gap(std::string_view name) {
    text_.EndAt(Begin(name, 0));
    return text_.size();
  }
  void Close() { text_.Append("}"); }

 private:
  // Writes the name and gives where so many bytes may follow it.
  [[gnu::always_inline]] char* Begin(std::string_view name, std::size_t room) {
    char* at = text_.Room(name.size() + 4 + room);
    if (!std::exchange(first_, false)) *at++ = ',';
    *at++ = '"';
    at = TextBuilder::Put(name, at);
    *at++ = '"';
    *at++ = ':';
    return at;
  }
  void Value(std::string_view value, char* at) {
    if (IsPlain(value)) return Quoted(value, at);
    text_.EndAt(at);
    Escaped(value);
  }
  void Quoted(std::string_view value, char* at) {
    *at++ = '"';
    at = TextBuilder::Put(value, at);
    *at++ = '"';
    text_.EndAt(at);
  }
  void Escaped(std::string_view value) {
    all_valid_ = all_valid_ && base::IsValidUtf8(value);
    std::string escaped;
    json::AppendTo(json::Value(value), escaped);
    text_.Append(escaped);
  }

  TextBuilder& text_;
  bool first_ = true;
  bool all_valid_ = true;
};

void Clean(std::string& text) {
  if (!base::IsValidUtf8(text)) text = base::ReplaceInvalidUtf8(text);
}

void CleanAll(AuditEvent& e) {
  for (std::string* text :
       {&e.event_id, &e.tenant, &e.decision, &e.reason, &e.method, &e.tool, &e.agent_id, &e.session_id, &e.args_sha256,
        &e.capability_token_id, &e.root_capability_token_id, &e.intent_summary, &e.policy_sha256, &e.remote_ip,
        &e.decision_event_id, &e.outcome, &e.result_sha256, &e.actor, &e.elevation_id, &e.pending_id, &e.decided_by}) {
    Clean(*text);
  }
  for (std::string& key : e.arg_keys) Clean(key);
}

std::string_view EventName(EventKind kind) {
  switch (kind) {
    case EventKind::kDecision:
    case EventKind::kAdmin: return "intentgate.tool_call";
    case EventKind::kOutcome: return "intentgate.tool_outcome";
    case EventKind::kGenesis:
    case EventKind::kControl: return "intentgate.audit";
  }
  return "intentgate.audit";
}

bool HasCode(const AuditEvent& e) { return e.kind == EventKind::kDecision || e.reason_code != Reason::kAllowed; }

void WriteUpToKind(const AuditEvent& e, const std::vector<PrivateValue>& values, ObjectWriter& w) {
  w.Text("actor", e.actor);
  w.Text("agent_id", e.agent_id);
  w.Texts("arg_keys", e.arg_keys);
  if (e.arg_values) w.Json("arg_values", "arg_values_text", *e.arg_values);
  w.Text("args_sha256", e.args_sha256);
  w.Text("capability_token_id", e.capability_token_id);
  w.Integer("caveat_count", e.caveat_count);
  w.Word("check", CheckName(e.check));
  if (HasCode(e)) w.Word("code", ReasonName(e.reason_code));
  w.Commitments(values);
  w.Text("decided_by", e.decided_by);
  w.Text("decision", e.decision);
  w.Text("decision_event_id", e.decision_event_id);
  w.Json("details", "details_text", e.details);
  w.Text("elevation_id", e.elevation_id);
  w.Word("event", EventName(e.kind));
  w.Text("event_id", e.event_id);
  w.Text("intent_summary", e.intent_summary);
  w.Word("kind", EventKindName(e.kind));
}

// False when a text was not UTF-8; then what is in `draft` is of no use.
bool WriteEvent(const AuditEvent& e, std::string_view producer_id, bool with_producer_seq,
                const std::vector<PrivateValue>& values, EventDraft& draft) {
  TextBuilder text;
  ObjectWriter w(text);
  WriteUpToKind(e, values, w);
  const bool timed = e.kind == EventKind::kDecision || e.kind == EventKind::kOutcome;
  w.Integer("latency_ms", e.latency_us / 1000, timed);
  w.Integer("latency_us", e.latency_us, timed);
  w.Text("method", e.method);
  w.Text("outcome", e.outcome);
  w.Text("pending_id", e.pending_id);
  w.Text("policy_sha256", e.policy_sha256);
  w.Text("producer_id", producer_id);
  draft.producer_seq_at = with_producer_seq ? w.Gap("producer_seq") : 0;
  w.Text("reason", e.reason);
  if (e.refused_caveat) w.Integer("refused_caveat", *e.refused_caveat, true);
  w.Text("remote_ip", e.remote_ip);
  w.Flag("requires_step_up", e.requires_step_up);
  w.Integer("result_bytes", e.result_bytes);
  w.Text("result_sha256", e.result_sha256);
  w.Text("root_capability_token_id", e.root_capability_token_id);
  w.Word("schema_version", kSchemaVersion);
  draft.seq_at = w.Gap("seq");
  w.Text("session_id", e.session_id);
  w.Text("tenant", e.tenant);
  w.Text("tool", e.tool);
  w.Time("ts", e.ts_micros);
  w.Integer("upstream_status", e.upstream_status);
  w.Close();
  text.CopyTo(draft.text, 2 * kMaxDigits);
  return w.all_valid();
}

std::string Take(const json::Value& event, std::string_view name) {
  const json::Value* member = event.Find(name);
  return member != nullptr && member->is_string() ? member->string_value() : std::string();
}

// Completes a record whose bytes are the draft's text.
void Chain(const EventDraft& draft, std::int64_t seq, std::string_view prev_hash, AuditRecord& record) {
  // From behind, so that the places before stay where they are.
  record.canonical.insert(draft.seq_at, Digits(seq).view());
  if (draft.producer_seq) record.canonical.insert(draft.producer_seq_at, Digits(*draft.producer_seq).view());
  record.seq = seq;
  record.prev_hash = prev_hash;
  record.hash = ChainHash(prev_hash, record.canonical);
}

}  // namespace

std::string_view EventKindName(EventKind kind) {
  switch (kind) {
    case EventKind::kGenesis: return "genesis";
    case EventKind::kDecision: return "decision";
    case EventKind::kOutcome: return "outcome";
    case EventKind::kAdmin: return "admin";
    case EventKind::kControl: return "control";
  }
  return "control";
}

ExactJson WriteExact(const json::Value& value) {
  std::string exact = json::Write(value);
  if (!base::IsValidUtf8(exact)) return {base::ReplaceInvalidUtf8(exact), false};
  Result<std::string> jcs = json::WriteJcs(value);
  constexpr json::ParseLimits kInside{.max_bytes = kEventLimits.max_bytes, .max_depth = kEventLimits.max_depth - 1};
  if (!jcs.ok() || !json::Parse(*jcs, kInside).ok()) return {std::move(exact), false};
  return {*std::move(jcs), true};
}

std::size_t EventDraft::bytes() const {
  std::size_t bytes = text.size();
  for (const PrivateValue& value : stored.private_values) bytes += value.salt.size() + value.value.size();
  return bytes;
}

EventDraft MakeDraft(AuditEvent&& e, std::string_view producer_id, bool with_producer_seq,
                     std::vector<PrivateValue> values) {
  EventDraft draft;
  FillDraft(std::move(e), producer_id, with_producer_seq, std::move(values), draft);
  return draft;
}

void FillDraft(AuditEvent&& e, std::string_view producer_id, bool with_producer_seq, std::vector<PrivateValue> values,
               EventDraft& draft) {
  // Nearly every text is valid, and to write it finds out.
  if (!WriteEvent(e, producer_id, with_producer_seq, values, draft)) {
    CleanAll(e);
    static_cast<void>(WriteEvent(e, producer_id, with_producer_seq, values, draft));
  }

  draft.producer_seq.reset();
  StoredEvent& s = draft.stored;
  s.code = HasCode(e) ? ReasonName(e.reason_code) : std::string_view();
  s.record.seq = 0;
  s.record.prev_hash.clear();
  s.record.hash.clear();
  s.record.canonical.clear();
  s.record.values.clear();
  s.record.tenant = std::move(e.tenant);
  s.record.event_id = std::move(e.event_id);
  s.ts_micros = e.ts_micros;
  s.kind = EventKindName(e.kind);
  s.decision = std::move(e.decision);
  s.check = CheckName(e.check);
  s.tool = std::move(e.tool);
  s.agent_id = std::move(e.agent_id);
  s.jti = std::move(e.capability_token_id);
  s.elevation_id = std::move(e.elevation_id);
  s.root_jti = std::move(e.root_capability_token_id);
  s.session_id = std::move(e.session_id);
  s.actor = std::move(e.actor);
  s.charges = std::move(e.charges);
  s.private_values = std::move(values);
}

void Place(const EventDraft& draft, std::int64_t seq, std::string_view prev_hash, AuditRecord& out) {
  out.canonical.clear();
  out.canonical.reserve(draft.text.size() + 2 * kMaxDigits);
  out.canonical += draft.text;
  Chain(draft, seq, prev_hash, out);
}

void MoveToPlace(EventDraft& draft, std::int64_t seq, std::string_view prev_hash, AuditRecord& out) {
  out.canonical = std::move(draft.text);
  Chain(draft, seq, prev_hash, out);
}

void GiveBack(StoredEvent&& placed, EventDraft& draft) {
  draft.stored = std::move(placed);
  draft.text = std::move(draft.stored.record.canonical);
}

void MoveFromPlace(EventDraft& draft, AuditRecord& placed) {
  if (draft.producer_seq) placed.canonical.erase(draft.producer_seq_at, Digits(*draft.producer_seq).view().size());
  placed.canonical.erase(draft.seq_at, Digits(placed.seq).view().size());
  draft.text = std::move(placed.canonical);
}

crypto::Digest ChainDigest(std::string_view prev_hash, std::string_view canonical) {
  return crypto::Sha256(base::AsBytes(prev_hash), base::AsBytes(canonical));
}

std::string ChainHash(std::string_view prev_hash, std::string_view canonical) {
  return base::HexEncode(ChainDigest(prev_hash, canonical));
}

bool IsHexOf(const crypto::Digest& digest, std::string_view hex) {
  std::array<char, 2 * sizeof(crypto::Digest)> text{};
  base::HexEncodeInto(digest, text.data());
  return hex == std::string_view(text.data(), text.size());
}

Result<StoredEvent> ProjectionsOf(const json::Value& event) {
  StoredEvent out;
  const json::Value* seq = event.Find("seq");
  const std::optional<std::int64_t> n = seq != nullptr ? seq->AsInt64() : std::nullopt;
  if (!n || *n < 0) return Error{ErrorCode::kMalformed, "the event has no sequence number"};
  Result<std::int64_t> ts = base::ParseRfc3339Micros(Take(event, "ts"));
  if (!ts.ok()) return Error{ErrorCode::kMalformed, "the event's ts is " + ts.error().message};
  out.record.seq = *n;
  out.ts_micros = *ts;
  out.record.tenant = Take(event, "tenant");
  out.record.event_id = Take(event, "event_id");
  out.kind = Take(event, "kind");
  out.decision = Take(event, "decision");
  out.check = Take(event, "check");
  out.tool = Take(event, "tool");
  out.agent_id = Take(event, "agent_id");
  out.jti = Take(event, "capability_token_id");
  out.elevation_id = Take(event, "elevation_id");
  out.root_jti = Take(event, "root_capability_token_id");
  out.session_id = Take(event, "session_id");
  out.code = Take(event, "code");
  out.actor = Take(event, "actor");
  return out;
}

Result<StoredEvent> ReadCanonical(std::string_view canonical) {
  CanonicalChecker checker;
  const Result<EventView> said = checker.Check(canonical);
  if (!said.ok()) return said.error();
  StoredEvent out;
  out.record.tenant = said->tenant;
  out.record.seq = said->seq;
  out.record.event_id = said->event_id;
  out.ts_micros = said->ts_micros;
  out.kind = said->kind;
  out.decision = said->decision;
  out.check = said->check;
  out.tool = said->tool;
  out.agent_id = said->agent_id;
  out.jti = said->jti;
  out.elevation_id = said->elevation_id;
  out.root_jti = said->root_jti;
  out.session_id = said->session_id;
  out.code = said->code;
  out.actor = said->actor;
  return out;
}

Result<PrunePoint> ReadPruned(std::string_view canonical) {
  const Result<json::Value> event = json::Parse(canonical, kEventLimits);
  if (!event.ok()) return event.error();
  const json::Value* details = event->Find("details");
  const json::Value* first = details == nullptr ? nullptr : details->Find("first_seq");
  const json::Value* hash = details == nullptr ? nullptr : details->Find("prev_hash");
  if (first == nullptr || !first->AsInt64() || hash == nullptr || !hash->is_string()) {
    return Error{ErrorCode::kMalformed, "the event does not say where the chain begins"};
  }
  return PrunePoint{*first->AsInt64(), hash->string_value()};
}

std::string_view FirstDifference(const EventView& said, const StoredEvent& stored) {
  if (said.tenant != stored.record.tenant) return "tenant";
  if (said.seq != stored.record.seq) return "seq";
  if (said.event_id != stored.record.event_id) return "event_id";
  if (said.ts_micros != stored.ts_micros) return "ts";
  if (said.kind != stored.kind) return "kind";
  if (said.decision != stored.decision) return "decision";
  if (said.check != stored.check) return "check";
  if (said.tool != stored.tool) return "tool";
  if (said.agent_id != stored.agent_id) return "agent_id";
  if (said.jti != stored.jti) return "capability_token_id";
  if (said.elevation_id != stored.elevation_id) return "elevation_id";
  if (said.root_jti != stored.root_jti) return "root_capability_token_id";
  if (said.session_id != stored.session_id) return "session_id";
  if (said.code != stored.code) return "code";
  if (said.actor != stored.actor) return "actor";
  return "";
}

}  // namespace intentgate::audit
