// Policies of the C API.

#include "capi/objects.h"
#include "capi/request.h"

namespace intentgate::capi {
namespace {

// Empty text is "no input".
Result<json::Value> ReadInput(std::string_view text) {
  if (text.empty()) return json::Value();
  Result<json::Value> parsed = json::Parse(text);
  if (!parsed.ok()) return Error{parsed.error().code, "input_json: " + parsed.error().message};
  return parsed;
}

ig_code Compile(const ig_source* sources, size_t count, const json::Value& data, const policy::PolicyOptions& options,
                ig_policy** policy, ig_error** error) {
  std::vector<rego::SourceFile> files;
  for (size_t i = 0; i < count; ++i) files.push_back({std::string(View(sources[i].name)), std::string(View(sources[i].text))});
  policy::CompileOutcome compiled = Policy::Compile(files, data, options);
  if (compiled.ok()) return Give(policy, ig_policy{std::move(compiled.policy), options.limits});
  std::string message = "the policy does not compile";
  for (const rego::Diagnostic& diagnostic : compiled.diagnostics) message += "\n" + diagnostic.ToString();
  return Fail(error, Error{ErrorCode::kInvalidArgument, std::move(message)});
}

// What one evaluation may take. A limit that is absent keeps its default.
Status ReadLimits(Request& json, rego::EvalLimits& limits) {
  const std::optional<std::int64_t> steps = json.Integer("max_steps"), bytes = json.Integer("max_memory_bytes");
  if (!json.status().ok()) return json.status();
  if (steps.value_or(1) < 1) return Error{ErrorCode::kInvalidArgument, "max_steps must be at least 1"};
  if (bytes.value_or(1) < 1) return Error{ErrorCode::kInvalidArgument, "max_memory_bytes must be at least 1"};
  if (steps) limits.max_steps = static_cast<std::uint64_t>(*steps);
  if (bytes) limits.max_memory_bytes = static_cast<std::size_t>(*bytes);
  return {};
}

rego::EvalOptions LimitsOf(const ig_policy& policy) {
  rego::EvalOptions options;
  options.limits = policy.limits;
  return options;
}

// `opa test`'s way to read a name: todo_test_ rules are listed and not run.
enum class TestKind : std::uint8_t { kNone, kTest, kTodo };
TestKind KindOf(std::string_view rule) {
  const std::string_view name = rule.substr(rule.rfind('.') + 1);
  return name.starts_with("test_") ? TestKind::kTest : name.starts_with("todo_test_") ? TestKind::kTodo : TestKind::kNone;
}

json::Value RunTest(const ig_policy& policy, const std::string& rule) {
  if (KindOf(rule) == TestKind::kTodo) return json::MakeObject({{"name", rule}, {"outcome", "skip"}});
  const rego::EvalResult result = policy.policy->engine().Eval(rule, LimitsOf(policy));
  if (!result.ok()) return json::MakeObject({{"name", rule}, {"outcome", "error"}, {"message", result.error->ToString()}});
  const bool passed = result.defined && result.value.is_bool() && result.value.bool_value();
  return json::MakeObject({{"name", rule}, {"outcome", passed ? "pass" : "fail"}});
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
    return Compile(sources, count, json::Value(), {}, policy, error);
  });
}

ig_code ig_policy_compile_with(const ig_source* sources, size_t count, ig_str options_json, ig_policy** policy, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(policy);
    if (count > 0) IG_NEED(sources);
    Request request(View(options_json), {"data", "max_steps", "max_memory_bytes"}, kDataLimits);
    const json::Value data = request.Object("data");
    policy::PolicyOptions options;
    if (const Status s = ReadLimits(request, options.limits); !s.ok()) return Fail(error, s.error());
    return Compile(sources, count, data, options, policy, error);
  });
}

const char* ig_policy_digest(const ig_policy* policy) { return policy == nullptr ? "" : policy->policy->Digest().c_str(); }

ig_code ig_policy_rule_names(const ig_policy* policy, ig_text** names_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(policy);
    IG_NEED(names_json);
    json::Array names;
    for (const std::string& name : policy->policy->engine().RuleNames()) names.emplace_back(name);
    return GiveText(names_json, json::Write(json::Value(std::move(names))));
  });
}

ig_code ig_policy_test(const ig_policy* policy, ig_str part, ig_text** report_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(policy);
    IG_NEED(report_json);
    std::int64_t passed = 0, failed = 0, skipped = 0;
    json::Array results;
    for (const std::string& rule : policy->policy->engine().RuleNames()) {
      if (KindOf(rule) == TestKind::kNone || rule.find(View(part)) == rule.npos) continue;
      results.push_back(RunTest(*policy, rule));
      const std::string& outcome = results.back().Find("outcome")->string_value();
      ++(outcome == "pass" ? passed : outcome == "skip" ? skipped : failed);
    }
    json::Value out = json::MakeObject({{"ok", failed == 0 && !results.empty()}, {"passed", passed}, {"failed", failed},
                                        {"skipped", skipped}});
    out.Set("results", std::move(results));
    return GiveText(report_json, json::Write(out));
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
                                                                {"detail", verdict.detail},
                                                                {"steps", static_cast<std::int64_t>(verdict.steps)}})));
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
    const rego::EvalOptions limits = LimitsOf(*policy);
    const rego::EvalResult result =
        input_json.size == 0 ? engine.Eval(View(reference), limits) : engine.Eval(View(reference), *input, limits);
    if (!result.ok()) return Fail(error, Error{ErrorCode::kInvalidArgument, result.error->ToString()});
    if (!result.defined) return Fail(error, Error{ErrorCode::kNotFound, std::string(View(reference)) + " is undefined"});
    return GiveText(value_json, json::Write(result.value));
  });
}

void ig_policy_free(ig_policy* policy) { delete policy; }

}  // extern "C"
