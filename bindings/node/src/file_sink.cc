#include "file_sink.h"

#include <fstream>

namespace intentgate::node {

Status WriteFile(const std::string& path, const std::function<Status(const ExportSink&)>& write) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const Error unwritable{ErrorCode::kIo, path + ": cannot be written"};
  if (!file) return unwritable;
  const Status written = write([&](std::string_view piece) -> Status {
    file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!file) return unwritable;
    return {};
  });
  if (!written.ok()) return written;
  file.close();
  return file ? Status() : Status(unwritable);
}

json::Value ReportOf(const VerifyReport& report) {
  json::Value out = json::MakeObject({{"ok", report.ok},
                                      {"tenant", report.tenant},
                                      {"verified", report.verified},
                                      {"problem", report.problem}});
  if (report.broken_seq) out.Set("brokenSeq", *report.broken_seq);
  return out;
}

}  // namespace intentgate::node
