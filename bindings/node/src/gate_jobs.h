// What a gate does for JavaScript besides deciding: each either at once or as a promise.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>

#include <intentgate/gate.h>

#include "promised.h"

namespace intentgate::node {

// Reads the arguments and leaves the doing to the job; empty with a JavaScript error pending.
using MakeJob = std::optional<Job> (*)(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);

std::optional<Job> ExplainJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);      // as authorize -> decision
std::optional<Job> RevokeJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);       // (id, tenant, reason, actor)
std::optional<Job> SetPolicyJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);    // (policy, actor)
std::optional<Job> FlushJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);        // ()
std::optional<Job> VerifyAuditJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);  // (tenant) -> report
std::optional<Job> ExportAuditJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);  // (path, tenant, format)

}  // namespace intentgate::node
