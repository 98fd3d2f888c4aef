// Key rings and tokens.
#pragma once

#include <pybind11/pybind11.h>

namespace intentgate::python {

// Adds KeyRing, mint, attenuate, verify, check, explain, decode and describe_caveat to the module.
void RegisterTokens(pybind11::module_& module);

}  // namespace intentgate::python
