// A compiled policy as a JavaScript class.
#pragma once

#include <napi.h>

#include <memory>

#include <intentgate/policy.h>

namespace intentgate::node {

// Lives on the JavaScript thread that made it.
class PolicyObject final : public Napi::ObjectWrap<PolicyObject> {
 public:
  static Napi::Function Init(Napi::Env env);
  // new Policy(sourcesJson [[name, text], ...], dataJson, optionsJson {maxSteps, maxMemoryBytes}). A policy that does
  // not compile throws `malformed` with the diagnostics as details.
  explicit PolicyObject(const Napi::CallbackInfo& info);

  // Null if the constructor threw.
  const std::shared_ptr<const policy::Policy>& policy() const { return policy_; }

 private:
  Napi::Value Evaluate(const Napi::CallbackInfo& info);
  Napi::Value Query(const Napi::CallbackInfo& info);
  Napi::Value RuleNames(const Napi::CallbackInfo& info);
  Napi::Value Digest(const Napi::CallbackInfo& info);
  rego::EvalOptions Limits() const;

  std::shared_ptr<const policy::Policy> policy_;
  policy::PolicyOptions options_;
};

}  // namespace intentgate::node
