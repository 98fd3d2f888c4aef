#include "gate/policy_check.h"

#include <string>
#include <utility>

namespace intentgate::gate {
namespace {

PolicyIntent IntentOf(const Intent& intent) {
  return {intent.summary, intent.allowed_tools, intent.forbidden_tools, intent.confidence};
}

Refused No(Reason code, std::string reason, const char* otherwise, Verdict verdict = Verdict::kBlock) {
  if (reason.empty()) reason = otherwise;
  return {Check::kPolicy, code, std::move(reason), verdict};
}

}  // namespace

std::optional<Refused> PolicyCheck::Ask(const Call& call, Judged& judged) const {
  judged.policy = policy_.Get();
  if (!judged.policy) return No(Reason::kPolicyMissing, "", "no policy is set, so every call is refused");
  PolicyInput input;
  input.tool = call.tool;
  input.args = call.arguments;
  input.agent_id = judged.agent_id;
  input.session_id = call.session_id;
  input.method = call.method;
  PolicyVerdict verdict = judged.policy->Decide(input);
  judged.requires_step_up = verdict.requires_step_up;
  return std::nullopt;
}

}  // namespace intentgate::gate
