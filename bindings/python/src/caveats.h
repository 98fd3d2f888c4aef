// Caveats from their Python form.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include <intentgate/caveat.h>

namespace intentgate::python {

// REQUIRES: before the first call of CaveatsFrom.
void RegisterCaveats();
// A list or tuple of dicts as the builders in caveats.py make them. Raises TypeError, ValueError or IntentGateError.
std::vector<Caveat> CaveatsFrom(pybind11::handle list);

}  // namespace intentgate::python
