#include "partial.h"

#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/rego_partial.h>

#include "values.h"
#include "waiting.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

[[noreturn]] void RaiseType(const std::string& what, const char* wanted, py::handle given) {
  throw py::type_error(what + " must be " + wanted + ", not a " + Py_TYPE(given.ptr())->tp_name);
}

std::vector<std::string> NamesOf(py::handle given, const char* what) {
  // A str is a sequence of its characters, which nobody means.
  if (PyUnicode_Check(given.ptr()) || PySequence_Check(given.ptr()) == 0) RaiseType(what, "a sequence of str", given);
  const auto list = py::reinterpret_steal<py::object>(PySequence_Fast(given.ptr(), "not a sequence"));
  if (!list) throw py::error_already_set();
  const std::string each = std::string("each of ") + what;
  std::vector<std::string> names;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.ptr()); ++i) {
    names.emplace_back(TextOf(PySequence_Fast_GET_ITEM(list.ptr(), i), each.c_str()));
  }
  return names;
}

bool FlagOf(py::handle given, const char* what) {
  if (!PyBool_Check(given.ptr())) RaiseType(what, "a bool", given);
  return given.ptr() == Py_True;
}

std::size_t LimitOf(py::handle given, const char* what) {
  if (!PyLong_Check(given.ptr()) || PyBool_Check(given.ptr())) RaiseType(what, "an int", given);
  int overflow = 0;
  const long long limit = PyLong_AsLongLongAndOverflow(given.ptr(), &overflow);
  if (limit == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  if (overflow != 0 || limit < 1) throw py::value_error(std::string(what) + " must be at least 1 and less than 2**63");
  return static_cast<std::size_t>(limit);
}

rego::PartialOptions OptionsFrom(py::handle given) {
  const auto members = py::reinterpret_borrow<py::dict>(given);
  const auto limit = [&](const char* name) { return LimitOf(members[name], name); };
  rego::PartialOptions options;
  options.unknowns = NamesOf(members["unknowns"], "unknowns");
  options.disable_inlining = NamesOf(members["disable_inlining"], "disable_inlining");
  options.shallow_inlining = FlagOf(members["shallow_inlining"], "shallow_inlining");
  options.nondeterministic_builtins = FlagOf(members["nondeterministic_builtins"], "nondeterministic_builtins");
  options.support_namespace = TextOf(members["support_namespace"], "support_namespace");
  options.limits = {.max_queries = limit("max_queries"),
                    .max_rules = limit("max_rules"),
                    .max_text_bytes = limit("max_text_bytes"),
                    .max_alternatives = limit("max_alternatives")};
  options.eval.limits.max_steps = limit("max_steps");
  options.eval.limits.max_memory_bytes = limit("max_memory_bytes");
  return options;
}

std::shared_ptr<rego::CancelToken> TokenOf(py::handle given) {
  if (given.is_none()) return nullptr;
  if (!py::isinstance<rego::CancelToken>(given)) RaiseType("cancel", "a CancelToken or None", given);
  return given.cast<std::shared_ptr<rego::CancelToken>>();
}

}  // namespace

py::tuple Partial(const PolicyHandle& handle, py::handle query, py::handle input, py::handle options, py::handle cancel) {
  const std::string text(TextOf(query, "query"));
  const json::Value document = ObjectFromPython(input, "input");
  rego::PartialOptions asked = OptionsFrom(options);
  const std::shared_ptr<rego::CancelToken> token = TokenOf(cancel);
  if (!document.is_null()) asked.input = &document;
  asked.eval.cancel = token.get();
  std::string source;
  const rego::PartialResult left = WithoutGil([&] {
    rego::PartialResult made = handle.policy->engine().PartialEval(text, asked);
    if (made.ok()) source = made.ToSource();
    return made;
  });
  if (!left.diagnostics.empty()) RaiseDiagnostics("the query does not compile", left.diagnostics);
  if (left.error) RaiseEval(*left.error);
  std::vector<std::pair<std::string, std::string>> support;
  for (const rego::SourceFile& module : left.support) support.emplace_back(module.name, module.text);
  return py::make_tuple(left.queries, support, left.always(), left.never(), source, left.steps);
}

}  // namespace intentgate::python
