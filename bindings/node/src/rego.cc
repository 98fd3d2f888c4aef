#include "rego.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/rego_engine.h>

#include "convert.h"
#include "policy_object.h"
#include "promised.h"

namespace intentgate::node {
namespace {

constexpr json::ParseLimits kDataLimits{.max_bytes = std::size_t{64} << 20, .max_depth = 128};

using ModulePtr = std::shared_ptr<const rego::Module>;
using PolicyPtr = std::shared_ptr<const rego::CompiledPolicy>;
using QueryPtr = std::shared_ptr<const rego::Query>;

template <typename T>
Napi::Value Handle(Napi::Env env, T value) {
  auto held = std::make_unique<T>(std::move(value));
  const auto made = Napi::External<T>::New(env, held.get(), [](Napi::Env, T* data) { const std::unique_ptr<T> owner(data); });
  static_cast<void>(held.release());  // the finalizer owns it
  return made;
}

template <typename T>
const T& Of(const Napi::Value& value) {
  return *value.As<Napi::External<T>>().Data();
}

// (optionsJson {v0, maxSteps, maxMemoryBytes, strictBuiltinErrors, builtins}) -> engine
Napi::Value MakeEngine(const Napi::CallbackInfo& info) {
  const Result<json::Value> read = json::Parse(Text(info, 0));
  if (!read.ok()) return Throw(info.Env(), read.error()), info.Env().Undefined();
  const auto is = [&](std::string_view name) {
    const json::Value* flag = read->Find(name);
    return flag != nullptr && flag->is_bool() && flag->bool_value();
  };
  rego::EngineOptions options;
  if (is("v0")) options.compile.version = rego::LanguageVersion::kV0;
  options.strict_builtin_errors = is("strictBuiltinErrors");
  if (const auto steps = Integer(*read, "maxSteps")) options.limits.max_steps = static_cast<std::uint64_t>(*steps);
  if (const auto bytes = Integer(*read, "maxMemoryBytes")) options.limits.max_memory_bytes = static_cast<std::size_t>(*bytes);
  if (const json::Value* builtins = read->Find("builtins"); builtins != nullptr && builtins->is_array()) {
    options.builtins.emplace();
    for (const json::Value& name : builtins->array()) options.builtins->push_back(name.is_string() ? name.string_value() : "");
  }
  return Handle(info.Env(), rego::Engine(std::move(options)));
}

// (engine, name, text) -> module
Napi::Value Parse(const Napi::CallbackInfo& info) {
  rego::ModuleResult parsed = Of<rego::Engine>(info[0]).Parse({Text(info, 1), Text(info, 2)});
  if (!parsed.ok()) return ThrowDiagnostics(info.Env(), "the module does not parse", parsed.diagnostics), info.Env().Undefined();
  return Handle(info.Env(), std::move(parsed.module));
}

// (module) -> its package
Napi::Value Package(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), Of<ModulePtr>(info[0])->package()); }

// (module) -> JSON of the syntax tree
Napi::Value Tree(const Napi::CallbackInfo& info) {
  const rego::ParsedModule tree = Of<ModulePtr>(info[0])->ToJson();
  if (!tree.ok()) return ThrowDiagnostics(info.Env(), "the module's metadata cannot be read", tree.diagnostics), info.Env().Undefined();
  return Napi::String::New(info.Env(), tree.json);
}

// (module) -> JSON of the metadata blocks
Napi::Value AnnotationsOf(const Napi::CallbackInfo& info) {
  const Result<json::Value> made = Of<ModulePtr>(info[0])->Annotations();
  if (!made.ok()) return Throw(info.Env(), made.error()), info.Env().Undefined();
  return Napi::String::New(info.Env(), json::Write(*made));
}

// (module) -> text
Napi::Value Format(const Napi::CallbackInfo& info) {
  const Result<std::string> made = Of<ModulePtr>(info[0])->Format();
  if (!made.ok()) return Throw(info.Env(), made.error()), info.Env().Undefined();
  return Napi::String::New(info.Env(), *made);
}

// (engine, modules, dataJson) -> policy
Napi::Value Compile(const Napi::CallbackInfo& info) {
  const Result<json::Value> data = json::Parse(Text(info, 2), kDataLimits);
  if (!data.ok()) return Throw(info.Env(), data.error()), info.Env().Undefined();
  std::vector<ModulePtr> modules;
  const Napi::Array list = info[1].As<Napi::Array>();
  for (std::uint32_t i = 0; i < list.Length(); ++i) modules.push_back(Of<ModulePtr>(list.Get(i)));
  rego::CompileResult compiled = Of<rego::Engine>(info[0]).Compile(modules, *data);
  if (!compiled.ok()) return ThrowDiagnostics(info.Env(), "the policy does not compile", compiled.diagnostics), info.Env().Undefined();
  return Handle(info.Env(), std::move(compiled.policy));
}

// (policy) -> names of its rules
Napi::Value RuleNames(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const std::string& name : Of<PolicyPtr>(info[0])->RuleNames()) names.Set(names.Length(), name);
  return names;
}

// (engine, policy, text) -> query
Napi::Value Prepare(const Napi::CallbackInfo& info) {
  rego::PreparedQuery prepared = Of<rego::Engine>(info[0]).Prepare(Of<PolicyPtr>(info[1]), Text(info, 2));
  if (!prepared.ok()) return ThrowDiagnostics(info.Env(), "the query does not compile", prepared.diagnostics), info.Env().Undefined();
  return Handle(info.Env(), std::move(prepared.query));
}

Napi::Value IsReference(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), Of<QueryPtr>(info[0])->is_reference()); }

std::string Failed(const rego::EvalError& error) {
  return json::Write(json::MakeObject({{"code", error.code}, {"message", error.ToString()}}));
}

// JSON {value}, {} if undefined, or {code, message}.
std::string Value(const rego::Query& query, const std::optional<std::string>& input, const rego::EvalOptions& options) {
  const rego::EvalResult result = input ? query.Eval(rego::JsonText{*input}, options) : query.Eval(options);
  if (result.error) return Failed(*result.error);
  json::Value out = json::Object{};
  if (result.defined) out.Set("value", result.value);
  return json::Write(out);
}

// JSON {value: [{bindings, values}]} or {code, message}.
Result<std::string> Answers(const rego::Query& query, const std::optional<std::string>& input, const rego::EvalOptions& options) {
  const Result<json::Value> document = json::Parse(input.value_or("null"));
  if (!document.ok()) return document.error();
  const rego::QueryResult result = query.Answers(input ? &*document : nullptr, options);
  if (result.error) return Failed(*result.error);
  json::Array answers;
  for (const rego::QueryAnswer& answer : result.answers) {
    json::Value bindings = json::Object{};
    for (const auto& [name, value] : answer.bindings) bindings.Set(name, value);
    answers.push_back(json::MakeObject({{"bindings", std::move(bindings)}, {"values", json::Value(json::Array(answer.expressions))}}));
  }
  return json::Write(json::MakeObject({{"value", json::Value(std::move(answers))}}));
}

// (query, inputJson or undefined, whether all answers are wanted)
Job AskJob(const Napi::CallbackInfo& info, std::shared_ptr<rego::CancelToken> cancel) {
  return [query = Of<QueryPtr>(info[0]), input = IsText(info, 1) ? std::optional(Text(info, 1)) : std::nullopt,
          all = info[2].ToBoolean().Value(), cancel = std::move(cancel)]() -> Result<std::string> {
    rego::EvalOptions options = query->options();
    options.cancel = cancel.get();
    if (all) return Answers(*query, input, options);
    return Value(*query, input, options);
  };
}

Napi::Value Ask(const Napi::CallbackInfo& info) { return Now(info.Env(), AskJob(info, nullptr)); }

// -> [promise, function that cancels]
Napi::Value AskAsync(const Napi::CallbackInfo& info) {
  const auto cancel = std::make_shared<rego::CancelToken>();
  return Cancellable(info.Env(), cancel, AskJob(info, cancel));
}

}  // namespace

void ExportRegoFunctions(Napi::Env env, Napi::Object exports) {
  Napi::Object rego = Napi::Object::New(env);
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    rego.Set(name, Napi::Function::New(env, function, name));
  };
  add("engine", MakeEngine);
  add("parse", Parse);
  add("package", Package);
  add("tree", Tree);
  add("annotations", AnnotationsOf);
  add("format", Format);
  add("compile", Compile);
  add("ruleNames", RuleNames);
  add("prepare", Prepare);
  add("isReference", IsReference);
  add("ask", Ask);
  add("askAsync", AskAsync);
  exports.Set("rego", rego);
}

}  // namespace intentgate::node
