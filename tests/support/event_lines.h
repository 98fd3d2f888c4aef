// Event lines taken apart and put together again, for tests that forge them.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/json.h>

#include "audit/export_format.h"

namespace intentgate::audit {

// REQUIRES: AppendEventLine wrote the line; its end may be missing.
inline AuditRecord RecordOfLine(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  const EventLine parts = *ReadEventLine(line);
  const json::Value tenant = *json::Parse("\"" + std::string(parts.tenant_json) + "\"");
  return {tenant.string_value(), parts.seq, "", std::string(parts.prev_hash), std::string(parts.hash),
          std::string(parts.canonical)};
}

}  // namespace intentgate::audit
