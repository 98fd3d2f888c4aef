#include "call_arguments.h"

#include <array>
#include <string_view>

#include "arguments.h"
#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

enum Parameter : std::size_t { kTool, kArgs, kToken, kIntent, kSessionId, kServer, kParameters };
constexpr std::array<const char*, kParameters> kNames = {"tool", "args", "token", "intent", "session_id", "server"};
constexpr Py_ssize_t kPositional = 3;

std::string_view TextOrNone(PyObject* object, std::size_t parameter) {
  return object == nullptr || object == Py_None ? std::string_view() : TextOf(object, kNames[parameter]);
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
