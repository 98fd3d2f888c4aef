// A compiled policy as a JavaScript class.
#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include <intentgate/policy.h>

#include "promised.h"

namespace intentgate::node {

// `what` with every finding below it, and {diagnostics: [...]}, the details of such an error.
std::string MessageOf(std::string what, const std::vector<rego::Diagnostic>& diagnostics);
json::Value DetailsOf(const std::vector<rego::Diagnostic>& diagnostics);
// The same as JSON {code, message, details}, for a job's answer: its error has no details.
std::string DiagnosticsJson(std::string what, const std::vector<rego::Diagnostic>& diagnostics);
// Leaves a JavaScript error with every finding pending.
void ThrowDiagnostics(Napi::Env env, std::string what, const std::vector<rego::Diagnostic>& diagnostics);
// [the job's promise, a function that cancels what the job does].
Napi::Value Cancellable(Napi::Env env, const std::shared_ptr<rego::CancelToken>& cancel, Job job);

// Lives on the JavaScript thread that made it.
class PolicyObject final : public Napi::ObjectWrap<PolicyObject> {
 public:
  static Napi::Function Init(Napi::Env env);
  // new Policy(sourcesJson [[name, text], ...], dataJson, optionsJson {maxSteps, maxMemoryBytes}). A policy that does
  // not compile throws `malformed` with the diagnostics as details. CompileAsync gives it what it has compiled instead.
  explicit PolicyObject(const Napi::CallbackInfo& info);

  // Null if the constructor threw.
  const std::shared_ptr<const policy::Policy>& policy() const { return policy_; }

 private:
  static Napi::Value CompileAsync(const Napi::CallbackInfo& info);
  Napi::Value Evaluate(const Napi::CallbackInfo& info);
  Napi::Value Query(const Napi::CallbackInfo& info);
  Napi::Value EvaluateAsync(const Napi::CallbackInfo& info);
  Napi::Value QueryAsync(const Napi::CallbackInfo& info);
  Napi::Value Partial(const Napi::CallbackInfo& info);
  Napi::Value PartialAsync(const Napi::CallbackInfo& info);
  Napi::Value RuleNames(const Napi::CallbackInfo& info);
  Napi::Value Digest(const Napi::CallbackInfo& info);
  rego::EvalOptions Limits() const;

  std::shared_ptr<const policy::Policy> policy_;
  policy::PolicyOptions options_;
};

}  // namespace intentgate::node
