// The NDJSON export, line by line (docs/formats/audit.md, section "Export"): one header, one line for
// each event, one trailer. Writing and reading of single lines; no state.
//
// An event's line carries its canonical bytes verbatim as the value of its last member, so that a
// verifier can cut them out and hash them without writing JSON again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>

#include "crypto/hash.h"

namespace intentgate::audit {

inline constexpr std::string_view kExportFormat = "intentgate-audit-export-1";

// What the trailer says about one tenant.
struct ExportedChain {
  std::string tenant;
  std::int64_t events = 0;   // lines in this file
  ChainHead head;            // of the chain when the export began
};

// The members of a filter that narrow anything, and back. kMalformed on a member that is none or has no such value.
json::Value FilterAsJson(const AuditFilter& filter);
Result<AuditFilter> FilterFromJson(const json::Value& value);

std::string WriteExportHeader(const AuditFilter& filter, bool filtered, std::int64_t created_micros);
// With the record's values. `proof` is base64 and stands in lines of a filtered bundle only (docs/formats/bundle.md).
void AppendEventLine(const AuditRecord& record, std::string& out, std::optional<std::string_view> proof = std::nullopt);
// `sha256`: ExportDigest's.
std::string WriteExportTrailer(const std::vector<ExportedChain>& chains, std::int64_t events, std::string_view sha256);

struct ExportHeader {
  bool filtered = false;
  std::string tenant;   // of the filter; empty: all
};
Result<ExportHeader> ReadExportHeader(std::string_view line);

// The trailer's digest: all bytes before its line but the events' canonical bytes, each of which has the hash in its
// own line. Lines without their end. Thread-compatible.
class ExportDigest {
 public:
  void Header(std::string_view line);
  // REQUIRES: AppendEventLine wrote the line, with canonical bytes of this size.
  void Event(std::string_view line, std::size_t canonical_size);
  // Hex. Once.
  std::string Finish();

 private:
  crypto::Sha256Stream hash_;
};

struct ExportTrailer {
  std::int64_t events = 0;
  std::string sha256;
  std::vector<ExportedChain> chains;
};
bool IsExportTrailer(std::string_view line);
Result<ExportTrailer> ReadExportTrailer(std::string_view line);

// An event's line, its parts where they stand in it. Nothing is checked but the line's own form.
struct EventLine {
  std::string_view tenant_json;            // between its quotes, escapes as they are
  std::int64_t seq = 0;
  std::string_view prev_hash, hash;
  std::vector<PrivateValue> values;        // unescaped
  std::optional<std::string_view> proof;
  std::string_view canonical;
};
// What a reader must take: an event and its values, escaped.
inline constexpr std::size_t kMaxEventLineBytes = std::size_t{192} << 20;
// Takes exactly what AppendEventLine writes, without the line's end.
Result<EventLine> ReadEventLine(std::string_view line);

}  // namespace intentgate::audit
