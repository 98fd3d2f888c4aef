// Tested by tests/unit/store/sqlite_event_run_test.cc and tests/fuzz/event_run_fuzz.cc.
#include "store/sqlite/event_run.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "audit/canonical_event.h"
#include "base/encoding.h"
#include "base/little_endian.h"
#include "store/sqlite/packed_text.h"
#include "store/sqlite/packed_values.h"
#include "store/sqlite/postings.h"

namespace intentgate::store {
namespace {

static_assert(kRunEvents == std::int64_t{1} << kPostingShift, "a run lies within one block of postings");

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kHashBytes = 32;
// A rare large event does not hold on to its memory.
constexpr std::size_t kMostKept = 4 * kFullRunBytes;

Status AppendHash(std::string_view hex, std::string& out) {
  std::array<std::uint8_t, kHashBytes> bytes;
  if (hex.size() != 2 * kHashBytes || !base::HexDecodeInto(hex, bytes.data())) {
    return Error{ErrorCode::kInvalidArgument, "the hash of an event is 64 digits of lower-case hex"};
  }
  out += base::AsText(bytes);
  return {};
}

PrivateValue Unreadable() { return {"private", {}, "cannot be read"}; }

// `sql` takes the columns of the run, and behind them what `bind_last` gives.
template <typename BindLast>
Status Write(Connection& connection, std::string_view sql, const RunPacker& run, const BindLast& bind_last) {
  Result<Statement*> write = connection.Kept(sql);
  if (!write.ok()) return write.error();
  const StatementUse use(**write);
  use->Bind(1, run.first_seq());
  use->Bind(2, run.count());
  use->BindBlob(3, run.prev_hash());
  use->BindBlob(4, run.hashes());
  use->BindBlob(5, run.texts());
  if (run.values().empty()) use->BindNull(6);
  else use->BindBlob(6, run.values());
  bind_last(**write, 7);
  return connection.Run(**write);
}

}  // namespace

bool RunPacker::Continues(const audit::StoredEvent& event) const {
  const AuditRecord& record = event.record;
  return count_ > 0 && record.seq == first_seq_ + count_ && record.seq % kRunEvents != 0 && record.prev_hash == last_hash_ &&
         texts_.size() + values_.size() < kFullRunBytes;
}

void RunPacker::Clear() {
  count_ = 0;
  for (std::string* const bytes : {&prev_hash_, &hashes_, &texts_, &values_, &last_hash_, &room_}) {
    if (bytes->capacity() > kMostKept) *bytes = {};
    bytes->clear();
  }
}

Status RunPacker::Add(const audit::StoredEvent& event) {
  const AuditRecord& record = event.record;
  if (count_ == 0) {
    Clear();
    first_seq_ = record.seq;
    if (!record.prev_hash.empty()) {
      if (Status s = AppendHash(record.prev_hash, prev_hash_); !s.ok()) return s;
    }
    base::AppendLittle(kFormat, texts_);
  }
  if (Status s = AppendHash(record.hash, hashes_); !s.ok()) return s;
  last_hash_ = record.hash;
  base::AppendShortText(PackText(record.canonical, room_) ? room_ : record.canonical, texts_);
  if (!event.private_values.empty()) {
    if (values_.empty()) base::AppendLittle(kFormat, values_);
    base::AppendLittle(static_cast<std::uint8_t>(count_), values_);
    PackValues(event.private_values, room_);
    base::AppendShortText(room_, values_);
  }
  ++count_;
  return {};
}

EventRun::EventRun(const Statement& row)
    : first_seq_(row.Integer(0)), prev_hash_(row.Blob(2)), hashes_(row.Blob(3)), bytes_(row.Blob(4)) {
  constexpr std::int64_t kNoEventBehind = std::numeric_limits<std::int64_t>::max() - kRunEvents;
  if (first_seq_ < 0 || first_seq_ > kNoEventBehind) return;
  texts_.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(row.Integer(1), 0, kRunEvents - first_seq_ % kRunEvents)));
  base::LittleReader in(bytes_);
  if (in.Number<std::uint8_t>() != kFormat) return;
  for (Text& text : texts_) {
    const std::string_view part = in.ShortText();
    if (!part.empty()) text = {static_cast<std::size_t>(part.data() - bytes_.data()), part.size()};
  }
}

void EventRun::EndAt(std::int64_t seq) {
  if (seq >= end_seq()) return;
  texts_.assign(seq > first_seq_ ? static_cast<std::size_t>(seq - first_seq_) : 0, Text());
}

std::string EventRun::Canonical(std::int64_t seq) const {
  const Text place = texts_[static_cast<std::size_t>(seq - first_seq_)];
  const std::string_view text = std::string_view(bytes_).substr(place.at, place.size);
  std::optional<std::string> unpacked = UnpackText(text, audit::kEventLimits.max_bytes);
  return unpacked ? *std::move(unpacked) : std::string(text);
}

std::string EventRun::HashAt(std::int64_t number) const {
  const std::size_t at = static_cast<std::size_t>(number) * kHashBytes;
  if (hashes_.size() < at + kHashBytes) return {};
  return base::HexEncode(base::AsBytes(std::string_view(hashes_).substr(at, kHashBytes)));
}

std::string EventRun::PrevHash(std::int64_t seq) const {
  return seq == first_seq_ ? base::HexEncode(base::AsBytes(prev_hash_)) : HashAt(seq - first_seq_ - 1);
}

RunValues::RunValues(std::string column) : bytes_(std::move(column)) {
  if (bytes_.empty()) return;
  base::LittleReader in(bytes_);
  damaged_ = in.Number<std::uint8_t>() != kFormat;
  while (!damaged_ && !in.at_end()) {
    const auto number = in.Number<std::uint8_t>();
    const std::string_view values = in.ShortText();
    damaged_ = !in.ok() || number >= kRunEvents || (!each_.empty() && number <= each_.back().first);
    if (!damaged_) each_.emplace_back(number, values);
  }
}

std::vector<PrivateValue> RunValues::Of(std::int64_t number) const {
  for (const auto& [of, bytes] : each_) {
    if (of != number) continue;
    Result<std::vector<PrivateValue>> values = UnpackValues(bytes);
    return values.ok() ? *std::move(values) : std::vector{Unreadable()};
  }
  // They ascend, so those of the events up to the last one that can be read are known.
  if (damaged_ && (each_.empty() || number > each_.back().first)) return {Unreadable()};
  return {};
}

std::string RunValues::Without(std::span<const std::int64_t> numbers) const {
  std::string left;
  for (const auto& [of, bytes] : each_) {
    if (std::find(numbers.begin(), numbers.end(), of) != numbers.end()) continue;
    if (left.empty()) base::AppendLittle(kFormat, left);
    base::AppendLittle(static_cast<std::uint8_t>(of), left);
    base::AppendShortText(bytes, left);
  }
  return left;
}

Status InsertRun(Connection& connection, std::string_view tenant, const RunPacker& run) {
  return Write(connection,
               "INSERT INTO audit_runs (first_seq, count, prev_hash, hashes, texts, private, tenant) VALUES (?, ?, ?, ?, ?, ?, ?)", run,
               [tenant](Statement& to, int at) { to.Bind(at, tenant); });
}

Status ReplaceRun(Connection& connection, std::int64_t id, const RunPacker& run) {
  return Write(connection,
               "UPDATE audit_runs SET first_seq = ?, count = ?, prev_hash = ?, hashes = ?, texts = ?, private = ? WHERE id = ?", run,
               [id](Statement& to, int at) { to.Bind(at, id); });
}

}  // namespace intentgate::store
