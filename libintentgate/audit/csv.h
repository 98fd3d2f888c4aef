// Events as CSV rows (RFC 4180): the public product's 22 columns in its order, then ours.
// For people and spreadsheets. It carries the hashes but not the hashed bytes, so it proves nothing by
// itself; the NDJSON export does. All functions are pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/audit.h>

namespace intentgate::audit {

std::string CsvHeader();
// kCorrupt when the record's bytes are not an event.
Status AppendCsvRow(const AuditRecord& record, std::string& out);

// One cell: quoted where RFC 4180 asks for it; text that a spreadsheet would run as a formula gets an
// apostrophe in front, also in the middle of the cell where a spreadsheet that separates by `;` would begin a new one.
void AppendCsvCell(std::string_view text, std::string& out);

}  // namespace intentgate::audit
