// Approvals: what a waiting call is, the person's answer, and the wait for it.
#pragma once

#include <pybind11/pybind11.h>

#include <intentgate/approval.h>

#include "gate_handle.h"

namespace intentgate::python {

// Adds the methods that libintentgate/approvals.py builds on.
void RegisterApprovals(GateType& type);

// A libintentgate.Approval.
pybind11::object ApprovalToPython(const Approval& approval);

}  // namespace intentgate::python
