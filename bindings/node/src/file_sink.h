// Exports on their way into a file, and what jobs that only do something give back.
#pragma once

#include <functional>
#include <string>

#include <intentgate/audit.h>

namespace intentgate::node {

// Replaces the file at `path` with what `write` puts into its sink. kIo names the path.
Status WriteFile(const std::string& path, const std::function<Status(const ExportSink&)>& write);

inline Result<std::string> Nothing(const Status& status) {
  if (!status.ok()) return status.error();
  return std::string();
}

// By the names of lib/index.d.ts.
json::Value ReportOf(const VerifyReport& report);

}  // namespace intentgate::node
