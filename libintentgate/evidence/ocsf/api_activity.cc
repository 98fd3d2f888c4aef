// A tool call: its decision and its outcome. Tested by tests/unit/evidence/ocsf_test.cc and, against the published
// schema, by tests/run/suites/ocsf.sh.

#include <string>

#include "evidence/ocsf/classes.h"

namespace intentgate::evidence::ocsf {
namespace {

constexpr Choice kInvoke{kOther, "Invoke"};
constexpr Choice kRoleTool{3, "Tool"}, kRoleAgent{4, "Agent"};
constexpr Choice kUnknown{0, "Unknown"};

struct Caller {
  std::string agent, session, token, root;
};

json::Value Named(std::string_view uid) { return json::MakeObject({{"name", uid}, {"uid", uid}}); }

json::Value Actor(const Caller& caller, OcsfVersion version) {
  json::Value actor = json::MakeObject({});
  if (!caller.agent.empty()) {
    if (version == OcsfVersion::k1_8_0) {
      actor.Set("app_name", caller.agent);
      actor.Set("app_uid", caller.agent);
    } else {
      actor.Set("application", Named(caller.agent));
    }
  }
  if (!caller.session.empty() || !caller.token.empty()) {
    json::Value session = json::MakeObject({});
    if (!caller.session.empty()) session.Set("uid", caller.session);
    if (!caller.token.empty()) session.Set("credential_uid", caller.token);
    actor.Set("session", std::move(session));
  } else {
    // Nobody vouches for the caller.
    json::Value user = json::MakeObject({{"name", "unknown"}});
    SetChoice(user, "type_id", "type", kUnknown);
    actor.Set("user", std::move(user));
  }
  return actor;
}

// Who acts and under whose authority, as far as the version has words for it.
void SetAiOperation(const Caller& caller, bool outcome, OcsfVersion version, Draft& draft) {
  if (caller.agent.empty()) return;
  draft.profiles.emplace_back("ai_operation");
  json::Value context = json::MakeObject({{"application", Named(caller.agent)}});
  SetChoice(context, "ai_role_id", "ai_role", outcome ? kRoleTool : kRoleAgent);
  draft.event.Set("message_context", std::move(context));
  if (version == OcsfVersion::k1_8_0) return;
  json::Value agent = Named(caller.agent);
  if (!caller.session.empty()) agent.Set("instance_uid", caller.session);
  SetChoice(agent, "type_id", "type", kUnknown);
  draft.event.Set("ai_agent", std::move(agent));
  if (caller.token.empty()) return;
  json::Value delegation = json::MakeObject({{"uid", caller.token}});
  if (!caller.root.empty() && caller.root != caller.token) delegation.Set("parent_uid", caller.root);
  draft.event.Set("delegation", std::move(delegation));
}

void SetAnswer(const Answer& answer, json::Value& event) {
  SetChoice(event, "status_id", "status", answer.status);
  SetChoice(event, "severity_id", "severity", answer.severity);
  SetChoice(event, "action_id", "action", answer.action);
  SetChoice(event, "disposition_id", "disposition", answer.disposition);
  event.Set("is_alert", false);
}

json::Value Authorization(std::string_view decision, std::string_view type, std::string_view uid) {
  json::Value policy = json::MakeObject({{"type", type}});
  if (!uid.empty()) policy.Set("uid", uid);
  return json::MakeObject({{"decision", decision}, {"policy", std::move(policy)}});
}

// One entry for each check of which the event says what it answered.
void SetAuthorizations(const Caller& caller, const std::string& check, const std::string& decision,
                       const std::string& policy, json::Value& event) {
  json::Array list;
  if (decision == "allow") {
    if (!caller.token.empty()) list.push_back(Authorization("allow", "capability", caller.token));
    if (!policy.empty()) list.push_back(Authorization("allow", "rego", policy));
  } else if (check == "capability") {
    list.push_back(Authorization(decision, "capability", caller.token));
  } else if (check == "policy") {
    list.push_back(Authorization(decision, "rego", policy));
  } else if (!check.empty()) {
    list.push_back(Authorization(decision, check, ""));
  }
  if (!list.empty()) event.Set("authorizations", std::move(list));
  if (policy.empty()) return;
  event.Set("policy", json::MakeObject({{"uid", policy}, {"type", "rego"}, {"is_applied", true}}));
}

void SetDecision(SourceEvent& source, const Caller& caller, json::Value& event) {
  // In the gate's own words they stay under `unmapped`, where a search finds them.
  const std::string decision = source.Peek("decision"), check = source.Peek("check");
  const std::string code = source.Text("code");
  const std::string policy = source.Text("policy_sha256"), reason = source.Text("reason");
  SetAnswer(AnswerOfDecision({decision, check, code, !source.Peek("decided_by").empty(), !source.Peek("pending_id").empty()}),
            event);
  if (!code.empty()) event.Set("status_code", code);
  if (!reason.empty()) event.Set("status_detail", reason);
  event.Set("message", reason.empty() ? (decision.empty() ? std::string("decision") : decision) : reason);
  SetAuthorizations(caller, check, decision, policy, event);
}

void SetOutcome(SourceEvent& source, json::Value& event, json::Value& api) {
  const std::string outcome = source.Text("outcome");
  SetAnswer(AnswerOfOutcome(outcome), event);
  event.Set("status_code", outcome);
  event.Set("message", "the call ended: " + outcome);
  json::Value response = json::MakeObject({});
  if (const auto status = source.Integer("upstream_status")) {
    response.Set("code", *status);
    event.Set("http_response", json::MakeObject({{"code", *status}}));
  }
  if (outcome != "success") response.Set("error", outcome);
  if (!response.object().empty()) api.Set("response", std::move(response));
}

}  // namespace

void RenderApiActivity(SourceEvent& source, const OcsfOptions& options, Draft& draft) {
  const bool outcome = source.Peek("kind") == "outcome";
  const bool lineage = options.version != OcsfVersion::k1_8_0;
  const Caller caller{source.Text("agent_id"), source.Text("session_id"), source.Text("capability_token_id"),
                      lineage ? source.Text("root_capability_token_id") : ""};
  json::Value& event = draft.event;
  SetClass(kApiActivity, kInvoke, event);
  event.Set("actor", Actor(caller, options.version));
  event.Set("src_endpoint", Endpoint(source.Text("remote_ip")));

  const std::string method = source.Text("method"), decision_id = source.Text("decision_event_id");
  json::Value api = json::MakeObject({{"operation", method.empty() ? std::string("tools/call") : method}});
  const std::string request = outcome && !decision_id.empty() ? decision_id : source.Peek("event_id");
  api.Set("request", json::MakeObject({{"uid", request}}));
  if (!caller.token.empty()) {
    api.Set("token", json::MakeObject({{"uid", caller.token}, {"type_id", kOther}, {"type", "Capability"}}));
  }
  draft.profiles.emplace_back("security_control");
  if (outcome) {
    SetOutcome(source, event, api);
  } else {
    SetDecision(source, caller, event);
  }
  event.Set("api", std::move(api));
  if (const std::string tool = source.Text("tool"); !tool.empty()) {
    json::Value resource = Named(tool);
    resource.Set("type", "mcp.tool");
    event.Set("resources", json::Array{std::move(resource)});
  }
  if (const auto millis = source.Integer("latency_ms")) event.Set("duration", *millis);
  SetAiOperation(caller, outcome, options.version, draft);
}

}  // namespace intentgate::evidence::ocsf
