// The arguments of the functions that judge a call, read without pybind11: they are the hot ones.
#pragma once

#include <Python.h>

#include <optional>
#include <string_view>

#include <intentgate/gate.h>

namespace intentgate::python {

// (tool, args=None, token="", *, intent="", session_id="", server="", approval_id="", wait_for_approval=None); None
// stands for "" and for no arguments.
// The texts are borrowed from the caller's objects, which outlive the call.
struct CallArguments {
  std::string_view tool, token, intent, session_id, server, approval_id;
  std::optional<double> wait_for_approval;   // seconds, not negative
  json::Value arguments;

  // Raises TypeError or ValueError.
  static CallArguments Read(PyObject* const* values, Py_ssize_t positional, PyObject* names);
  // Borrows from this.
  Call ToCall() const;
};

}  // namespace intentgate::python
