// Policies of the C API.

#include "capi/objects.h"

namespace intentgate::capi {
namespace {

// Empty text is "no input".
Result<json::Value> ReadInput(std::string_view text) {
  if (text.empty()) return json::Value();
  Result<json::Value> parsed = json::Parse(text);
  if (!parsed.ok()) return Error{parsed.error().code, "input_json: " + parsed.error().message};
  return parsed;
}

}  // namespace
}  // namespace intentgate::capi

using namespace intentgate;
using namespace intentgate::capi;

extern "C" {

ig_code ig_policy_compile(const ig_source* sources, size_t count, ig_policy** policy, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(policy);
    if (count > 0) IG_NEED(sources);
    std::vector<rego::SourceFile> files;
    for (size_t i = 0; i < count; ++i) files.push_back({std::string(View(sources[i].name)), std::string(View(sources[i].text))});
    policy::CompileOutcome compiled = Policy::Compile(files);
    if (compiled.ok()) return Give(policy, ig_policy{std::move(compiled.policy)});
    std::string message = "the policy does not compile";
    for (const rego::Diagnostic& diagnostic : compiled.diagnostics) message += "\n" + diagnostic.ToString();
    return Fail(error, Error{ErrorCode::kInvalidArgument, std::move(message)});
  });
}

ig_code ig_policy_decide(const ig_policy* policy, ig_str input_json, ig_text** verdict_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(policy);
    IG_NEED(verdict_json);
    const Result<json::Value> input = ReadInput(View(input_json));
    if (!input.ok()) return Fail(error, input.error());
    const policy::PolicyVerdict verdict = policy->policy->DecideOn(*input);
    return GiveText(verdict_json, json::Write(json::MakeObject({{"effect", policy::EffectName(verdict.effect)},
                                                                {"reason", verdict.reason},
                                                                {"requires_step_up", verdict.requires_step_up},
                                                                {"failure", policy::FailureName(verdict.failure)},
                                                                {"detail", verdict.detail}})));
  });
}

ig_code ig_policy_eval(const ig_policy* policy, ig_str reference, ig_str input_json, ig_text** value_json,
                       ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(policy);
    IG_NEED(value_json);
    const Result<json::Value> input = ReadInput(View(input_json));
    if (!input.ok()) return Fail(error, input.error());
    const rego::CompiledPolicy& engine = policy->policy->engine();
    const rego::EvalResult result = input_json.size == 0 ? engine.Eval(View(reference)) : engine.Eval(View(reference), *input);
    if (!result.ok()) return Fail(error, Error{ErrorCode::kInvalidArgument, result.error->ToString()});
    if (!result.defined) return Fail(error, Error{ErrorCode::kNotFound, std::string(View(reference)) + " is undefined"});
    return GiveText(value_json, json::Write(result.value));
  });
}

void ig_policy_free(ig_policy* policy) { delete policy; }

}  // extern "C"
