// libintentgate's Policy.partial: what is left of a query when a part of the input is known.
#pragma once

#include <pybind11/pybind11.h>

#include "policy.h"

namespace intentgate::python {

// `options` is the dict that policy.py makes: every option by its name. (queries, support, always, never, source, steps).
// Raises TypeError, which shows no values, ValueError, or IntentGateError.
pybind11::tuple Partial(const PolicyHandle& handle, pybind11::handle query, pybind11::handle input, pybind11::handle options,
                        pybind11::handle cancel);

}  // namespace intentgate::python
