// The native base of libintentgate.Gate.
#pragma once

#include <pybind11/pybind11.h>

namespace intentgate::python {

// Adds the type GateBase to the module.
void RegisterGate(pybind11::module_& module);

}  // namespace intentgate::python
