// libintentgate.Decision: a C++ Decision behind attributes that are made when they are read.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include <intentgate/gate.h>

namespace intentgate::python {

// What a Decision object holds. `arguments` is the snapshot that was judged; null: the call had none.
struct Decided {
  Decision decision;
  json::Value arguments;
};

// Adds the types Decision and TraceStep to the module; once, before any other function here.
void RegisterDecision(pybind11::module_& module);

// A new Decision object; null with an exception set when there is no memory.
PyObject* NewDecision(Decided decided);

// The Decision inside; raises TypeError for another object.
const Decision& DecisionOf(pybind11::handle object);

}  // namespace intentgate::python
