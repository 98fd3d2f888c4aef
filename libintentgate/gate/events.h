// From what happened to the events of the chain.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/audit.h>
#include <intentgate/settings.h>

#include "gate/judged.h"

namespace intentgate::gate {

// The values of arguments that an event may carry.
std::optional<json::Value> Redacted(const json::Value* arguments, ArgRedaction redaction);

// The event of a decision. Its event id is that of `decision`.
AuditEvent DecisionEvent(const Call& call, const Judged& judged, const Decision& decision, ArgRedaction redaction);
// What became of an allowed call.
AuditEvent OutcomeEvent(const Decision& decision, const Outcome& outcome);
// A person has answered an approval, or its time is over. `actor` of `admin` is who did it.
AuditEvent ApprovalEvent(const Approval& approval, const AdminContext& admin);
// `what` is the effect that an unrecorded event leaves.
Error NotRecorded(const std::string& what, const Error& cause);
AuditEvent ToolAcceptedEvent(const ToolAcceptance& acceptance, const AdminContext& admin);
// `action` is the tool's name in the chain: "admin/mint".
AuditEvent AdminEvent(std::string_view action, std::string_view tenant, const AdminContext& admin);

}  // namespace intentgate::gate
