// audit export, audit bundle: what leaves the store.

#include <ostream>

#include "cli/audit_common.h"

namespace intentgate::cli {

int AuditExport(const AuditExportOptions& options, const Streams& streams) {
  AuditFilter filter;
  if (Status read = ReadAuditFilter(options.filters, filter); !read.ok()) return Fail(streams, read.error());
  const Result<ExportFormat> format = ParseExportFormat(options.format);
  if (!format.ok()) return Fail(streams, Error{format.error().code, "--format: " + format.error().message});
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams);
  if (!gate.ok()) return Fail(streams, gate.error());
  const Result<std::unique_ptr<OutputFile>> out = OutputFile::Open(options.out, streams);
  if (!out.ok()) return Fail(streams, out.error());
  const Status exported =
      (*gate)->ExportAudit(filter, *format, [&](std::string_view piece) { return (*out)->Write(piece); });
  if (!exported.ok()) return Fail(streams, exported.error());
  if (Status s = (*out)->Finish(); !s.ok()) return Fail(streams, s.error());
  if (!options.out.empty()) streams.err << "intentgate: exported to " << options.out << "\n";
  return kExitOk;
}

int AuditBundle(const AuditBundleOptions& options, const Streams& streams) {
  BundleRequest request;
  request.include_uncovered = options.uncovered;
  request.include_values = options.values;
  request.witnessed = options.witnessed;
  if (Status read = ReadAuditFilter(options.filters, request.filter); !read.ok()) return Fail(streams, read.error());
  if (!request.filter.tenant.empty()) request.tenant = request.filter.tenant;
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams);
  if (!gate.ok()) return Fail(streams, gate.error());
  const Result<Evidence*> evidence = EvidenceOf(**gate);
  if (!evidence.ok()) return Fail(streams, evidence.error());
  // The newest events too, where there is a key to sign for them.
  if (!(*evidence)->VerifierKey().empty() && !options.witnessed) {
    const Result<CheckpointInfo> now = (*evidence)->CheckpointNow(request.tenant);
    if (!now.ok() && now.error().code != ErrorCode::kCorrupt) return Fail(streams, now.error());
    if (!now.ok()) streams.err << "intentgate: " << now.error().message << "; the bundle is under the last checkpoint before\n";
  }
  const Result<std::unique_ptr<OutputFile>> out = OutputFile::Open(options.out, streams);
  if (!out.ok()) return Fail(streams, out.error());
  Progress progress(streams, "written");
  const Status written = (*evidence)->WriteBundle(request, [&](std::string_view piece) {
    progress.Add(static_cast<std::int64_t>(piece.size()));
    return (*out)->Write(piece);
  });
  if (!written.ok()) return Fail(streams, written.error());
  if (Status s = (*out)->Finish(); !s.ok()) return Fail(streams, s.error());
  if (!options.out.empty()) streams.err << "intentgate: bundle of tenant " << request.tenant << " written to " << options.out << "\n";
  return kExitOk;
}

}  // namespace intentgate::cli
