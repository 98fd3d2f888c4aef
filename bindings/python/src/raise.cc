#include "raise.h"

#include <optional>
#include <string>

namespace py = pybind11;

namespace intentgate::python {
namespace {

[[noreturn]] void RaiseInstance(const py::object& type, const py::object& instance) {
  PyErr_SetObject(type.ptr(), instance.ptr());
  throw py::error_already_set();
}

py::object ErrorClass(const char* name) { return py::module_::import("libintentgate.errors").attr(name); }

py::object IndexOrNone(const std::optional<std::size_t>& index) {
  return index ? py::object(py::int_(*index)) : py::object(py::none());
}

}  // namespace

py::object ExceptionOf(const Error& error) {
  return ErrorClass("IntentGateError")(std::string(ErrorCodeName(error.code)), error.message);
}

void Raise(const Error& error) { RaiseInstance(ErrorClass("IntentGateError"), ExceptionOf(error)); }

void Raise(const TokenRefusal& refusal) {
  const py::object type = ErrorClass("TokenRefused");
  RaiseInstance(type, type(std::string(ReasonName(refusal.reason)), refusal.message, IndexOrNone(refusal.caveat_index),
                           IndexOrNone(refusal.hop)));
}

}  // namespace intentgate::python
