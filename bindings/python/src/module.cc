// The native half of the Python package. libintentgate/__init__.py gives it its public shape and _native.pyi its
// types.

#include <pybind11/pybind11.h>

#include "completions.h"
#include "decision.h"
#include "gate.h"
#include "policy.h"
#include "rego.h"
#include "tokens.h"
#include "waiting.h"

// pybind11 keeps the state of the interpreter that loads the first module of its kind, so a subinterpreter has to be turned
// away before it runs: its own entry gets another name, and ours is called by CPython.
#define PyInit__native InitOfPybind11
PYBIND11_MODULE(_native, module) {
  using namespace intentgate::python;
  WatchForks();
  RegisterDecision(module);
  RegisterCompletions(module);
  RegisterTokens(module);
  RegisterPolicy(module);
  RegisterRego(module);
  RegisterGate(module);
  module.def("in_main_interpreter", [] { return PyInterpreterState_Get() == PyInterpreterState_Main(); });
}
#undef PyInit__native

extern "C" PYBIND11_EXPORT PyObject* PyInit__native() {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return InitOfPybind11();
  PyErr_SetString(PyExc_ImportError, "libintentgate cannot be loaded by a subinterpreter; import it in the main one");
  return nullptr;
}
