#include "call_arguments.h"

#include <array>
#include <string>

#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

enum Parameter : std::size_t { kTool, kArgs, kToken, kIntent, kSessionId, kServer, kParameters };
constexpr std::array<const char*, kParameters> kNames = {"tool", "args", "token", "intent", "session_id", "server"};
constexpr Py_ssize_t kPositional = 3;

std::size_t IndexOf(PyObject* name) {
  for (std::size_t i = 0; i < kParameters; ++i) {
    if (PyUnicode_CompareWithASCIIString(name, kNames[i]) == 0) return i;
  }
  throw py::type_error("unexpected keyword argument " + std::string(py::repr(name)) +
                       "; the arguments are tool, args, token, intent, session_id and server");
}

std::string_view TextOrNone(PyObject* object, std::size_t parameter) {
  return object == nullptr || object == Py_None ? std::string_view() : TextOf(object, kNames[parameter]);
}

}  // namespace

CallArguments CallArguments::Read(PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  std::array<PyObject*, kParameters> given{};
  if (positional > kPositional) throw py::type_error("at most tool, args and token can be given by position");
  for (Py_ssize_t i = 0; i < positional; ++i) given[static_cast<std::size_t>(i)] = values[i];
  for (Py_ssize_t i = 0; names != nullptr && i < PyTuple_GET_SIZE(names); ++i) {
    const std::size_t index = IndexOf(PyTuple_GET_ITEM(names, i));
    if (given[index] != nullptr) throw py::type_error(std::string("argument ") + kNames[index] + " is given twice");
    given[index] = values[positional + i];
  }
  if (given[kTool] == nullptr) throw py::type_error("the argument tool is missing");
  CallArguments out;
  out.tool = TextOf(given[kTool], "tool");
  if (given[kArgs] != nullptr) out.arguments = ObjectFromPython(given[kArgs], "args");
  out.token = TextOrNone(given[kToken], kToken);
  out.intent = TextOrNone(given[kIntent], kIntent);
  out.session_id = TextOrNone(given[kSessionId], kSessionId);
  out.server = TextOrNone(given[kServer], kServer);
  return out;
}

Call CallArguments::ToCall() const {
  Call call;
  call.token = token;
  call.tool = tool;
  call.arguments = arguments.is_null() ? nullptr : &arguments;
  call.prompt = intent;
  call.session_id = session_id;
  call.server = server;
  return call;
}

}  // namespace intentgate::python
