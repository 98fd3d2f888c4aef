// Tested by tests/unit/audit/journal_format_test.cc and tests/fuzz/journal_fuzz.cc.

#include "audit/journal_format.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/little_endian.h"
#include "crypto/hash.h"

namespace intentgate::audit {
namespace {

constexpr std::size_t kPlaceBytes = 12;   // length and sequence
constexpr std::size_t kPlaceCheckBytes = 4;

// The first bytes of a SHA-256.
std::string Check(std::string_view bytes, std::size_t length) {
  const crypto::Digest digest = crypto::Sha256(base::AsBytes(bytes));
  return std::string(base::AsText(digest).substr(0, length));
}

Error Malformed(const char* what) { return {ErrorCode::kMalformed, std::string("the journal entry ") + what}; }

const std::string* TextOf(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  return member != nullptr && member->is_string() ? &member->string_value() : nullptr;
}

std::optional<std::int64_t> IntegerOf(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  return member != nullptr ? member->AsInt64() : std::nullopt;
}

void TakeCharges(base::LittleReader& in, std::vector<Charge>& out) {
  for (auto left = in.Number<std::uint32_t>(); left > 0 && in.ok(); --left) {
    Charge charge;
    charge.counter = in.Text();
    charge.bucket = static_cast<std::int64_t>(in.Number<std::uint64_t>());
    charge.amount = static_cast<std::int64_t>(in.Number<std::uint64_t>());
    out.push_back(std::move(charge));
  }
}

void TakePrivateValues(base::LittleReader& in, std::vector<PrivateValue>& out) {
  for (auto left = in.Number<std::uint32_t>(); left > 0 && in.ok(); --left) {
    PrivateValue value;
    value.member = in.Text();
    const std::string_view salt = in.Bytes(value.salt.size());
    std::copy(salt.begin(), salt.end(), value.salt.begin());
    value.value = in.Text();
    out.push_back(std::move(value));
  }
}

// The draft of an event whose `seq` is a 0 at `seq_at`.
Status ReadEvent(std::string_view text, std::size_t seq_at, JournalEntry& entry) {
  constexpr std::string_view kName = "\"seq\":";
  if (seq_at < kName.size() || seq_at >= text.size() || text.substr(seq_at - kName.size(), kName.size()) != kName ||
      text[seq_at] != '0') {
    return Malformed("does not say where the event's place goes");
  }
  Result<json::Value> event = json::Parse(text, kEventLimits);
  if (!event.ok()) return Malformed("holds no event");
  const Result<std::string> jcs = json::WriteJcs(*event);
  if (!jcs.ok() || *jcs != text) return Malformed("holds an event that is not in canonical form");
  Result<StoredEvent> stored = ProjectionsOf(*event);
  if (!stored.ok()) return stored.error();
  const std::string* producer = TextOf(*event, "producer_id");
  const std::optional<std::int64_t> number = IntegerOf(*event, "producer_seq");
  if (stored->record.seq != 0 || producer == nullptr || !number || *number < 0 || stored->record.event_id.empty() ||
      stored->record.tenant.empty()) {
    return Malformed("holds an event without its producer, its id or its tenant");
  }
  entry.producer_id = *producer;
  entry.producer_seq = *number;
  entry.draft.stored = std::move(*stored);
  entry.draft.text = text;
  entry.draft.text.erase(seq_at, 1);
  entry.draft.seq_at = seq_at;
  return {};
}

}  // namespace

void AppendFrame(std::uint64_t sequence, std::string_view payload, std::string& out) {
  std::string place;
  base::AppendLittle(static_cast<std::uint32_t>(payload.size()), place);
  base::AppendLittle(sequence, place);
  out += place;
  out += Check(place, kPlaceCheckBytes);
  out += Check(payload, kFrameHeaderBytes - kPlaceBytes - kPlaceCheckBytes);
  out += payload;
}

FrameRead ReadFrame(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (bytes.size() < kFrameHeaderBytes) return {.kind = FrameKind::kTorn};
  const std::string_view place = bytes.substr(0, kPlaceBytes);
  const auto length = base::ReadLittle<std::uint32_t>(place);
  const std::size_t payload_check_at = kPlaceBytes + kPlaceCheckBytes;
  if (bytes.substr(kPlaceBytes, kPlaceCheckBytes) != Check(place, kPlaceCheckBytes) || length > kMaxFramePayloadBytes) {
    return {.kind = FrameKind::kDamaged};
  }
  if (bytes.size() - kFrameHeaderBytes < length) return {.kind = FrameKind::kTorn, .size = kFrameHeaderBytes + length};
  FrameRead read{FrameKind::kFrame, base::ReadLittle<std::uint64_t>(place.substr(4)), bytes.substr(kFrameHeaderBytes, length),
                 kFrameHeaderBytes + length};
  const std::size_t check_bytes = kFrameHeaderBytes - payload_check_at;
  if (bytes.substr(payload_check_at, check_bytes) != Check(read.payload, check_bytes)) read.kind = FrameKind::kDamaged;
  return read;
}

std::string SegmentHeader(std::string_view producer_id) {
  return std::string(kJournalFormat) + "\n" + std::string(producer_id);
}

Result<std::string> ReadSegmentHeader(std::string_view payload) {
  const std::size_t end = payload.find('\n');
  if (end == std::string_view::npos) return Error{ErrorCode::kMalformed, "the segment does not name its format"};
  if (payload.substr(0, end) != kJournalFormat) {
    return Error{ErrorCode::kUnsupportedVersion, "the segment has a format that this build does not read; start the "
                                                 "version that wrote it once, so that it drains"};
  }
  return std::string(payload.substr(end + 1));
}

std::string EncodeEntry(const EventDraft& draft) {
  AuditRecord placed;
  Place(draft, 0, {}, placed);
  const std::size_t producer_digits = std::to_string(draft.producer_seq.value_or(0)).size();
  const StoredEvent& stored = draft.stored;
  std::string out;
  base::AppendLittle(static_cast<std::uint32_t>(draft.seq_at + producer_digits), out);
  base::AppendLittleText(placed.canonical, out);
  base::AppendLittle(static_cast<std::uint32_t>(stored.charges.size()), out);
  for (const Charge& charge : stored.charges) {
    base::AppendLittleText(charge.counter, out);
    base::AppendLittle(static_cast<std::uint64_t>(charge.bucket), out);
    base::AppendLittle(static_cast<std::uint64_t>(charge.amount), out);
  }
  base::AppendLittle(static_cast<std::uint32_t>(stored.private_values.size()), out);
  for (const PrivateValue& value : stored.private_values) {
    base::AppendLittleText(value.member, out);
    out += base::AsText(value.salt);
    base::AppendLittleText(value.value, out);
  }
  return out;
}

Result<JournalEntry> DecodeEntry(std::uint64_t sequence, std::string_view payload) {
  base::LittleReader in(payload);
  const auto seq_at = in.Number<std::uint32_t>();
  const std::string_view event = in.Bytes(in.Number<std::uint32_t>());
  JournalEntry entry;
  entry.sequence = sequence;
  if (Status s = ReadEvent(event, seq_at, entry); !s.ok()) return s.error();
  TakeCharges(in, entry.draft.stored.charges);
  TakePrivateValues(in, entry.draft.stored.private_values);
  if (!in.at_end()) return Malformed("does not end where its parts end");
  return entry;
}

}  // namespace intentgate::audit
