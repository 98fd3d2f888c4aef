#include "decision.h"

#include <string_view>

namespace intentgate::node {
namespace {

void Add(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  json::AppendTo(json::Value(text), out);
}

void Add(std::string& out, std::string_view name, std::int64_t number) {
  out.append(",\"").append(name).append("\":").append(std::to_string(number));
}

void Add(std::string& out, std::string_view name, bool flag) {
  out.append(",\"").append(name).append("\":").append(flag ? "true" : "false");
}

void AddTrace(std::string& out, const std::vector<TraceStep>& trace) {
  json::Array steps;
  for (const TraceStep& step : trace) {
    steps.push_back(json::MakeObject({{"check", CheckName(step.check)}, {"passed", step.passed}, {"detail", step.detail}}));
  }
  out.append(",\"trace\":");
  json::AppendTo(json::Value(std::move(steps)), out);
}

}  // namespace

std::string DecisionJson(const Decision& d) {
  std::string out;
  out.reserve(512);
  out.append("{\"verdict\":\"").append(VerdictName(d.verdict)).append("\"");
  Add(out, "check", CheckName(d.check));
  Add(out, "code", ReasonName(d.code));
  Add(out, "reason", d.reason);
  Add(out, "rule", d.rule);
  Add(out, "requiresStepUp", d.requires_step_up);
  Add(out, "approvalId", d.approval_id);
  Add(out, "eventId", d.event_id);
  Add(out, "tenant", d.tenant);
  Add(out, "agentId", d.agent_id);
  Add(out, "jti", d.jti);
  Add(out, "rootJti", d.root_jti);
  Add(out, "latencyUs", d.latency_us);
  if (d.receipt) {
    Add(out, "auditSeq", d.receipt->seq);
    Add(out, "auditHash", d.receipt->hash);
  }
  AddTrace(out, d.trace);
  return out.append("}");
}

}  // namespace intentgate::node
