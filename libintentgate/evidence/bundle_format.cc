#include "evidence/bundle_format.h"

#include <algorithm>
#include <bit>
#include <optional>

#include <intentgate/json.h>

#include "audit/canonical_event.h"
#include "audit/export_format.h"
#include "base/time_format.h"
#include "tlog/lines.h"

namespace intentgate::evidence {
namespace {

constexpr std::string_view kRangeFormat = "intentgate-range-proof-1";

Error Bad(std::string_view file, const char* what) {
  return {ErrorCode::kMalformed, std::string(file) + ": " + what};
}

std::string Jcs(const json::Value& value) { return *json::WriteJcs(value) + "\n"; }

// Takes members out of a part's object and remembers whether all were there.
class Members {
 public:
  explicit Members(std::string_view text) {
    Result<json::Value> read = json::Parse(text, {.max_bytes = kMaxPartBytes});
    good_ = read.ok() && read->is_object();
    if (good_) value_ = std::move(*read);
  }
  std::string Text(std::string_view name) {
    const json::Value* member = value_.Find(name);
    if (member != nullptr && member->is_string()) return member->string_value();
    good_ = false;
    return "";
  }
  std::int64_t Count(std::string_view name) {
    const json::Value* member = value_.Find(name);
    const std::optional<std::int64_t> n = member == nullptr ? std::nullopt : member->AsInt64();
    if (n && *n >= 0 && *n <= audit::kMaxCanonicalInteger) return *n;
    good_ = false;
    return 0;
  }
  const json::Value& At(std::string_view name) {
    static const json::Value kNull;
    const json::Value* member = value_.Find(name);
    if (member != nullptr) return *member;
    good_ = false;
    return kNull;
  }
  bool Has(std::string_view name) const { return value_.Find(name) != nullptr; }
  bool good() const { return good_; }

 private:
  json::Value value_;
  bool good_ = false;
};

// "1 2 3"
bool TakeNumbers(std::string_view line, std::initializer_list<std::uint64_t*> out) {
  for (std::uint64_t* const n : out) {
    const std::size_t end = line.find(' ');
    const std::optional<std::uint64_t> read = tlog::ParseDecimal(line.substr(0, end));
    if (!read) return false;
    *n = *read;
    line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
  }
  return true;
}

}  // namespace

std::string WriteManifest(const BundleManifest& m) {
  json::Value files = json::MakeObject({});
  for (const auto& [name, digest] : m.files) files.Set(name, digest);
  json::Value out = json::MakeObject({{"bundle", kBundleFormat},
                               {"covered", m.covered},
                               {"created", base::FormatRfc3339Micros(m.created_micros)},
                               {"files", std::move(files)},
                               {"filter", audit::FilterAsJson(m.filter)},
                               {"filtered", m.filtered},
                               {"first_seq", m.first_seq},
                               {"next_seq", m.next_seq},
                               {"product", m.product},
                               {"tenant", m.tenant}});
  if (m.archive) out.Set("archive", true);
  if (m.values) out.Set("values", true);
  return Jcs(out);
}

Result<BundleManifest> ReadManifest(std::string_view text) {
  Members members(text);
  const std::string format = members.Text("bundle");
  if (members.good() && format != kBundleFormat) {
    return Error{ErrorCode::kUnsupportedVersion, "the bundle has format " + format + "; this verifier reads " +
                                                     std::string(kBundleFormat)};
  }
  BundleManifest m;
  m.tenant = members.Text("tenant");
  m.first_seq = members.Count("first_seq");
  m.next_seq = members.Count("next_seq");
  m.covered = members.Count("covered");
  m.product = members.Text("product");
  const Result<std::int64_t> created = base::ParseRfc3339Micros(members.Text("created"));
  Result<AuditFilter> filter = audit::FilterFromJson(members.At("filter"));
  const json::Value& filtered = members.At("filtered");
  const json::Value& files = members.At("files");
  if (!members.good() || !created.ok() || !filter.ok() || !filtered.is_bool() || !files.is_object()) {
    return Bad(kManifestFile, "a member is missing or has no such value");
  }
  for (const json::Member& file : files.object()) {
    if (!file.value.is_string()) return Bad(kManifestFile, "a digest is no text");
    m.files[file.name] = file.value.string_value();
  }
  m.archive = members.Has("archive");
  m.values = members.Has("values");
  m.created_micros = *created;
  m.filtered = filtered.bool_value();
  m.filter = std::move(*filter);
  if (WriteManifest(m) != text) return Bad(kManifestFile, "it is not written as this version writes it");
  return m;
}

std::string WriteBundleEnd(const BundleEnd& end) {
  return Jcs(json::MakeObject({{"end", kBundleFormat},
                               {"events", end.events},
                               {"last_hash", end.last_hash},
                               {"manifest_sha256", end.manifest_sha256},
                               {"segments", end.segments}}));
}

Result<BundleEnd> ReadBundleEnd(std::string_view text) {
  Members members(text);
  BundleEnd end{members.Count("events"), members.Count("segments"), members.Text("last_hash"),
                members.Text("manifest_sha256")};
  if (!members.good() || WriteBundleEnd(end) != text) return Bad(kEndFile, "it is not written as this version writes it");
  return end;
}

std::string WriteAnchor(const BundleAnchor& anchor) {
  return Jcs(json::MakeObject({{"first_seq", anchor.first_seq}, {"prev_hash", anchor.prev_hash}}));
}

Result<BundleAnchor> ReadAnchor(std::string_view text) {
  Members members(text);
  BundleAnchor anchor{members.Count("first_seq"), members.Text("prev_hash")};
  if (!members.good() || WriteAnchor(anchor) != text) return Bad(kAnchorFile, "it is not written as this version writes it");
  return anchor;
}

std::string WriteRangeProof(const BundleRange& range) {
  std::string out = std::string(kRangeFormat) + "\n" + std::to_string(range.first) + " " + std::to_string(range.last) +
                    " " + std::to_string(range.size) + "\n";
  for (const tlog::Hash& hash : range.proof.left) out += "left " + tlog::WriteHash(hash) + "\n";
  for (const tlog::Hash& hash : range.proof.right) out += "right " + tlog::WriteHash(hash) + "\n";
  return out;
}

Result<BundleRange> ReadRangeProof(std::string_view text) {
  const Error bad = Bad(kRangeProofFile, "it is not written as this version writes it");
  std::string_view rest = text;
  if (tlog::TakeLine(rest) != kRangeFormat) return bad;
  std::optional<std::string_view> line = tlog::TakeLine(rest);
  BundleRange range;
  if (!line || !TakeNumbers(*line, {&range.first, &range.last, &range.size})) return bad;
  while ((line = tlog::TakeLine(rest))) {
    const bool left = line->starts_with("left ");
    if (!left && !line->starts_with("right ")) return bad;
    const std::optional<tlog::Hash> hash = tlog::ParseHash(line->substr(left ? 5 : 6));
    if (!hash) return bad;
    (left ? range.proof.left : range.proof.right).push_back(*hash);
  }
  if (WriteRangeProof(range) != text) return bad;
  return range;
}

std::string SegmentName(std::int64_t number) {
  const std::string digits = std::to_string(number);
  return "events/" + std::string(6 - std::min<std::size_t>(digits.size(), 6), '0') + digits + ".ndjson";
}

std::string WriteReadme(const BundleManifest& m, std::string_view origin) {
  std::string out =
      "This archive holds audit events of the tenant named in manifest.json.\n"
      "\n"
      "To verify it, with the log's verifier key, which the operator gave you by another way than this file:\n"
      "\n"
      "  intentgate audit verify BUNDLE.tar --key KEY\n"
      "\n"
      "Exit code 0 means intact; 1 tampered; 2 truncated or not covered; 3 forked; 4 unknown key; 5 unreadable.\n"
      "Keep checkpoint.note. With --checkpoint OLD.note the next bundle is held against it.\n"
      "\n";
  if (m.covered == 0) {
    out += "NO CHECKPOINT. The log had no signing key. This bundle shows that its events fit together. It cannot show\n"
           "that the operator did not write all of them anew, nor that none are missing at the end.\n";
  } else {
    out += "The checkpoint of " + std::string(origin) + " covers the first " + std::to_string(m.covered) + " events.\n";
  }
  if (m.filtered) {
    out += "FILTERED. Each event proves that it stands at its place in the log. Nothing here can prove that every\n"
           "event that matches the filter was put in. An unfiltered bundle can.\n";
  }
  if (m.covered < m.next_seq && m.covered > 0) {
    out += "Events from " + std::to_string(m.covered) + " on came after the checkpoint. They are linked to the chain, but no\n"
           "signature covers them.\n";
  }
  if (m.archive) {
    out += "ARCHIVE SEGMENT. It holds the events from " + std::to_string(m.first_seq) + " up to, not including, " +
           std::to_string(m.next_seq) + ", which were\npruned from the store. Earlier ones stand in earlier segments, later ones "
           "in later segments or in the store.\n";
  }
  if (m.values) {
    out += "PRIVATE VALUES. The member private of a line has what the event only commits to, and is checked against it.\n"
           "A value that is not there was erased or left out; which of the two, the bundle cannot show.\n";
  }
  if (m.first_seq > 0 && !m.archive) out += "Events before " + std::to_string(m.first_seq) + " were pruned by the operator.\n";
  out += "\nThe format is public: docs/formats/bundle.md of IntentGate. events/*.ndjson are plain JSON lines.\n";
  return out;
}

std::vector<unsigned> PathLevels(std::uint64_t index, std::uint64_t size) {
  std::vector<unsigned> levels;
  unsigned level = 0;
  for (std::uint64_t last = size - 1; last > 0; index >>= 1, last >>= 1, ++level) {
    // A node without a right neighbour is its own parent.
    if ((index & 1) == 1 || index < last) levels.push_back(level);
  }
  return levels;
}

unsigned SharedLevel(std::uint64_t a, std::uint64_t b) { return static_cast<unsigned>(std::bit_width(a ^ b)); }

}  // namespace intentgate::evidence
