#include "gate_jobs.h"

#include <fstream>
#include <string>
#include <utility>

#include "convert.h"
#include "decision.h"
#include "key_ring.h"
#include "owned_call.h"
#include "policy_object.h"

namespace intentgate::node {
namespace {

Result<std::string> Nothing(const Status& status) {
  if (!status.ok()) return status.error();
  return std::string();
}

std::string ReportJson(const VerifyReport& report) {
  json::Value out = json::MakeObject({{"ok", report.ok},
                                      {"tenant", report.tenant},
                                      {"verified", report.verified},
                                      {"problem", report.problem}});
  if (report.broken_seq) out.Set("brokenSeq", *report.broken_seq);
  return json::Write(out);
}

Status Export(Gate& gate, const std::string& path, const AuditFilter& filter, ExportFormat format) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const Error unwritable{ErrorCode::kIo, path + ": cannot be written"};
  if (!file) return unwritable;
  const Status exported = gate.ExportAudit(filter, format, [&](std::string_view piece) -> Status {
    file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!file) return unwritable;
    return {};
  });
  if (!exported.ok()) return exported;
  file.close();
  return file ? Status() : Status(unwritable);
}

}  // namespace

std::optional<Job> ExplainJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  return [gate = std::move(gate), call = CallFrom(info)]() -> Result<std::string> {
    if (call.problem.empty()) return DecisionJson(gate->Explain(call.View()));
    Decision refused;
    refused.reason = call.problem;
    return DecisionJson(refused);
  };
}

std::optional<Job> RevokeJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  const RevokeRequest request{Text(info, 1), Text(info, 0), Text(info, 2), Text(info, 3)};
  return [gate = std::move(gate), request]() -> Result<std::string> {
    return Nothing(gate->Revoke(request, {request.actor, "", ""}));
  };
}

std::optional<Job> SetPolicyJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  const Napi::Env env = info.Env();
  const auto* data = env.GetInstanceData<AddonData>();
  if (!info[0].IsObject() || !info[0].As<Napi::Object>().InstanceOf(data->policy.Value())) {
    return Throw(env, "invalid_argument", "policy must be a Policy"), std::nullopt;
  }
  return [gate = std::move(gate), policy = PolicyObject::Unwrap(info[0].As<Napi::Object>())->policy(),
          actor = Text(info, 1)]() -> Result<std::string> { return Nothing(gate->SetPolicy(policy, {actor, "", ""})); };
}

std::optional<Job> FlushJob(const Napi::CallbackInfo&, std::shared_ptr<Gate> gate) {
  return [gate = std::move(gate)]() -> Result<std::string> { return Nothing(gate->Flush()); };
}

std::optional<Job> VerifyAuditJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  return [gate = std::move(gate), tenant = Text(info, 0)]() -> Result<std::string> {
    const Result<VerifyReport> report = gate->VerifyAudit(tenant);
    if (!report.ok()) return report.error();
    return ReportJson(*report);
  };
}

std::optional<Job> ExportAuditJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  AuditFilter filter;
  filter.tenant = Text(info, 1);
  const ExportFormat format = Text(info, 2) == "csv" ? ExportFormat::kCsv : ExportFormat::kNdjson;
  return [gate = std::move(gate), path = Text(info, 0), filter, format]() -> Result<std::string> {
    return Nothing(Export(*gate, path, filter, format));
  };
}

}  // namespace intentgate::node
