#include "audit/export_format.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "audit/canonical_event.h"
#include "audit/filter.h"
#include "base/encoding.h"
#include "base/time_format.h"

namespace intentgate::audit {
namespace {

constexpr std::string_view kEventMember = ",\"event\":";
constexpr std::string_view kTrailerStart = "{\"trailer\":";

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

// Takes the parts of a line one after the other. False: the line goes on otherwise.
class LineParts {
 public:
  explicit LineParts(std::string_view rest) : rest_(rest) {}

  bool Literal(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  // Up to the quote that ends a JSON string, which is taken as well.
  bool Quoted(std::string_view& out) {
    std::size_t at = rest_.find('"');
    if (at == std::string_view::npos) return false;
    if (const std::size_t escape = rest_.substr(0, at).find('\\'); escape != std::string_view::npos) {
      at = escape;
      while (at < rest_.size() && rest_[at] != '"') at += rest_[at] == '\\' ? 2u : 1u;
      if (at >= rest_.size()) return false;
    }
    out = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    return true;
  }
  bool Count(std::int64_t& out) {
    const std::from_chars_result read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    const auto length = static_cast<std::size_t>(read.ptr - rest_.data());
    if (read.ec != std::errc() || out < 0 || rest_.front() == '-' || (length > 1 && rest_.front() == '0')) return false;
    rest_.remove_prefix(length);
    return true;
  }
  // The text of a JSON string whose beginning was taken, if it is escaped as json::Write escapes.
  bool Text(std::string& out) {
    std::string_view raw;
    if (!Quoted(raw)) return false;
    const std::string quoted = "\"" + std::string(raw) + "\"";
    const Result<json::Value> text = json::Parse(quoted, {.max_bytes = kMaxEventLineBytes});
    if (!text.ok() || json::Write(*text) != quoted) return false;
    out = text->string_value();
    return true;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

void AppendValues(const std::vector<PrivateValue>& values, std::string& out) {
  if (values.empty()) return;
  out += ",\"private\":";
  char separator = '[';
  for (const PrivateValue& value : values) {
    out += separator;
    out += "{\"member\":";
    json::AppendTo(json::Value(value.member), out);
    out += ",\"salt\":\"" + base::HexEncode(value.salt) + "\",\"value\":";
    json::AppendTo(json::Value(value.value), out);
    out += '}';
    separator = ',';
  }
  out += ']';
}

// Behind `,"private":`.
bool TakeValues(LineParts& parts, std::vector<PrivateValue>& out) {
  for (std::string_view separator = "["; parts.Literal(separator); separator = ",") {
    PrivateValue& value = out.emplace_back();
    std::string_view salt;
    if (!parts.Literal("{\"member\":\"") || !parts.Text(value.member) || !parts.Literal(",\"salt\":\"") ||
        !parts.Quoted(salt) || !parts.Literal(",\"value\":\"") || !parts.Text(value.value) || !parts.Literal("}")) {
      return false;
    }
    const Result<base::Bytes> bytes = base::HexDecode(salt);
    if (!bytes.ok() || bytes->size() != value.salt.size()) return false;
    std::copy(bytes->begin(), bytes->end(), value.salt.begin());
  }
  return !out.empty() && parts.Literal("]");
}

}  // namespace

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

Result<AuditFilter> FilterFromJson(const json::Value& value) {
  if (!value.is_object()) return Bad("the filter is no JSON object");
  AuditFilter filter;
  const std::pair<std::string_view, std::string*> texts[] = {
      {"actor", &filter.actor}, {"agent_id", &filter.agent_id}, {"check", &filter.check}, {"code", &filter.code},
      {"decision", &filter.decision}, {"elevation_id", &filter.elevation_id}, {"event_id", &filter.event_id},
      {"jti", &filter.jti}, {"kind", &filter.kind}, {"root_jti", &filter.root_jti}, {"session_id", &filter.session_id},
      {"tenant", &filter.tenant}, {"tool", &filter.tool}};
  for (const json::Member& member : value.object()) {
    if (member.name == "from_seq" || member.name == "to_seq") {
      const std::optional<std::int64_t> seq = member.value.AsInt64();
      if (!seq) return Bad("the filter's member " + member.name + " is no integer");
      (member.name == "from_seq" ? filter.from_seq : filter.to_seq) = *seq;
      continue;
    }
    if (!member.value.is_string()) return Bad("the filter's member " + member.name + " is no text");
    const std::string& text = member.value.string_value();
    if (member.name == "from" || member.name == "to") {
      const Result<std::int64_t> time = base::ParseRfc3339Micros(text);
      if (!time.ok()) return time.error();
      (member.name == "from" ? filter.from_micros : filter.to_micros) = *time;
      continue;
    }
    const auto* field = std::find_if(std::begin(texts), std::end(texts), [&](const auto& t) { return t.first == member.name; });
    if (field == std::end(texts)) return Bad("the filter has an unknown member " + member.name);
    *field->second = text;
  }
  return filter;
}

std::string WriteExportHeader(const AuditFilter& filter, bool filtered, std::int64_t created_micros) {
  return json::Write(json::MakeObject({{"export", kExportFormat},
                                       {"created", base::FormatRfc3339Micros(created_micros)},
                                       {"filtered", filtered},
                                       {"filter", FilterAsJson(filter)}})) +
         "\n";
}

void AppendEventLine(const AuditRecord& record, std::string& out, std::optional<std::string_view> proof) {
  out += "{\"tenant\":";
  json::AppendTo(json::Value(record.tenant), out);
  out += ",\"seq\":" + std::to_string(record.seq);
  out += ",\"prev_hash\":";
  json::AppendTo(json::Value(record.prev_hash), out);
  out += ",\"hash\":";
  json::AppendTo(json::Value(record.hash), out);
  AppendValues(record.values, out);
  if (proof) {
    out += ",\"proof\":\"";
    out += *proof;
    out += '"';
  }
  out += kEventMember;
  out += record.canonical;
  out += "}\n";
}

void ExportDigest::Header(std::string_view line) {
  hash_.Update(base::AsBytes(line));
  hash_.Update(base::AsBytes("\n"));
}

void ExportDigest::Event(std::string_view line, std::size_t canonical_size) {
  hash_.Update(base::AsBytes(line.substr(0, line.size() - 1 - canonical_size)));
  hash_.Update(base::AsBytes("}\n"));
}

std::string ExportDigest::Finish() { return base::HexEncode(hash_.Finish()); }

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

Result<EventLine> ReadEventLine(std::string_view line) {
  EventLine out;
  LineParts parts(line);
  bool good = parts.Literal("{\"tenant\":\"") && parts.Quoted(out.tenant_json) && parts.Literal(",\"seq\":") &&
              parts.Count(out.seq) && parts.Literal(",\"prev_hash\":\"") && parts.Quoted(out.prev_hash) &&
              parts.Literal(",\"hash\":\"") && parts.Quoted(out.hash);
  if (good && parts.Literal(",\"private\":")) good = TakeValues(parts, out.values);
  if (good && parts.Literal(",\"proof\":\"")) good = parts.Quoted(out.proof.emplace());
  if (!good || !parts.Literal(kEventMember) || !parts.rest().ends_with('}')) {
    return Bad("the line is neither an event nor the trailer");
  }
  out.canonical = parts.rest().substr(0, parts.rest().size() - 1);
  return out;
}

}  // namespace intentgate::audit

namespace intentgate {

Result<ExportFormat> ParseExportFormat(std::string_view name) {
  if (name == "ndjson") return ExportFormat::kNdjson;
  if (name == "csv") return ExportFormat::kCsv;
  if (name == "ocsf" || name == "ocsf-1.9.0") return ExportFormat::kOcsf190;
  if (name == "ocsf-1.8.0") return ExportFormat::kOcsf180;
  return Error{ErrorCode::kInvalidArgument, "the export format must be ndjson, csv, ocsf, ocsf-1.9.0 or ocsf-1.8.0"};
}

}  // namespace intentgate
