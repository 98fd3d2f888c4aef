// The arguments of a function that the interpreter calls directly (METH_FASTCALL | METH_KEYWORDS), by parameter.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>
#include <string>

namespace intentgate::python {

// What was given for each of `names`; null where nothing was. The first `positional_most` can be given by position.
// Raises TypeError for one too many, an unknown name, one that is given twice, and a missing first one.
template <std::size_t kCount>
std::array<PyObject*, kCount> ReadArguments(const std::array<const char*, kCount>& names, Py_ssize_t positional_most,
                                            PyObject* const* values, Py_ssize_t positional, PyObject* keywords) {
  namespace py = pybind11;
  std::array<PyObject*, kCount> given{};
  if (positional > positional_most) {
    throw py::type_error("at most " + std::to_string(positional_most) + " arguments can be given by position, not " +
                         std::to_string(positional));
  }
  for (Py_ssize_t i = 0; i < positional; ++i) given[static_cast<std::size_t>(i)] = values[i];
  for (Py_ssize_t i = 0; keywords != nullptr && i < PyTuple_GET_SIZE(keywords); ++i) {
    PyObject* name = PyTuple_GET_ITEM(keywords, i);
    std::size_t index = 0;
    while (index < kCount && PyUnicode_CompareWithASCIIString(name, names[index]) != 0) ++index;
    if (index == kCount) {
      std::string known;
      for (const char* each : names) known += (known.empty() ? "" : ", ") + std::string(each);
      throw py::type_error("unexpected keyword argument " + std::string(py::repr(name)) + "; the arguments are " + known);
    }
    if (given[index] != nullptr) throw py::type_error(std::string("argument ") + names[index] + " is given twice");
    given[index] = values[positional + i];
  }
  if (given[0] == nullptr) throw py::type_error(std::string("the argument ") + names[0] + " is missing");
  return given;
}

}  // namespace intentgate::python
