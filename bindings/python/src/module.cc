// The native half of the Python package. libintentgate/__init__.py gives it its public shape and _native.pyi its
// types.

#include <pybind11/pybind11.h>

#include "completions.h"
#include "decision.h"
#include "gate.h"
#include "policy.h"
#include "tokens.h"
#include "waiting.h"

PYBIND11_MODULE(_native, module) {
  using namespace intentgate::python;
  WatchForks();
  RegisterDecision(module);
  RegisterCompletions(module);
  RegisterTokens(module);
  RegisterPolicy(module);
  RegisterGate(module);
}
