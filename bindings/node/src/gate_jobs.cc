#include "gate_jobs.h"

#include <string>
#include <utility>

#include "convert.h"
#include "decision.h"
#include "file_sink.h"
#include "key_ring.h"
#include "owned_call.h"
#include "policy_object.h"

namespace intentgate::node {

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
    return json::Write(ReportOf(*report));
  };
}

std::optional<Job> ExportAuditJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  const Result<ExportFormat> format = ParseExportFormat(Text(info, 2));
  if (!format.ok()) return Throw(info.Env(), format.error()), std::nullopt;
  AuditFilter filter;
  filter.tenant = Text(info, 1);
  return [gate = std::move(gate), path = Text(info, 0), filter, format = *format]() -> Result<std::string> {
    return Nothing(WriteFile(path, [&](const ExportSink& sink) { return gate->ExportAudit(filter, format, sink); }));
  };
}

}  // namespace intentgate::node
