// What operators do: checkpoints, proofs, bundles, receipts, legal holds, erasure, pruning.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>

#include <intentgate/gate.h>

#include "gate_jobs.h"

namespace intentgate::node {

// (operation, requestJson) -> JSON, or plain text where an operation says so. The operations and their requests are
// the table in operations.cc; lib/evidence.js has checked a request's types.
std::optional<Job> OperationJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);

}  // namespace intentgate::node
