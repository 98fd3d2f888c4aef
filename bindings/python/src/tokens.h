// Key rings and tokens.
#pragma once

#include <pybind11/pybind11.h>

#include <intentgate/keys.h>

namespace intentgate::python {

// The ring that the object is. Raises TypeError, which does not show what it is instead: that may be a key's text.
const KeyRing& RingOf(pybind11::handle object);

// Adds KeyRing, mint, attenuate, verify, check, explain, decode and describe_caveat to the module.
void RegisterTokens(pybind11::module_& module);

}  // namespace intentgate::python
