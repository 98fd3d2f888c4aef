#include "audit/csv.h"

#include <algorithm>
#include <array>

#include "audit/canonical_event.h"

namespace intentgate::audit {
namespace {

constexpr std::array<std::string_view, 22> kPublicColumns = {
    "ts",          "event",      "schema_version",      "decision",
    "check",       "reason",     "tenant",              "agent_id",
    "session_id",  "tool",       "arg_keys",            "capability_token_id",
    "root_capability_token_id",  "caveat_count",        "pending_id",
    "decided_by",  "intent_summary", "latency_ms",      "remote_ip",
    "upstream_status", "requires_step_up", "elevation_id"};

// Taken from the canonical event as well; seq and event_id are part of it.
constexpr std::array<std::string_view, 17> kOwnColumns = {
    "kind",       "seq",         "event_id",          "producer_id",  "producer_seq",  "code",
    "method",     "args_sha256", "refused_caveat",    "latency_us",   "policy_sha256", "decision_event_id",
    "outcome",    "result_sha256", "result_bytes",    "actor",        "details"};

std::string CellOf(const json::Value* member) {
  if (member == nullptr) return {};
  switch (member->kind()) {
    case json::Kind::kString: return member->string_value();
    case json::Kind::kArray: {
      std::string joined;
      for (const json::Value& element : member->array()) {
        if (!joined.empty()) joined += ';';
        joined += element.is_string() ? element.string_value() : json::Write(element);
      }
      return joined;
    }
    default: return json::Write(*member);
  }
}

// Spreadsheets skip blanks and a byte order mark before a formula, and some fold the full-width forms of its first sign.
bool MayBeFormula(std::string_view text) {
  constexpr std::string_view kSkipped[] = {" ", "\t", "\r", "\n", "\v", "\f", "\xc2\xa0", "\xe3\x80\x80", "\xef\xbb\xbf"};
  constexpr std::string_view kSigns[] = {"=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                         "\xef\xbc\xa0", "\xe2\x88\x92"};
  for (bool skipped = true; skipped;) {
    skipped = false;
    for (const std::string_view blank : kSkipped) {
      if (!text.starts_with(blank)) continue;
      text.remove_prefix(blank.size());
      skipped = true;
    }
  }
  return std::any_of(std::begin(kSigns), std::end(kSigns), [&](std::string_view sign) { return text.starts_with(sign); });
}

// Behind these a cell begins anew where a spreadsheet takes `;` or a tab for the separator: it then does not see the quotes.
bool MayEndCell(char c) { return c == ';' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

void AppendCsvCell(std::string_view text, std::string& out) {
  const bool quoted = text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (quoted) out += '"';
  if (text.starts_with('\t') || text.starts_with('\r') || MayBeFormula(text)) out += '\'';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') out += '"';
    out += text[i];
    if (MayEndCell(text[i]) && MayBeFormula(text.substr(i + 1))) out += '\'';
  }
  if (quoted) out += '"';
}

std::string CsvHeader() {
  std::string out;
  for (const std::string_view column : kPublicColumns) (out += column) += ',';
  for (const std::string_view column : kOwnColumns) (out += column) += ',';
  return out + "prev_hash,hash\r\n";
}

Status AppendCsvRow(const AuditRecord& record, std::string& out) {
  const Result<json::Value> event = ShownEvent(record);
  if (!event.ok()) return event.error();
  const auto cell = [&](std::string_view column) {
    AppendCsvCell(CellOf(event->Find(column)), out);
    out += ',';
  };
  for (const std::string_view column : kPublicColumns) cell(column);
  for (const std::string_view column : kOwnColumns) cell(column);
  AppendCsvCell(record.prev_hash, out);
  out += ',';
  AppendCsvCell(record.hash, out);
  out += "\r\n";
  return {};
}

}  // namespace intentgate::audit
