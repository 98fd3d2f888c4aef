// Tested by tests/unit/audit/commitments_test.cc.

#include "audit/commitments.h"

#include <algorithm>
#include <utility>

#include "audit/canonical_event.h"
#include "base/encoding.h"
#include "base/utf8.h"
#include "crypto/hash.h"

namespace intentgate::audit {
namespace {

class Taker {
 public:
  explicit Taker(const CommitmentRule& rule) : rule_(rule) {}

  void Text(std::string_view name, std::string& member) {
    if (member.empty()) return;
    std::string clean = base::IsValidUtf8(member) ? std::move(member) : base::ReplaceInvalidUtf8(member);
    if (IsPrivate(name, clean.size())) {
      Add(name, std::move(clean));
      clean.clear();
    }
    member = std::move(clean);
  }
  // Whether it was taken.
  bool Json(std::string_view name, std::string_view text_name, const json::Value& member) {
    if (member.is_null() || (rule_.above_bytes == 0 && !IsPrivate(name, 0))) return false;
    ExactJson exact = WriteExact(member);
    if (!IsPrivate(name, exact.text.size())) return false;
    Add(exact.is_jcs ? name : text_name, std::move(exact.text));
    return true;
  }
  std::vector<PrivateValue> Take() { return std::move(taken_); }

 private:
  bool IsPrivate(std::string_view name, std::size_t size) const {
    return (rule_.above_bytes > 0 && size > rule_.above_bytes) ||
           std::find(rule_.members.begin(), rule_.members.end(), name) != rule_.members.end();
  }
  void Add(std::string_view name, std::string&& value) {
    taken_.push_back({std::string(name), {}, std::move(value)});
  }

  const CommitmentRule& rule_;
  std::vector<PrivateValue> taken_;
};

bool IsJson(std::string_view member) { return member == "arg_values" || member == "details"; }

}  // namespace

std::vector<PrivateValue> TakePrivate(const CommitmentRule& rule, AuditEvent& e) {
  if (rule.members.empty() && rule.above_bytes == 0) return {};
  if (e.kind == EventKind::kGenesis || e.kind == EventKind::kControl) return {};
  Taker taker(rule);
  if (e.arg_values && taker.Json("arg_values", "arg_values_text", *e.arg_values)) e.arg_values.reset();
  taker.Text("args_sha256", e.args_sha256);
  if (taker.Json("details", "details_text", e.details)) e.details = json::Value();
  taker.Text("intent_summary", e.intent_summary);
  taker.Text("reason", e.reason);
  taker.Text("remote_ip", e.remote_ip);
  taker.Text("result_sha256", e.result_sha256);
  return taker.Take();
}

Status AddSalts(Random& random, std::span<PrivateValue> values) {
  for (PrivateValue& value : values) {
    if (Status s = random.Fill(value.salt); !s.ok()) return s;
  }
  return {};
}

std::string Commitment(const PrivateValue& value) {
  return base::HexEncode(crypto::Sha256(value.salt, base::AsBytes(value.value)));
}

Status CheckValues(std::string_view canonical, std::span<const PrivateValue> values) {
  if (values.empty()) return {};
  const Result<json::Value> event = json::Parse(canonical, kEventLimits);
  const json::Value* commitments = event.ok() ? event->Find("commitments") : nullptr;
  std::string_view last;
  for (const PrivateValue& value : values) {
    const json::Value* commitment = commitments == nullptr ? nullptr : commitments->Find(value.member);
    if (value.member <= last || commitment == nullptr || !commitment->is_string() ||
        commitment->string_value() != Commitment(value) || event->Find(value.member) != nullptr) {
      return Error{ErrorCode::kCorrupt, "the value of " + value.member + " is not the one that the event commits to"};
    }
    last = value.member;
  }
  return {};
}

Status AddValues(PrivateValueStore& store, std::span<AuditRecord> records) {
  for (std::size_t from = 0; from < records.size();) {
    std::size_t to = from;
    std::vector<std::int64_t> seqs;
    for (; to < records.size() && records[to].tenant == records[from].tenant; ++to) seqs.push_back(records[to].seq);
    Result<std::vector<PlacedValue>> values = store.PrivateValues(records[from].tenant, seqs);
    if (!values.ok()) return values.error();
    // The records may descend.
    const std::span<AuditRecord> run = records.subspan(from, to - from);
    const bool ascending = run.front().seq <= run.back().seq;
    for (PlacedValue& placed : *values) {
      const auto at = std::lower_bound(run.begin(), run.end(), placed.seq, [&](const AuditRecord& r, std::int64_t seq) {
        return ascending ? r.seq < seq : r.seq > seq;
      });
      if (at != run.end() && at->seq == placed.seq) at->values.push_back(std::move(placed.value));
    }
    from = to;
  }
  return {};
}

}  // namespace intentgate::audit

namespace intentgate {

Result<json::Value> ShownEvent(const AuditRecord& record) {
  Result<json::Value> event = json::Parse(record.canonical, audit::kEventLimits);
  if (!event.ok() || !event->is_object()) {
    return Error{ErrorCode::kCorrupt, "event " + std::to_string(record.seq) + " of tenant " + record.tenant +
                                          " is not JSON; verify the chain"};
  }
  for (const PrivateValue& value : record.values) {
    Result<json::Value> parsed = audit::IsJson(value.member) ? json::Parse(value.value, audit::kEventLimits)
                                                             : Result<json::Value>(json::Value(value.value));
    event->Set(value.member, parsed.ok() ? std::move(*parsed) : json::Value(value.value));
  }
  return event;
}

}  // namespace intentgate
