// The library's errors as Python exceptions, and C++ exceptions stopped at the edge.
#pragma once

#include <pybind11/pybind11.h>

#include <new>
#include <utility>

#include <intentgate/result.h>
#include <intentgate/token.h>

namespace intentgate::python {

// Raise libintentgate.errors.IntentGateError and TokenRefused.
[[noreturn]] void Raise(const Error& error);
[[noreturn]] void Raise(const TokenRefusal& refusal);

// An IntentGateError that is not raised.
pybind11::object ExceptionOf(const Error& error);

template <typename T>
T Take(Result<T> result) {
  if (!result.ok()) Raise(result.error());
  return std::move(*result);
}

inline void Take(const Status& status) {
  if (!status.ok()) Raise(status.error());
}

// Runs the body of a function that the interpreter calls directly. Nothing but the end of the thread
// (WithoutGil) passes it.
template <typename Work>
PyObject* AtEdge(Work work) {
  try {
    return work();
  } catch (pybind11::error_already_set& error) {
    error.restore();
  } catch (const pybind11::builtin_exception& error) {
    error.set_error();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

}  // namespace intentgate::python
