// GET /v1/admin/audit/export and GET /v1/admin/audit/bundle: what is downloaded, and under which name.

#include <utility>

#include "admin/resources.h"
#include "base/time_format.h"

namespace intentgate::admin {
namespace {

// "20260131T235959Z"
std::string CompactTime(std::int64_t unix_seconds) {
  std::string out;
  for (const char c : base::FormatRfc3339Micros(unix_seconds * 1'000'000)) {
    if (c != '-' && c != ':') out += c;
  }
  return out;
}

std::string FileSafe(std::string_view tenant) {
  std::string out;
  for (const char c : tenant.substr(0, 64)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += plain ? c : '_';
  }
  return out;
}

std::string FileName(const Resources& on, std::string_view tenant, std::string_view ending) {
  return "intentgate-audit-" + FileSafe(tenant) + "-" + CompactTime(on.clock->UnixSeconds()) + std::string(ending);
}

}  // namespace

Result<StreamPlan> PlanExport(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"from", "to", "tenant", "agent_id", "tool", "decision", "check", "jti",
                                               "event_id", "elevation_id", "kind", "root_jti", "session_id", "code",
                                               "actor", "format"});
      !known.ok()) {
    return known.error();
  }
  Result<AuditFilter> filter = ReadFilter(request);
  if (!filter.ok()) return filter.error();
  // The public product's default and its name for NDJSON.
  std::string name = TextParameter(request, "format");
  if (name.empty()) name = "csv";
  if (name == "json") name = "ndjson";
  const Result<ExportFormat> format = ParseExportFormat(name);
  if (!format.ok()) return format.error();
  const bool csv = *format == ExportFormat::kCsv;
  StreamPlan plan;
  plan.content_type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
  plan.file_name = FileName(on, filter->tenant.empty() ? "all" : filter->tenant, csv ? ".csv" : ".ndjson");
  plan.write = [gate = on.gate, filter = *std::move(filter), format = *format](const ExportSink& sink) {
    return gate->ExportAudit(filter, format, sink);
  };
  return plan;
}

Result<StreamPlan> PlanBundle(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"from", "to", "tenant", "agent_id", "tool", "decision", "check", "jti",
                                               "event_id", "elevation_id", "kind", "root_jti", "session_id", "code",
                                               "actor", "uncovered", "witnessed", "values"});
      !known.ok()) {
    return known.error();
  }
  Result<AuditFilter> filter = ReadFilter(request);
  if (!filter.ok()) return filter.error();
  const std::string uncovered = TextParameter(request, "uncovered"), witnessed = TextParameter(request, "witnessed");
  const std::string values = TextParameter(request, "values");
  for (const auto& [name, text] : {std::pair{"uncovered", &uncovered}, std::pair{"witnessed", &witnessed}, std::pair{"values", &values}}) {
    if (text->empty() || *text == "true" || *text == "false") continue;
    return Error{ErrorCode::kInvalidArgument, std::string(name) + " must be true or false"};
  }
  if (on.gate->evidence() == nullptr) return Error{ErrorCode::kNotFound, "this gateway's store keeps no checkpoints and no proofs"};
  BundleRequest bundle{filter->tenant.empty() ? "default" : filter->tenant, *filter, uncovered == "true", witnessed == "true", values == "true"};
  StreamPlan plan;
  plan.content_type = "application/x-tar";
  plan.file_name = FileName(on, bundle.tenant, ".tar");
  plan.write = [gate = on.gate, bundle = std::move(bundle)](const ExportSink& sink) {
    Evidence& evidence = *gate->evidence();
    // What was answered before this request is to be under the checkpoint. A chain for which nothing can be signed is
    // bundled under the last checkpoint that there is.
    if (!bundle.witnessed && !evidence.VerifierKey().empty()) static_cast<void>(evidence.CheckpointNow(bundle.tenant).ok());
    return evidence.WriteBundle(bundle, sink);
  };
  return plan;
}

}  // namespace intentgate::admin
