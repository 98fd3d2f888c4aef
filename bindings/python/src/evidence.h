// Checkpoints, proofs, receipts, bundles and pruning; and checking bundles and proofs without a gate.
#pragma once

#include <pybind11/pybind11.h>

#include "gate_handle.h"

namespace intentgate::python {

// Adds the methods and functions that libintentgate/evidence.py builds on.
void RegisterEvidence(pybind11::module_& module, GateType& type);

}  // namespace intentgate::python
