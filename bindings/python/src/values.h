// Python objects to JSON values and back, exactly.
#pragma once

#include <pybind11/pybind11.h>

#include <intentgate/json.h>

namespace intentgate::python {

// Exact types only: None, bool, int of any size, finite float, str without lone surrogates, list or tuple,
// dict with str keys. Anything else, deeper than 128, or a cycle raises TypeError or ValueError and says where.
// The result is a snapshot: later changes to the object do not reach it.
json::Value FromPython(pybind11::handle object);

// Integers of any size become int, other numbers float.
pybind11::object ToPython(const json::Value& value);

}  // namespace intentgate::python
