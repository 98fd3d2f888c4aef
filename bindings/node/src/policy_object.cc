#include "policy_object.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "convert.h"
#include "partial.h"
#include "promised.h"

namespace intentgate::node {
namespace {

constexpr json::ParseLimits kDataLimits{.max_bytes = std::size_t{64} << 20, .max_depth = 128};

json::Value ToJson(const rego::Diagnostic& d) {
  return json::MakeObject({{"code", d.code},
                           {"file", d.file},
                           {"line", std::int64_t{d.line}},
                           {"column", std::int64_t{d.column}},
                           {"message", d.message},
                           {"suggestion", d.suggestion}});
}

// (sourcesJson, dataJson); null with a JavaScript error pending.
std::shared_ptr<const policy::Policy> Compile(const Napi::CallbackInfo& info, const policy::PolicyOptions& options) {
  const Napi::Env env = info.Env();
  const Result<Sources> sources = ReadSources(Text(info, 0));
  if (!sources.ok()) return Throw(env, sources.error()), nullptr;
  const Result<json::Value> data = json::Parse(Text(info, 1), kDataLimits);
  if (!data.ok()) return Throw(env, data.error()), nullptr;
  std::vector<rego::SourceFile> files;
  for (const auto& [name, text] : *sources) files.push_back({name, text});
  policy::CompileOutcome compiled = policy::Policy::Compile(files, *data, options);
  if (!compiled.ok()) return ThrowDiagnostics(env, "the policy does not compile", compiled.diagnostics), nullptr;
  return std::move(compiled.policy);
}

std::string VerdictJson(const policy::PolicyVerdict& verdict) {
  return json::Write(json::MakeObject({{"effect", policy::EffectName(verdict.effect)},
                                       {"reason", verdict.reason},
                                       {"requiresStepUp", verdict.requires_step_up},
                                       {"failure", policy::FailureName(verdict.failure)},
                                       {"detail", verdict.detail},
                                       {"steps", static_cast<std::int64_t>(verdict.steps)}}));
}

}  // namespace

std::string MessageOf(std::string what, const std::vector<rego::Diagnostic>& diagnostics) {
  for (const rego::Diagnostic& d : diagnostics) what += "\n" + d.ToString();
  return what;
}

json::Value DetailsOf(const std::vector<rego::Diagnostic>& diagnostics) {
  json::Array list;
  for (const rego::Diagnostic& d : diagnostics) list.push_back(ToJson(d));
  return json::MakeObject({{"diagnostics", json::Value(std::move(list))}});
}

void ThrowDiagnostics(Napi::Env env, std::string what, const std::vector<rego::Diagnostic>& diagnostics) {
  Throw(env, ErrorCodeName(ErrorCode::kMalformed), MessageOf(std::move(what), diagnostics), DetailsOf(diagnostics));
}

Napi::Value Cancellable(Napi::Env env, const std::shared_ptr<rego::CancelToken>& cancel, Job job) {
  const Napi::Value promise = Promised(env, std::move(job));
  if (env.IsExceptionPending()) return env.Undefined();
  Napi::Array out = Napi::Array::New(env, 2);
  out.Set(0U, promise);
  out.Set(1U, Napi::Function::New(env, [cancel](const Napi::CallbackInfo&) { cancel->Cancel(); }));
  return out;
}

Napi::Function PolicyObject::Init(Napi::Env env) {
  return DefineClass(env, "Policy",
                     {InstanceMethod<&PolicyObject::Evaluate>("evaluate"), InstanceMethod<&PolicyObject::Query>("query"),
                      InstanceMethod<&PolicyObject::EvaluateAsync>("evaluateAsync"), InstanceMethod<&PolicyObject::QueryAsync>("queryAsync"),
                      InstanceMethod<&PolicyObject::Partial>("partial"), InstanceMethod<&PolicyObject::PartialAsync>("partialAsync"),
                      InstanceAccessor<&PolicyObject::RuleNames>("ruleNames"), InstanceAccessor<&PolicyObject::Digest>("digest")});
}

PolicyObject::PolicyObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PolicyObject>(info) {
  const Result<json::Value> limits = json::Parse(Text(info, 2));
  if (!limits.ok()) {
    Throw(info.Env(), limits.error());
    return;
  }
  if (const auto steps = Integer(*limits, "maxSteps")) options_.limits.max_steps = static_cast<std::uint64_t>(*steps);
  if (const auto bytes = Integer(*limits, "maxMemoryBytes")) options_.limits.max_memory_bytes = static_cast<std::size_t>(*bytes);
  policy_ = Compile(info, options_);
}

rego::EvalOptions PolicyObject::Limits() const {
  rego::EvalOptions options;
  options.limits = options_.limits;
  return options;
}

// (inputJson) -> JSON of the verdict
Napi::Value PolicyObject::Evaluate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Result<json::Value> input = json::Parse(Text(info, 0));
  if (!input.ok()) return Throw(env, input.error()), env.Undefined();
  return Napi::String::New(env, VerdictJson(policy_->DecideOn(*input)));
}

// (inputJson) -> [promise of the verdict's JSON, function that cancels]
Napi::Value PolicyObject::EvaluateAsync(const Napi::CallbackInfo& info) {
  const auto cancel = std::make_shared<rego::CancelToken>();
  return Cancellable(info.Env(), cancel, [policy = policy_, text = Text(info, 0), cancel]() -> Result<std::string> {
    const Result<json::Value> input = json::Parse(text);
    if (!input.ok()) return input.error();
    return VerdictJson(policy->DecideOn(*input, cancel.get()));
  });
}

// (entrypoint, inputJson or undefined) -> JSON, or undefined when the rule is
Napi::Value PolicyObject::Query(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  rego::EvalResult result;
  if (IsText(info, 1)) {
    const Result<json::Value> input = json::Parse(Text(info, 1));
    if (!input.ok()) return Throw(env, input.error()), env.Undefined();
    result = policy_->engine().Eval(Text(info, 0), *input, Limits());
  } else {
    result = policy_->engine().Eval(Text(info, 0), Limits());
  }
  if (result.error) return Throw(env, result.error->code, result.error->ToString()), env.Undefined();
  return result.defined ? Napi::String::New(env, json::Write(result.value)) : env.Undefined();
}

// (entrypoint, inputJson or undefined) -> [promise of JSON {value} or {code, message}, without either if undefined; function that cancels]
Napi::Value PolicyObject::QueryAsync(const Napi::CallbackInfo& info) {
  const auto cancel = std::make_shared<rego::CancelToken>();
  const std::optional<std::string> input = IsText(info, 1) ? std::optional(Text(info, 1)) : std::nullopt;
  rego::EvalOptions options = Limits();
  options.cancel = cancel.get();
  return Cancellable(info.Env(), cancel, [policy = policy_, reference = Text(info, 0), input, options, cancel]() -> Result<std::string> {
    const rego::EvalResult result = input ? policy->engine().Eval(reference, rego::JsonText{*input}, options) : policy->engine().Eval(reference, options);
    json::Value out = json::Object{};
    if (result.error) {
      out = json::MakeObject({{"code", result.error->code}, {"message", result.error->ToString()}});
    } else if (result.defined) {
      out.Set("value", result.value);
    }
    return json::Write(out);
  });
}

// (query, requestJson) -> JSON of PartialJob
Napi::Value PolicyObject::Partial(const Napi::CallbackInfo& info) {
  return Now(info.Env(), PartialJob(policy_, options_.limits, Text(info, 0), Text(info, 1), nullptr));
}

// (query, requestJson) -> [promise of JSON of PartialJob, function that cancels]
Napi::Value PolicyObject::PartialAsync(const Napi::CallbackInfo& info) {
  const auto cancel = std::make_shared<rego::CancelToken>();
  return Cancellable(info.Env(), cancel, PartialJob(policy_, options_.limits, Text(info, 0), Text(info, 1), cancel));
}

Napi::Value PolicyObject::RuleNames(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const std::string& name : policy_->engine().RuleNames()) names.Set(names.Length(), name);
  return names;
}

Napi::Value PolicyObject::Digest(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), policy_->Digest()); }

}  // namespace intentgate::node
