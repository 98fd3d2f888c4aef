#include "policy_object.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "convert.h"
#include "key_ring.h"
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

constexpr const char* kDoesNotCompile = "the policy does not compile";

Result<policy::PolicyOptions> ReadOptions(const std::string& text) {
  const Result<json::Value> limits = json::Parse(text);
  if (!limits.ok()) return limits.error();
  policy::PolicyOptions options;
  if (const auto steps = Integer(*limits, "maxSteps")) options.limits.max_steps = static_cast<std::uint64_t>(*steps);
  if (const auto bytes = Integer(*limits, "maxMemoryBytes")) options.limits.max_memory_bytes = static_cast<std::size_t>(*bytes);
  return options;
}

Result<policy::CompileOutcome> Compile(const std::string& sources_text, const std::string& data_text, const policy::PolicyOptions& options) {
  const Result<Sources> sources = ReadSources(sources_text);
  if (!sources.ok()) return sources.error();
  const Result<json::Value> data = json::Parse(data_text, kDataLimits);
  if (!data.ok()) return data.error();
  std::vector<rego::SourceFile> files;
  for (const auto& [name, text] : *sources) files.push_back({name, text});
  return policy::Policy::Compile(files, *data, options);
}

// What a compilation on the pool leaves for the JavaScript thread, which looks when the promise is settled.
struct Compiled {
  policy::PolicyOptions options;
  std::shared_ptr<const policy::Policy> policy;
};
using CompiledPtr = std::shared_ptr<Compiled>;

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

std::string DiagnosticsJson(std::string what, const std::vector<rego::Diagnostic>& diagnostics) {
  return json::Write(json::MakeObject({{"code", ErrorCodeName(ErrorCode::kMalformed)},
                                       {"message", MessageOf(std::move(what), diagnostics)},
                                       {"details", json::Write(DetailsOf(diagnostics))}}));
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
                     {StaticMethod<&PolicyObject::CompileAsync>("compileAsync"),
                      InstanceMethod<&PolicyObject::Evaluate>("evaluate"), InstanceMethod<&PolicyObject::Query>("query"),
                      InstanceMethod<&PolicyObject::EvaluateAsync>("evaluateAsync"), InstanceMethod<&PolicyObject::QueryAsync>("queryAsync"),
                      InstanceMethod<&PolicyObject::Partial>("partial"), InstanceMethod<&PolicyObject::PartialAsync>("partialAsync"),
                      InstanceAccessor<&PolicyObject::RuleNames>("ruleNames"), InstanceAccessor<&PolicyObject::Digest>("digest")});
}

PolicyObject::PolicyObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PolicyObject>(info) {
  if (info[0].IsExternal()) {
    const Compiled& compiled = **info[0].As<Napi::External<CompiledPtr>>().Data();
    options_ = compiled.options;
    policy_ = compiled.policy;
    return;
  }
  const Result<policy::PolicyOptions> options = ReadOptions(Text(info, 2));
  if (!options.ok()) {
    Throw(info.Env(), options.error());
    return;
  }
  options_ = *options;
  Result<policy::CompileOutcome> compiled = Compile(Text(info, 0), Text(info, 1), options_);
  if (!compiled.ok()) {
    Throw(info.Env(), compiled.error());
  } else if (!compiled->ok()) {
    ThrowDiagnostics(info.Env(), kDoesNotCompile, compiled->diagnostics);
  } else {
    policy_ = std::move(compiled->policy);
  }
}

// (sourcesJson, dataJson, optionsJson) -> [promise of JSON {} or {code, message, details}, function that gives the Policy then]
Napi::Value PolicyObject::CompileAsync(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Result<policy::PolicyOptions> options = ReadOptions(Text(info, 2));
  if (!options.ok()) return Throw(env, options.error()), env.Undefined();
  const auto compiled = std::make_shared<Compiled>(Compiled{*options, nullptr});
  const Napi::Value promise = Promised(env, [compiled, sources = Text(info, 0), data = Text(info, 1)]() -> Result<std::string> {
    Result<policy::CompileOutcome> made = Compile(sources, data, compiled->options);
    if (!made.ok()) return made.error();
    if (!made->ok()) return DiagnosticsJson(kDoesNotCompile, made->diagnostics);
    compiled->policy = std::move(made->policy);
    return std::string("{}");
  });
  if (env.IsExceptionPending()) return env.Undefined();
  Napi::Array out = Napi::Array::New(env, 2);
  out.Set(0U, promise);
  out.Set(1U, Napi::Function::New(env, [compiled](const Napi::CallbackInfo& call) -> Napi::Value {
    if (compiled->policy == nullptr) return call.Env().Undefined();
    CompiledPtr held = compiled;
    return call.Env().GetInstanceData<AddonData>()->policy.New({Napi::External<CompiledPtr>::New(call.Env(), &held)});
  }));
  return out;
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
