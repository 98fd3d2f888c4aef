// libintentgate.rego: modules that are parsed once, policies, and queries that are compiled once.
#pragma once

#include <pybind11/pybind11.h>

namespace intentgate::python {

// Adds EngineBase, RegoModuleBase, RegoPolicyBase and RegoQueryBase to the module. REQUIRES: RegisterPolicy, which adds CancelToken.
void RegisterRego(pybind11::module_& module);

}  // namespace intentgate::python
