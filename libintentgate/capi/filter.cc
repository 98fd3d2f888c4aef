#include "capi/filter.h"

#include "capi/request.h"

namespace intentgate::capi {

Result<AuditFilter> ReadFilter(std::string_view json) {
  Request request(json,
                  {"tenant", "agent_id", "tool", "decision", "check", "code", "kind", "jti", "root_jti", "session_id", "event_id",
                   "actor", "from_micros", "to_micros", "from_seq", "to_seq"});
  AuditFilter filter;
  filter.tenant = request.Text("tenant");
  filter.agent_id = request.Text("agent_id");
  filter.tool = request.Text("tool");
  filter.decision = request.Text("decision");
  filter.check = request.Text("check");
  filter.code = request.Text("code");
  filter.kind = request.Text("kind");
  filter.jti = request.Text("jti");
  filter.root_jti = request.Text("root_jti");
  filter.session_id = request.Text("session_id");
  filter.event_id = request.Text("event_id");
  filter.actor = request.Text("actor");
  filter.from_micros = request.Integer("from_micros");
  filter.to_micros = request.Integer("to_micros");
  filter.from_seq = request.Integer("from_seq");
  filter.to_seq = request.Integer("to_seq");
  if (!request.status().ok()) return request.status().error();
  return filter;
}

}  // namespace intentgate::capi
