#include "policy/verdict.h"

#include <string>

#include "base/utf8.h"

namespace intentgate::policy {
namespace {

PolicyVerdict Fail(Failure failure, std::string reason, std::string detail) {
  PolicyVerdict verdict;
  verdict.reason = std::move(reason);
  verdict.failure = failure;
  verdict.detail = std::move(detail);
  return verdict;
}

PolicyVerdict FromError(const rego::EvalError& error) {
  if (error.code == "eval_conflict_error") {
    return Fail(Failure::kConflict, "the policy's rules contradict each other", error.ToString());
  }
  if (error.code == "eval_limit_error") {
    return Fail(Failure::kLimit, "the policy took more than an evaluation may", error.ToString());
  }
  return Fail(Failure::kRuntime, "the policy could not be evaluated", error.ToString());
}

PolicyVerdict BadDecision(const std::string& what) {
  return Fail(Failure::kBadDecision, "the policy's decision is not understood", std::string(kEntrypoint) + " " + what);
}

// A boolean member that may be missing; `ok` turns false if it is something else.
bool OptionalBool(const json::Value& decision, std::string_view name, bool& ok) {
  const json::Value* member = decision.Find(name);
  if (member == nullptr) return false;
  ok = ok && member->is_bool();
  return member->is_bool() && member->bool_value();
}

std::string_view DefaultReason(Effect effect) {
  switch (effect) {
    case Effect::kAllow: return "allowed by policy";
    case Effect::kEscalate: return "the policy wants a person to decide";
    case Effect::kBlock: break;
  }
  return "blocked by policy";
}

PolicyVerdict FromDecision(const json::Value& decision) {
  const auto wrong = [](std::string_view name, std::string_view wanted, const json::Value& got) {
    return BadDecision("has a member \"" + std::string(name) + "\" that must be " + std::string(wanted) + " but is " +
                       std::string(json::KindName(got.kind())));
  };
  if (!decision.is_object()) return BadDecision("must be an object but is " + std::string(json::KindName(decision.kind())));
  const json::Value* allow = decision.Find("allow");
  if (allow == nullptr) return BadDecision("has no member \"allow\"");
  if (!allow->is_bool()) return wrong("allow", "a boolean", *allow);
  bool ok = true;
  const bool escalate = OptionalBool(decision, "escalate", ok);
  if (!ok) return wrong("escalate", "a boolean", *decision.Find("escalate"));
  PolicyVerdict verdict;
  verdict.requires_step_up = OptionalBool(decision, "requires_step_up", ok);
  if (!ok) return wrong("requires_step_up", "a boolean", *decision.Find("requires_step_up"));
  const json::Value* reason = decision.Find("reason");
  if (reason != nullptr && !reason->is_string()) return wrong("reason", "a string", *reason);
  verdict.effect = escalate ? Effect::kEscalate : allow->bool_value() ? Effect::kAllow : Effect::kBlock;
  // Decoders such as hex.decode give strings of any bytes; an audit event takes only UTF-8.
  if (reason != nullptr) verdict.reason = base::ReplaceInvalidUtf8(reason->string_value());
  if (verdict.reason.empty()) verdict.reason = DefaultReason(verdict.effect);
  return verdict;
}

}  // namespace

std::string_view EffectName(Effect effect) {
  switch (effect) {
    case Effect::kAllow: return "allow";
    case Effect::kEscalate: return "escalate";
    case Effect::kBlock: break;
  }
  return "block";
}

std::string_view FailureName(Failure failure) {
  switch (failure) {
    case Failure::kUndefined: return "policy_undefined";
    case Failure::kBadDecision: return "policy_bad_decision";
    case Failure::kConflict: return "policy_conflict";
    case Failure::kRuntime: return "policy_runtime_error";
    case Failure::kLimit: return "policy_limit";
    case Failure::kNone: break;
  }
  return "";
}

PolicyVerdict ReadVerdict(const rego::EvalResult& result) {
  PolicyVerdict verdict;
  if (!result.ok()) {
    verdict = FromError(*result.error);
  } else if (!result.defined) {
    verdict = Fail(Failure::kUndefined, "no decision of the policy applies to this call", std::string(kEntrypoint) + " is undefined");
  } else {
    verdict = FromDecision(result.value);
  }
  verdict.steps = result.steps;
  return verdict;
}

}  // namespace intentgate::policy
