// Constraints from JSON, and their answers: a constraint in the first line, a value behind it. The form
// reads back as itself; a value never passes a constraint and its negation; wrapping changes nothing.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <intentgate/caveat.h>
#include <intentgate/json.h>

#include "token/constraints/constraint_eval.h"

namespace json = intentgate::json;
namespace token = intentgate::token;
using intentgate::Constraint;
using token::Judgement;

namespace {
Judgement Judge(const Constraint& c, const json::Value& value) {
  const auto compiled = token::CompileConstraint(c);
  if (!compiled.ok()) std::abort();
  const token::JudgedValue judged = (*compiled)->Judge(value);
  if ((judged.judgement == Judgement::kHolds) != judged.why.empty()) std::abort();
  return judged.judgement;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const auto form = json::Parse(input.substr(0, line));
  if (!form.ok()) return 0;
  const auto constraint = Constraint::FromJson(*form);
  if (!constraint.ok()) return 0;
  const json::Value written = constraint->ToJson();
  const auto again = Constraint::FromJson(written);
  if (!again.ok() || !(again->ToJson() == written)) std::abort();
  if (constraint->Describe().size() > 8192) std::abort();
  if (!token::ValidateConstraint(*constraint).ok()) return 0;

  auto value = json::Parse(input.substr(std::min(line + 1, input.size())));
  const json::Value subject = value.ok() ? *std::move(value) : json::Value(input.substr(line));
  const Judgement plain = Judge(*constraint, subject);
  // One level more may be one too many.
  if (!token::ValidateConstraint(Constraint::Not(*constraint)).ok()) return 0;
  const Judgement negated = Judge(Constraint::Not(*constraint), subject);
  const Judgement expected = plain == Judgement::kHolds   ? Judgement::kFails
                             : plain == Judgement::kFails ? Judgement::kHolds
                                                          : Judgement::kCannotJudge;
  if (negated != expected) std::abort();
  if (Judge(Constraint::All({*constraint}), subject) != plain) std::abort();
  if (Judge(Constraint::Any({*constraint}), subject) != plain) std::abort();
  return 0;
}
