// A token's content as a dict.
#pragma once

#include <pybind11/pybind11.h>

#include <intentgate/token.h>

namespace intentgate::python {

// Makes the names of the members; once, when the module is loaded.
void RegisterContent();

// As ToPython(content.ToJson()), without the JSON value in between.
pybind11::object ContentToPython(const TokenContent& content);

}  // namespace intentgate::python
