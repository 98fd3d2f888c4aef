// Approvals for JavaScript: rows as JSON, and who waits for one.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

#include <intentgate/approval.h>

#include "gate_jobs.h"

namespace intentgate::node {

// An approval as JSON by the names of lib/index.d.ts; `args` as the exact text. Times that are not there are left out.
Result<std::string> ApprovalJson(const Result<Approval>& approval);

// (tenant, state or "", agentId, tool, rootJti, after) -> {approvals, next}
std::optional<Job> ListApprovalsJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);
// (tenant, id) -> approval
std::optional<Job> GetApprovalJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);
// (tenant, id, approve, note, claimedBy, actor) -> approval
std::optional<Job> DecideApprovalJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate);

// One JavaScript promise of an approval. Made, settled and forgotten on the JavaScript thread; the gate's thread only
// fills in the answer before it posts.
struct ApprovalWait {
  napi_deferred deferred = nullptr;
  std::uint64_t gate_wait = 0;
  Result<std::string> answer = std::string();
};

}  // namespace intentgate::node
