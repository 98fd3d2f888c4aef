#include "policy.h"

#include <pybind11/stl.h>

#include <string>
#include <utility>
#include <vector>

#include "partial.h"
#include "raise.h"
#include "values.h"
#include "waiting.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

PolicyHandle Compile(const std::vector<std::pair<std::string, std::string>>& files, py::handle data) {
  std::vector<rego::SourceFile> sources;
  for (const auto& [name, text] : files) sources.push_back({name, text});
  const json::Value document = ObjectFromPython(data, "data");
  policy::CompileOutcome compiled = WithoutGil([&] { return policy::Policy::Compile(sources, document); });
  if (!compiled.ok()) RaiseDiagnostics("the policy does not compile", compiled.diagnostics);
  return {std::move(compiled.policy)};
}

// `cancel` may be null.
using Cancel = std::shared_ptr<rego::CancelToken>;

py::dict Decide(const PolicyHandle& handle, py::handle input, const Cancel& cancel) {
  const json::Value document = ObjectFromPython(input, "input");
  const policy::PolicyVerdict verdict = WithoutGil([&] { return handle.policy->DecideOn(document, cancel.get()); });
  py::dict out;
  out["verdict"] = std::string(policy::EffectName(verdict.effect));
  out["reason"] = verdict.reason;
  out["requires_step_up"] = verdict.requires_step_up;
  out["failure"] = std::string(policy::FailureName(verdict.failure));
  out["detail"] = verdict.detail;
  out["steps"] = verdict.steps;
  return out;
}

// (defined, value); raises IntentGateError when the evaluation fails.
py::tuple Evaluate(const PolicyHandle& handle, const std::string& reference, py::handle input, const Cancel& cancel) {
  const json::Value document = FromPython(input);
  const rego::EvalResult result = WithoutGil([&] {
    const rego::CompiledPolicy& engine = handle.policy->engine();
    rego::EvalOptions options;
    options.cancel = cancel.get();
    return document.is_null() ? engine.Eval(reference, options) : engine.Eval(reference, document, options);
  });
  if (!result.ok()) RaiseEval(*result.error);
  return py::make_tuple(result.defined, result.defined ? ToPython(result.value) : py::object(py::none()));
}

}  // namespace

void RaiseDiagnostics(const char* what, const std::vector<rego::Diagnostic>& diagnostics) {
  std::string message = what;
  for (const rego::Diagnostic& diagnostic : diagnostics) message += "\n" + diagnostic.ToString();
  Raise(Error{ErrorCode::kInvalidArgument, std::move(message)});
}

void RaiseEval(const rego::EvalError& error) {
  const ErrorCode code = error.code == "eval_limit_error"    ? ErrorCode::kLimitExceeded
                         : error.code == "eval_cancel_error" ? ErrorCode::kCancelled
                                                             : ErrorCode::kInvalidArgument;
  Raise(Error{code, error.ToString()});
}

void RegisterPolicy(py::module_& module) {
  py::class_<rego::CancelToken, Cancel>(module, "CancelToken",
                                        "Ends evaluations that were given it, from any thread: they raise IntentGateError, within about 100 microseconds.")
      .def(py::init<>())
      .def("cancel", &rego::CancelToken::Cancel, "Ends what runs with this token, and what is begun with it afterwards.")
      .def_property_readonly("cancelled", &rego::CancelToken::cancelled, "Whether cancel() was called.");
  py::class_<PolicyHandle>(module, "PolicyBase")
      .def(py::init(&Compile), py::arg("files"), py::arg("data"))
      .def("_decide", &Decide, py::arg("input"), py::arg("cancel"))
      .def("_eval", &Evaluate, py::arg("reference"), py::arg("input"), py::arg("cancel"))
      .def("_partial", &Partial, py::arg("query"), py::arg("input"), py::arg("options"), py::arg("cancel"))
      .def("_rule_names", [](const PolicyHandle& handle) { return handle.policy->engine().RuleNames(); })
      .def_property_readonly("digest", [](const PolicyHandle& handle) { return handle.policy->Digest(); },
                             "SHA-256 in hex over the sources and the data.");
}

}  // namespace intentgate::python
