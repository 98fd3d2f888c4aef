// What operators change: tokens, policies, holds. Tested by tests/unit/evidence/ocsf_test.cc and, against the
// published schema, by tests/run/suites/ocsf.sh.

#include <string>

#include "evidence/ocsf/classes.h"

namespace intentgate::evidence::ocsf {
namespace {

constexpr std::string_view kAdminPrefix = "admin/";
constexpr Choice kAdminUser{2, "Admin"};
constexpr Choice kSuccess{1, "Success"}, kInformational{1, "Informational"};
constexpr std::int64_t kPolicyType = 5;

json::Value Actor(const std::string& name) {
  json::Value user = json::MakeObject({{"name", name.empty() ? std::string("unknown") : name}});
  SetChoice(user, "type_id", "type", kAdminUser);
  return json::MakeObject({{"user", std::move(user)}});
}

json::Value Entity(SourceEvent& source, const Choice& type, const std::string& action) {
  json::Value entity = json::MakeObject({});
  SetChoice(entity, "type_id", "type", type);
  if (type.id == kPolicyType) {
    const std::string digest = source.Text("policy_sha256");
    if (!digest.empty()) {
      entity.Set("uid", digest);
      entity.Set("policy", json::MakeObject({{"uid", digest}, {"type", "rego"}, {"is_applied", true}}));
    }
  } else if (const std::string approval = source.Text("pending_id"); !approval.empty()) {
    entity.Set("uid", approval);
  } else if (const std::string token = source.Text("capability_token_id"); !token.empty()) {
    entity.Set("uid", token);
  }
  const std::string agent = source.Text("agent_id");
  entity.Set("name", agent.empty() ? action : agent);
  return entity;
}

}  // namespace

void RenderEntityManagement(SourceEvent& source, Draft& draft) {
  std::string action = source.Text("tool");
  if (action.starts_with(kAdminPrefix)) action.erase(0, kAdminPrefix.size());
  if (action.empty()) action = "unnamed";
  const AdminAction means = AdminActionOf(action);
  json::Value& event = draft.event;
  SetClass(kEntityManagement, means.activity, event);
  event.Set("actor", Actor(source.Text("actor")));
  event.Set("entity", Entity(source, means.entity_type, action));
  // The event is written when the action is done; `decision` says what it does to calls.
  SetChoice(event, "status_id", "status", kSuccess);
  SetChoice(event, "severity_id", "severity", kInformational);
  if (const std::string remote = source.Text("remote_ip"); !remote.empty()) event.Set("src_endpoint", Endpoint(remote));
  const std::string reason = source.Text("reason");
  event.Set("message", reason.empty() ? action : reason);
  if (!reason.empty()) event.Set("comment", reason);
}

}  // namespace intentgate::evidence::ocsf
