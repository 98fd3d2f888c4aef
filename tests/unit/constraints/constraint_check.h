// Short ways for the constraint tests to ask one question.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/caveat.h>
#include <intentgate/json.h>

#include "token/constraints/constraint_eval.h"

namespace intentgate::token {

// "holds", or "fails: why", or "unjudged: why", or "invalid: message" when it does not compile.
inline std::string Ask(const Constraint& constraint, const json::Value& value) {
  const auto compiled = CompileConstraint(constraint);
  if (!compiled.ok()) return "invalid: " + compiled.error().message;
  const JudgedValue judged = (*compiled)->Judge(value);
  // The public verdict says yes to one of the three only.
  if (Evaluate(**compiled, value).holds != (judged.judgement == Judgement::kHolds)) return "Evaluate disagrees";
  switch (judged.judgement) {
    case Judgement::kHolds: return "holds";
    case Judgement::kFails: return "fails: " + judged.why;
    case Judgement::kCannotJudge: break;
  }
  return "unjudged: " + judged.why;
}

inline std::string AskText(const Constraint& constraint, std::string_view json_text) {
  const Result<json::Value> value = json::Parse(json_text);
  return value.ok() ? Ask(constraint, *value) : "bad test input: " + value.error().message;
}

inline std::string Invalid(const Constraint& constraint) {
  const Status status = ValidateConstraint(constraint);
  return status.ok() ? "valid" : status.error().message;
}

}  // namespace intentgate::token
