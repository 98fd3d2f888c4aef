#include "gate/events.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::gate {
namespace {

// Free text from outside is cut to this in an event.
constexpr std::size_t kMaxTextBytes = 1'024;

std::string Cut(std::string_view text) { return std::string(text.substr(0, kMaxTextBytes)); }

// Texts become null; what is inside arrays and objects is treated likewise. Member names stay. The
// depth is bounded by that of what the reader accepts.
json::Value Scalars(const json::Value& value) {
  if (value.is_string()) return nullptr;
  if (value.is_array()) {
    json::Array out;
    for (const json::Value& item : value.array()) out.push_back(Scalars(item));
    return out;
  }
  if (value.is_object()) {
    json::Object out;
    for (const json::Member& member : value.object()) out.push_back({member.name, Scalars(member.value)});
    return out;
  }
  return value;
}

void AddArguments(const json::Value& arguments, ArgRedaction redaction, bool stranger, AuditEvent& event) {
  event.args_sha256 = base::HexEncode(crypto::Sha256(base::AsBytes(json::WriteSortedExact(arguments))));
  // Whoever can reach the gate could fill the store with names.
  if (stranger) return;
  for (const json::Member& member : arguments.object()) event.arg_keys.push_back(member.name);
  std::sort(event.arg_keys.begin(), event.arg_keys.end());
  event.arg_values = Redacted(&arguments, redaction);
}

void AddToken(const TokenContent& token, AuditEvent& event) {
  event.capability_token_id = token.jti;
  event.root_capability_token_id = token.root_jti;
  event.caveat_count = static_cast<std::int64_t>(token.caveats.size());
}

// Through whose hands the token went: the ids and labels of its hops, the root's first.
json::Value Delegation(const std::vector<Hop>& hops) {
  json::Array out;
  out.reserve(hops.size());
  for (const Hop& hop : hops) {
    json::Object entry{{"id", hop.id}};
    if (!hop.label.empty()) entry.push_back({"label", hop.label});
    out.emplace_back(std::move(entry));
  }
  return json::Value(std::move(out));
}

std::string_view StepName(ApprovalStep step) {
  switch (step) {
    case ApprovalStep::kNone: return "";
    case ApprovalStep::kRequested: return "requested";
    case ApprovalStep::kPending: return "pending";
    case ApprovalStep::kNamed: return "named";
    case ApprovalStep::kUsed: return "used";
  }
  return "";
}

// Who answered stands where the answer decided the call.
void AddApproval(const Call& call, const Judged& judged, const Decision& decision, AuditEvent& event) {
  const std::string_view step = StepName(judged.approval_step);
  if (judged.approval) {
    event.pending_id = judged.approval->row.id;
    const bool decided = judged.approval_step == ApprovalStep::kUsed || decision.code == Reason::kApprovalRejected;
    if (decided) event.decided_by = judged.approval->row.decided_by;
    if (event.details.is_null()) event.details = json::Value(json::Object{});
    event.details.Set("approval", step);
  } else if (!call.approval_id.empty()) {
    // Of the caller's making: whose it is, if anybody's, is not known.
    if (event.details.is_null()) event.details = json::Value(json::Object{});
    event.details.Set("approval_named", call.approval_id.substr(0, kMaxApprovalIdBytes));
  }
}

// Who vouches for a caller that has no token of the gate's own.
void AddIssuer(const TokenContent& token, json::Value& details) {
  details.Set("issuer", Cut(token.issuer));
  if (!token.client.empty()) details.Set("client", Cut(token.client));
}

// What operators should know and the agent need not.
void AddDetails(const Judged& judged, AuditEvent& event) {
  const bool foreign = judged.token && judged.token->token.content().format == TokenFormat::kForeign;
  const bool delegated = judged.token && !foreign && judged.token->token.content().hops.size() > 1;
  if (!foreign && !delegated && judged.intent_problem.empty() && judged.policy_detail.empty()) return;
  event.details = json::Value(json::Object{});
  if (foreign) AddIssuer(judged.token->token.content(), event.details);
  if (delegated) event.details.Set("delegation", Delegation(judged.token->token.content().hops));
  if (!judged.intent_problem.empty()) event.details.Set("intent_not_checked", Cut(judged.intent_problem));
  if (!judged.policy_detail.empty()) event.details.Set("policy_error", Cut(judged.policy_detail));
}

}  // namespace

std::optional<json::Value> Redacted(const json::Value* arguments, ArgRedaction redaction) {
  if (arguments == nullptr || redaction == ArgRedaction::kOff) return std::nullopt;
  return redaction == ArgRedaction::kRaw ? *arguments : Scalars(*arguments);
}

AuditEvent DecisionEvent(const Call& call, const Judged& judged, const Decision& decision, ArgRedaction redaction) {
  AuditEvent event;
  event.kind = EventKind::kDecision;
  event.event_id = decision.event_id;
  event.tenant = judged.tenant;
  event.decision = VerdictName(decision.verdict);
  event.check = decision.check;
  event.reason_code = decision.code;
  event.reason = Cut(decision.reason);
  event.method = Cut(call.method);
  event.tool = Cut(call.tool);
  event.agent_id = judged.agent_id;
  event.session_id = Cut(call.session_id);
  const bool stranger = !judged.token && decision.check == Check::kCapability;
  if (call.arguments != nullptr && call.arguments->is_object()) AddArguments(*call.arguments, redaction, stranger, event);
  if (judged.token) AddToken(judged.token->token.content(), event);
  if (judged.refused_caveat) event.refused_caveat = static_cast<std::int64_t>(*judged.refused_caveat);
  if (judged.intent) event.intent_summary = Cut(judged.intent->summary);
  if (judged.policy) event.policy_sha256 = judged.policy->Digest();
  event.requires_step_up = judged.requires_step_up;
  event.latency_us = decision.latency_us;
  event.remote_ip = Cut(call.remote_ip);
  AddDetails(judged, event);
  AddApproval(call, judged, decision, event);
  for (const budget::Taken& taken : judged.taken) event.charges.push_back({taken.counter, taken.bucket, taken.amount});
  return event;
}

AuditEvent OutcomeEvent(const Decision& decision, const Outcome& outcome) {
  AuditEvent event;
  event.kind = EventKind::kOutcome;
  event.tenant = decision.tenant;
  event.agent_id = decision.agent_id;
  event.capability_token_id = decision.jti;
  event.root_capability_token_id = decision.root_jti;
  event.decision_event_id = decision.event_id;
  event.outcome = Cut(outcome.outcome);
  event.upstream_status = outcome.upstream_status;
  event.latency_us = outcome.latency_us;
  event.result_bytes = outcome.result_bytes;
  event.result_sha256 = Cut(outcome.result_sha256);
  return event;
}

AuditEvent ApprovalEvent(const Approval& approval, const AdminContext& admin) {
  const bool approved = approval.state == ApprovalState::kApproved;
  const bool rejected = approval.state == ApprovalState::kRejected;
  AuditEvent event = AdminEvent(approved ? "admin/approve" : rejected ? "admin/reject" : "admin/expire", approval.tenant, admin);
  event.reason = approved ? "call approved" : rejected ? "call rejected" : "nobody answered in time, or the approved call did not come";
  if (!approved) {
    event.decision = "block";
    event.check = Check::kPolicy;
    event.reason_code = rejected ? Reason::kApprovalRejected : Reason::kApprovalExpired;
  }
  event.pending_id = approval.id;
  if (approved || rejected) event.decided_by = approval.decided_by;
  event.agent_id = approval.agent_id;
  event.capability_token_id = approval.jti;
  event.root_capability_token_id = approval.root_jti;
  event.args_sha256 = approval.args_sha256;
  event.method = Cut(approval.method);
  event.requires_step_up = approval.requires_step_up;
  event.details = json::MakeObject({{"tool", Cut(approval.tool)}, {"server", Cut(approval.server)}});
  if (!approval.note.empty()) event.details.Set("note", Cut(approval.note));
  if (!approval.claimed_by.empty()) event.details.Set("claimed_by", Cut(approval.claimed_by));
  return event;
}

AuditEvent ToolAcceptedEvent(const ToolAcceptance& acceptance, const AdminContext& admin) {
  AuditEvent event = AdminEvent("admin/accept_tool", "", admin);
  event.reason = "definition of a tool accepted";
  json::Array before;
  for (const std::string& digest : acceptance.before) before.emplace_back(Cut(digest));
  event.details = json::MakeObject({{"tool", Cut(acceptance.tool)}, {"server", Cut(acceptance.server)}, {"sha256", Cut(acceptance.sha256)},
                                    {"before", std::move(before)}, {"kept", acceptance.kept}});
  return event;
}

Error NotRecorded(const std::string& what, const Error& cause) {
  return {ErrorCode::kUnavailable, what + ": the audit event could not be recorded: " + cause.message};
}

AuditEvent AdminEvent(std::string_view action, std::string_view tenant, const AdminContext& admin) {
  AuditEvent event;
  event.kind = EventKind::kAdmin;
  event.tenant = tenant;
  event.tool = action;
  event.decision = "allow";
  event.actor = Cut(admin.actor);
  event.remote_ip = Cut(admin.remote_ip);
  event.elevation_id = Cut(admin.elevation_id);
  return event;
}

}  // namespace intentgate::gate
