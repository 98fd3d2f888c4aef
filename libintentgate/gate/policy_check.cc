#include "gate/policy_check.h"

#include <optional>
#include <string>
#include <utility>

namespace intentgate::gate {
namespace {

// The caveats' latest second factor; the chain can carry several.
std::int64_t StepUpAt(const TokenContent& token) {
  std::int64_t latest = 0;
  for (const Caveat& caveat : token.caveats) {
    if (caveat.kind == CaveatKind::kStepUp && caveat.step_up_at > latest) latest = caveat.step_up_at;
  }
  return latest;
}

policy::CapabilityInput CapabilityOf(const TokenContent& token) {
  return {.subject = token.subject, .issuer = token.issuer, .tenant = token.tenant, .zone = token.zone,
          .step_up_at = StepUpAt(token), .jti = token.jti, .root_jti = token.root_jti};
}

Reason CodeOf(const policy::PolicyVerdict& verdict) {
  if (verdict.failure == policy::Failure::kLimit) return Reason::kPolicyLimit;
  if (verdict.failure != policy::Failure::kNone) return Reason::kPolicyFailed;
  return verdict.effect == policy::Effect::kEscalate ? Reason::kPolicyEscalated : Reason::kPolicyBlocked;
}

}  // namespace

std::optional<Refused> PolicyCheck::Ask(const Call& call, Judged& judged) const {
  judged.policy = policy_.Get();
  if (!judged.policy) {
    return Refused{Check::kPolicy, Reason::kPolicyMissing, "no policy is set, so every call is refused", Verdict::kBlock, "policy"};
  }
  policy::PolicyInput input{.tool = call.tool, .args = call.arguments, .agent_id = judged.agent_id,
                            .session_id = call.session_id, .method = call.method,
                            .intent = nullptr, .capability = nullptr, .approved = judged.approved, .server = call.server};
  policy::CapabilityInput capability;
  if (judged.token) {
    capability = CapabilityOf(judged.token->token.content());
    input.capability = &capability;
  }
  policy::IntentInput intent;
  if (judged.intent) {
    intent = {judged.intent->summary, judged.intent->allowed_tools, judged.intent->forbidden_tools, judged.intent->confidence};
    input.intent = &intent;
  }
  policy::PolicyVerdict verdict = judged.policy->Decide(input);
  judged.requires_step_up = verdict.requires_step_up;
  judged.policy_detail = std::move(verdict.detail);
  if (verdict.effect == policy::Effect::kAllow) {
    judged.policy_reason = std::move(verdict.reason);
    return std::nullopt;
  }
  const bool escalates = verdict.effect == policy::Effect::kEscalate;
  // What the policy asked for has happened: a person was asked. A block stays a block.
  if (escalates && judged.approved) {
    judged.policy_reason = "approved by a person: " + verdict.reason;
    return std::nullopt;
  }
  return Refused{Check::kPolicy, CodeOf(verdict), std::move(verdict.reason), escalates ? Verdict::kEscalate : Verdict::kBlock,
                 "policy " + std::string(policy::kEntrypoint)};
}

}  // namespace intentgate::gate
