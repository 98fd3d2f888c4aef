#include "call_arguments.h"

#include <array>
#include <string>
#include <string_view>

#include "arguments.h"
#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

enum Parameter : std::size_t { kTool, kArgs, kToken, kIntent, kSessionId, kServer, kApprovalId, kWait, kParameters };
constexpr std::array<const char*, kParameters> kNames = {"tool",       "args",   "token",       "intent",
                                                           "session_id", "server", "approval_id", "wait_for_approval"};
constexpr Py_ssize_t kPositional = 3;

std::string_view TextOrNone(PyObject* object, std::size_t parameter) {
  return object == nullptr || object == Py_None ? std::string_view() : TextOf(object, kNames[parameter]);
}

// Any number that is not negative; infinity too.
double Seconds(PyObject* object) {
  const bool is_number = (PyLong_Check(object) && !PyBool_Check(object)) || PyFloat_Check(object);
  if (!is_number) throw py::type_error(std::string("wait_for_approval must be seconds or None, not a ") + Py_TYPE(object)->tp_name);
  const double seconds = PyFloat_AsDouble(object);
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  if (!(seconds >= 0)) throw py::value_error("wait_for_approval must be seconds, at least 0");
  return seconds;
}

}  // namespace

CallArguments CallArguments::Read(PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  const std::array<PyObject*, kParameters> given = ReadArguments(kNames, kPositional, values, positional, names);
  CallArguments out;
  out.tool = TextOf(given[kTool], "tool");
  if (given[kArgs] != nullptr) out.arguments = ObjectFromPython(given[kArgs], "args");
  out.token = TextOrNone(given[kToken], kToken);
  out.intent = TextOrNone(given[kIntent], kIntent);
  out.session_id = TextOrNone(given[kSessionId], kSessionId);
  out.server = TextOrNone(given[kServer], kServer);
  out.approval_id = TextOrNone(given[kApprovalId], kApprovalId);
  if (given[kWait] != nullptr && given[kWait] != Py_None) out.wait_for_approval = Seconds(given[kWait]);
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
  call.approval_id = approval_id;
  return call;
}

}  // namespace intentgate::python
