// The admin API's resources, one file each. Every function may block and runs on a worker.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <intentgate/evidence.h>
#include <intentgate/gate.h>

#include "admin/access.h"
#include "admin/pins.h"
#include "admin/request.h"
#include "http/exchange.h"

namespace intentgate::admin {

// What all resources work on. The gate is the only way to keys, stores and the chain.
struct Resources {
  std::shared_ptr<Gate> gate;
  std::shared_ptr<const Access> access;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Pins> pins = nullptr;
};

Reply MintToken(const Resources& on, const Request& request);         // POST /v1/admin/mint
Reply RevokeToken(const Resources& on, const Request& request);       // POST /v1/admin/revoke
Reply ListRevocations(const Resources& on, const Request& request);   // GET  /v1/admin/revocations
Reply ListTenants(const Resources& on, const Request& request);       // GET  /v1/admin/tenants
Reply QueryAudit(const Resources& on, const Request& request);        // GET  /v1/admin/audit
Reply ListApprovals(const Resources& on, const Request& request);     // GET  /v1/admin/approvals
Reply GetApproval(const Resources& on, const Request& request);       // GET  /v1/admin/approvals/{id}
Reply DecideApproval(const Resources& on, const Request& request);    // POST /v1/admin/approvals/{id}/decide
Reply VerifyAudit(const Resources& on, const Request& request);       // GET  /v1/admin/audit/verify
Reply EraseValues(const Resources& on, const Request& request);       // POST /v1/admin/audit/erase
Reply PruneEvents(const Resources& on, const Request& request);       // POST /v1/admin/audit/prune
Reply ListHolds(const Resources& on, const Request& request);         // GET  /v1/admin/audit/holds
Reply PlaceHold(const Resources& on, const Request& request);         // POST /v1/admin/audit/holds
Reply LiftHold(const Resources& on, const Request& request);          // POST /v1/admin/audit/holds/lift
Reply ListPins(const Resources& on, const Request& request);          // GET  /v1/admin/pins
Reply AcceptPins(const Resources& on, const Request& request);        // POST /v1/admin/pins/accept
Reply AuditFreshness(const Resources& on, const Request& request);    // GET  /v1/admin/audit/freshness
Reply AuditCheckpoint(const Resources& on, const Request& request);   // GET  /v1/admin/audit/checkpoint
Reply AuditProof(const Resources& on, const Request& request);        // GET  /v1/admin/audit/proof

// What a streamed answer will be. `write` runs on the worker.
struct StreamPlan {
  std::string file_name, content_type;
  std::function<Status(const ExportSink& sink)> write;
};
Result<StreamPlan> PlanExport(const Resources& on, const Request& request);   // GET /v1/admin/audit/export
Result<StreamPlan> PlanBundle(const Resources& on, const Request& request);   // GET /v1/admin/audit/bundle

// The filter of a query or an export, with the tenant that the operator may see.
Result<AuditFilter> ReadFilter(const Request& request);
// Empty text: none. kInvalidArgument names the parameter.
Result<std::optional<std::int64_t>> ReadTime(const std::string& name, const std::string& text);

}  // namespace intentgate::admin
