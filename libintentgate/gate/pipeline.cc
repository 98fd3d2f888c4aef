#include "gate/pipeline.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace intentgate::gate {
namespace {

std::string Passed(const Judged& judged, Check check) {
  switch (check) {
    case Check::kCapability:
      return judged.token ? "token " + judged.token->token.content().jti + " of " + judged.agent_id + " covers the call"
                          : "no token, and none is required";
    case Check::kIntent:
      if (!judged.intent_problem.empty()) return "not asked: " + judged.intent_problem;
      return judged.intent ? "the call fits: " + judged.intent->summary : "not asked";
    case Check::kPolicy: return judged.policy_reason.empty() ? "allowed" : judged.policy_reason;
    case Check::kBudget: return "inside every ceiling";
    case Check::kNone: break;
  }
  return "";
}

}  // namespace

std::string ShapeProblem(const Call& call) {
  if (call.tool.empty()) return "the call names no tool";
  if (call.tool.size() > kMaxToolNameBytes) return "the tool's name is over " + std::to_string(kMaxToolNameBytes) + " bytes";
  for (const char c : call.tool) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "the tool's name has a control character";
  }
  if (!base::IsValidUtf8(call.tool)) return "the tool's name is not UTF-8";
  if (call.arguments != nullptr && !call.arguments->is_object()) return "the arguments are not an object";
  if (call.prompt.size() > kMaxPromptBytes) return "the prompt is over " + std::to_string(kMaxPromptBytes) + " bytes";
  return "";
}

Pipeline::Pipeline(const GateSettings& settings, std::shared_ptr<const Clock> clock, RevocationWatch& revocations,
                   budget::Ledger& ledger, ToolTable tools, std::shared_ptr<IntentExtractor> extractor,
                   std::shared_ptr<const Policy> policy, const ApprovalDesk& approvals)
    : clock_(clock),
      capability_(settings, std::move(clock), revocations),
      intent_(settings, std::move(extractor)),
      policy_(std::move(policy)),
      approvals_(approvals),
      budget_(settings, std::move(tools), ledger) {}

Judged Pipeline::Judge(const Call& call) { return Run(call, false); }
Judged Pipeline::Explain(const Call& call) { return Run(call, true); }

// An approval that does not stand behind this call ends it, whatever the policy would say: whoever names one relies on it.
std::optional<Refused> Pipeline::AskPolicy(const Call& call, Judged& judged) {
  if (!call.approval_id.empty()) {
    if (auto no = approvals_.Look(call, judged)) return no;
  }
  return policy_.Ask(call, judged);
}

std::optional<Refused> Pipeline::Ask(Check check, const Call& call, bool explain, Judged& judged) {
  switch (check) {
    case Check::kCapability: return capability_.Ask(call, judged);
    case Check::kIntent: return intent_.Ask(call, judged);
    case Check::kPolicy: return AskPolicy(call, judged);
    case Check::kBudget: return budget_.Ask(call, explain, judged);
    case Check::kNone: break;
  }
  return std::nullopt;
}

Judged Pipeline::Run(const Call& call, bool explain) {
  Judged judged;
  if (std::string problem = ShapeProblem(call); !problem.empty()) {
    judged.refused = Refused{Check::kNone, Reason::kInvalidRequest, std::move(problem)};
    return judged;
  }
  std::int64_t before = clock_->MonotonicNanos();
  const std::pair<Check, std::int64_t*> questions[] = {{Check::kCapability, &judged.times.capability},
                                                       {Check::kIntent, &judged.times.intent},
                                                       {Check::kPolicy, &judged.times.policy},
                                                       {Check::kBudget, &judged.times.budget}};
  for (const auto& [check, took] : questions) {
    judged.refused = Ask(check, call, explain, judged);
    const std::int64_t after = clock_->MonotonicNanos();
    *took = std::max<std::int64_t>(after - before, 1);
    before = after;
    const bool passed = !judged.refused.has_value();
    if (explain) judged.trace.push_back({check, passed, passed ? Passed(judged, check) : judged.refused->reason});
    if (!passed) break;
  }
  return judged;
}

}  // namespace intentgate::gate
