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

namespace intentgate::audit {

inline constexpr std::string_view kExportFormat = "intentgate-audit-export-1";

// What the trailer says about one tenant.
struct ExportedChain {
  std::string tenant;
  std::int64_t events = 0;   // lines in this file
  ChainHead head;            // of the chain when the export began
};

std::string WriteExportHeader(const AuditFilter& filter, bool filtered, std::int64_t created_micros);
void AppendEventLine(const AuditRecord& record, std::string& out);
// `sha256`: hex, over every byte before the trailer's line.
std::string WriteExportTrailer(const std::vector<ExportedChain>& chains, std::int64_t events, std::string_view sha256);

struct ExportHeader {
  bool filtered = false;
  std::string tenant;   // of the filter; empty: all
};
Result<ExportHeader> ReadExportHeader(std::string_view line);

struct ExportTrailer {
  std::int64_t events = 0;
  std::string sha256;
  std::vector<ExportedChain> chains;
};
bool IsExportTrailer(std::string_view line);
Result<ExportTrailer> ReadExportTrailer(std::string_view line);

// `canonical` is what the line carries, unchecked.
Result<AuditRecord> ReadEventLine(std::string_view line);

}  // namespace intentgate::audit
