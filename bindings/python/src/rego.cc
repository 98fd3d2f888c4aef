#include "rego.h"

#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/rego_engine.h>

#include "policy.h"
#include "raise.h"
#include "values.h"
#include "waiting.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

using Cancel = std::shared_ptr<rego::CancelToken>;

// pybind11 keeps no pointers to const.
struct ModuleHandle {
  std::shared_ptr<const rego::Module> module;
};
struct RegoPolicyHandle {
  std::shared_ptr<const rego::CompiledPolicy> policy;
};
struct QueryHandle {
  std::shared_ptr<const rego::Query> query;
};

rego::Engine MakeEngine(bool v0, std::uint64_t max_steps, std::size_t max_memory_bytes, bool strict_builtin_errors,
                        std::optional<std::vector<std::string>> builtins) {
  rego::EngineOptions options;
  if (v0) options.compile.version = rego::LanguageVersion::kV0;
  options.limits.max_steps = max_steps;
  options.limits.max_memory_bytes = max_memory_bytes;
  options.strict_builtin_errors = strict_builtin_errors;
  options.builtins = std::move(builtins);
  return rego::Engine(std::move(options));
}

ModuleHandle Parse(const rego::Engine& engine, const std::string& name, const std::string& text) {
  rego::ModuleResult parsed = WithoutGil([&] { return engine.Parse({name, text}); });
  if (!parsed.ok()) RaiseDiagnostics("the module does not parse", parsed.diagnostics);
  return {std::move(parsed.module)};
}

RegoPolicyHandle Compile(const rego::Engine& engine, const std::vector<const ModuleHandle*>& modules, py::handle data) {
  const json::Value document = ObjectFromPython(data, "data");
  std::vector<std::shared_ptr<const rego::Module>> list;
  for (const ModuleHandle* one : modules) list.push_back(one->module);
  rego::CompileResult compiled = WithoutGil([&] { return engine.Compile(list, document); });
  if (!compiled.ok()) RaiseDiagnostics("the policy does not compile", compiled.diagnostics);
  return {std::move(compiled.policy)};
}

QueryHandle Prepare(const rego::Engine& engine, const RegoPolicyHandle& handle, const std::string& text) {
  rego::PreparedQuery prepared = WithoutGil([&] { return engine.Prepare(handle.policy, text); });
  if (!prepared.ok()) RaiseDiagnostics("the query does not compile", prepared.diagnostics);
  return {std::move(prepared.query)};
}

rego::EvalOptions OptionsFor(const rego::Query& query, const Cancel& cancel) {
  rego::EvalOptions options = query.options();
  options.cancel = cancel.get();
  return options;
}

// (defined, value)
py::tuple Eval(const QueryHandle& handle, py::handle input, const Cancel& cancel) {
  const json::Value document = FromPython(input);
  const rego::EvalOptions options = OptionsFor(*handle.query, cancel);
  const rego::EvalResult result =
      WithoutGil([&] { return document.is_null() ? handle.query->Eval(options) : handle.query->Eval(document, options); });
  if (!result.ok()) RaiseEval(*result.error);
  return py::make_tuple(result.defined, result.defined ? ToPython(result.value) : py::object(py::none()));
}

// [(bindings, values)]
py::list Answers(const QueryHandle& handle, py::handle input, const Cancel& cancel) {
  const json::Value document = FromPython(input);
  const rego::EvalOptions options = OptionsFor(*handle.query, cancel);
  const rego::QueryResult result = WithoutGil([&] { return handle.query->Answers(document.is_null() ? nullptr : &document, options); });
  if (!result.ok()) RaiseEval(*result.error);
  py::list out;
  for (const rego::QueryAnswer& answer : result.answers) {
    py::dict bindings;
    for (const auto& [name, value] : answer.bindings) bindings[py::str(name)] = ToPython(value);
    py::list values;
    for (const json::Value& value : answer.expressions) values.append(ToPython(value));
    out.append(py::make_tuple(bindings, values));
  }
  return out;
}

std::string Tree(const ModuleHandle& handle) {
  rego::ParsedModule tree = WithoutGil([&] { return handle.module->ToJson(); });
  if (!tree.ok()) RaiseDiagnostics("the module's metadata cannot be read", tree.diagnostics);
  return std::move(tree.json);
}

}  // namespace

void RegisterRego(py::module_& module) {
  py::class_<ModuleHandle>(module, "RegoModuleBase")
      .def_property_readonly("name", [](const ModuleHandle& h) { return h.module->name(); })
      .def_property_readonly("text", [](const ModuleHandle& h) { return h.module->text(); })
      .def_property_readonly("package", [](const ModuleHandle& h) { return h.module->package(); })
      .def("_tree", &Tree)
      .def("_annotations", [](const ModuleHandle& h) { return ToPython(Take(h.module->Annotations())); })
      .def("_format", [](const ModuleHandle& h) { return Take(h.module->Format()); });
  py::class_<RegoPolicyHandle>(module, "RegoPolicyBase")
      .def("_rule_names", [](const RegoPolicyHandle& h) { return h.policy->RuleNames(); })
      .def("_packages", [](const RegoPolicyHandle& h) { return h.policy->Packages(); });
  py::class_<QueryHandle>(module, "RegoQueryBase")
      .def_property_readonly("text", [](const QueryHandle& h) { return h.query->text(); })
      .def_property_readonly("is_reference", [](const QueryHandle& h) { return h.query->is_reference(); })
      .def("_eval", &Eval, py::arg("input"), py::arg("cancel"))
      .def("_answers", &Answers, py::arg("input"), py::arg("cancel"));
  py::class_<rego::Engine>(module, "RegoEngineBase")
      .def(py::init(&MakeEngine), py::arg("v0"), py::arg("max_steps"), py::arg("max_memory_bytes"), py::arg("strict_builtin_errors"), py::arg("builtins"))
      .def("_parse", &Parse, py::arg("name"), py::arg("text"))
      .def("_compile", &Compile, py::arg("modules"), py::arg("data"))
      .def("_prepare", &Prepare, py::arg("policy"), py::arg("query"));
}

}  // namespace intentgate::python
