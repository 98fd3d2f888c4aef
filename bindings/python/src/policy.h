// libintentgate's Policy: compile, evaluate, and the tests that a policy brings along.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <vector>

#include <intentgate/policy.h>

namespace intentgate::python {

struct PolicyHandle {
  std::shared_ptr<const policy::Policy> policy;
};

// Raise IntentGateError with `what` and every finding, or for an evaluation that failed.
[[noreturn]] void RaiseDiagnostics(const char* what, const std::vector<rego::Diagnostic>& diagnostics);
[[noreturn]] void RaiseEval(const rego::EvalError& error);

// Adds the type PolicyBase to the module.
void RegisterPolicy(pybind11::module_& module);

}  // namespace intentgate::python
