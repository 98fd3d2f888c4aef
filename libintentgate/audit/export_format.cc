#include "audit/export_format.h"

#include "audit/canonical_event.h"
#include "audit/filter.h"
#include "base/time_format.h"

namespace intentgate::audit {
namespace {

// Cannot stand inside a JSON string, where its quotes would be escaped; so the first one in a line is
// where the canonical bytes begin.
constexpr std::string_view kEventMember = ",\"event\":";
constexpr std::string_view kTrailerStart = "{\"trailer\":";

json::Value FilterAsJson(const AuditFilter& f) {
  json::Value out = json::MakeObject({});
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.Set(name, value);
  };
  const auto number = [&](std::string_view name, const std::optional<std::int64_t>& value) {
    if (value) out.Set(name, *value);
  };
  text("actor", f.actor);
  text("agent_id", f.agent_id);
  text("check", f.check);
  text("code", f.code);
  text("decision", f.decision);
  text("elevation_id", f.elevation_id);
  text("event_id", f.event_id);
  if (f.from_micros) out.Set("from", base::FormatRfc3339Micros(*f.from_micros));
  number("from_seq", f.from_seq);
  text("jti", f.jti);
  text("kind", f.kind);
  text("root_jti", f.root_jti);
  text("session_id", f.session_id);
  text("tenant", f.tenant);
  if (f.to_micros) out.Set("to", base::FormatRfc3339Micros(*f.to_micros));
  number("to_seq", f.to_seq);
  text("tool", f.tool);
  return out;
}

Error Bad(const std::string& what) { return {ErrorCode::kMalformed, what}; }

Result<json::Value> ReadObject(std::string_view text, const char* what) {
  Result<json::Value> value = json::Parse(text, kEventLimits);
  if (!value.ok()) return Bad(std::string(what) + " is not JSON: " + value.error().message);
  if (!value->is_object()) return Bad(std::string(what) + " is not a JSON object");
  return value;
}

std::optional<std::string> TextOf(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  return member->string_value();
}

std::optional<std::int64_t> CountOf(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  const std::optional<std::int64_t> n = member == nullptr ? std::nullopt : member->AsInt64();
  return n && *n >= 0 ? n : std::nullopt;
}

}  // namespace

std::string WriteExportHeader(const AuditFilter& filter, bool filtered, std::int64_t created_micros) {
  return json::Write(json::MakeObject({{"export", kExportFormat},
                                       {"created", base::FormatRfc3339Micros(created_micros)},
                                       {"filtered", filtered},
                                       {"filter", FilterAsJson(filter)}})) +
         "\n";
}

void AppendEventLine(const AuditRecord& record, std::string& out) {
  out += "{\"tenant\":";
  json::AppendTo(json::Value(record.tenant), out);
  out += ",\"seq\":" + std::to_string(record.seq);
  out += ",\"prev_hash\":";
  json::AppendTo(json::Value(record.prev_hash), out);
  out += ",\"hash\":";
  json::AppendTo(json::Value(record.hash), out);
  out += kEventMember;
  out += record.canonical;
  out += "}\n";
}

std::string WriteExportTrailer(const std::vector<ExportedChain>& chains, std::int64_t events, std::string_view sha256) {
  json::Array list;
  for (const ExportedChain& chain : chains) {
    list.push_back(json::MakeObject({{"tenant", chain.tenant},
                                     {"events", chain.events},
                                     {"next_seq", chain.head.next_seq},
                                     {"hash", chain.head.hash}}));
  }
  return json::Write(json::MakeObject(
             {{"trailer", true}, {"events", events}, {"chains", std::move(list)}, {"sha256", sha256}})) +
         "\n";
}

Result<ExportHeader> ReadExportHeader(std::string_view line) {
  Result<json::Value> header = ReadObject(line, "the header");
  if (!header.ok()) return header.error();
  const std::optional<std::string> format = TextOf(*header, "export");
  if (!format) return Bad("this is no audit export: the first line has no member \"export\"");
  if (*format != kExportFormat) {
    return Error{ErrorCode::kUnsupportedVersion, "the export has format " + *format + "; this verifier reads " +
                                                     std::string(kExportFormat)};
  }
  const json::Value* filtered = header->Find("filtered");
  const json::Value* filter = header->Find("filter");
  if (filtered == nullptr || !filtered->is_bool() || filter == nullptr || !filter->is_object()) {
    return Bad("the header lacks \"filtered\" or \"filter\"");
  }
  return ExportHeader{filtered->bool_value(), TextOf(*filter, "tenant").value_or("")};
}

bool IsExportTrailer(std::string_view line) { return line.starts_with(kTrailerStart); }

Result<ExportTrailer> ReadExportTrailer(std::string_view line) {
  Result<json::Value> read = ReadObject(line, "the trailer");
  if (!read.ok()) return read.error();
  const std::optional<std::int64_t> events = CountOf(*read, "events");
  const std::optional<std::string> sha256 = TextOf(*read, "sha256");
  const json::Value* chains = read->Find("chains");
  if (!events || !sha256 || chains == nullptr || !chains->is_array()) {
    return Bad("the trailer lacks \"events\", \"sha256\" or \"chains\"");
  }
  ExportTrailer trailer{*events, *sha256, {}};
  for (const json::Value& chain : chains->array()) {
    const std::optional<std::string> tenant = TextOf(chain, "tenant"), hash = TextOf(chain, "hash");
    const std::optional<std::int64_t> count = CountOf(chain, "events"), next_seq = CountOf(chain, "next_seq");
    if (!tenant || !hash || !count || !next_seq) return Bad("a chain of the trailer lacks a member");
    trailer.chains.push_back({*tenant, *count, {*next_seq, *hash}});
  }
  return trailer;
}

Result<AuditRecord> ReadEventLine(std::string_view line) {
  const std::size_t at = line.find(kEventMember);
  if (at == std::string_view::npos || line.back() != '}') return Bad("the line is neither an event nor the trailer");
  Result<json::Value> envelope = ReadObject(std::string(line.substr(0, at)) + "}", "the line's front");
  if (!envelope.ok()) return envelope.error();
  const std::optional<std::string> tenant = TextOf(*envelope, "tenant"), prev = TextOf(*envelope, "prev_hash"),
                                   hash = TextOf(*envelope, "hash");
  const std::optional<std::int64_t> seq = CountOf(*envelope, "seq");
  if (!tenant || !prev || !hash || !seq) return Bad("the line lacks tenant, seq, prev_hash or hash");
  const std::size_t from = at + kEventMember.size();
  AuditRecord record{*tenant, *seq, "", *prev, *hash, std::string(line.substr(from, line.size() - from - 1))};
  return record;
}

}  // namespace intentgate::audit
