#include <limits>

#include "admin/resources.h"
#include "base/time_format.h"

namespace intentgate::admin {
namespace {

json::Value Shown(const LegalHold& hold) {
  json::Value out = json::MakeObject({{"tenant", hold.tenant},
                                      {"id", hold.id},
                                      {"reason", hold.reason},
                                      {"placed_by", hold.placed_by},
                                      {"placed_at", base::FormatRfc3339Micros(hold.placed_at_micros)}});
  const LegalHold everything;
  if (hold.from_micros != everything.from_micros) out.Set("from", base::FormatRfc3339Micros(hold.from_micros));
  if (hold.to_micros != everything.to_micros) out.Set("to", base::FormatRfc3339Micros(hold.to_micros));
  return out;
}

// The texts of a body that has no other members; an absent one is "".
Result<std::map<std::string, std::string>> ReadTexts(const Request& request, std::initializer_list<std::string_view> names) {
  const Result<json::Value> body = ReadBody(request, names);
  if (!body.ok()) return body.error();
  std::map<std::string, std::string> out;
  for (const std::string_view name : names) {
    const auto member = TextMember(*body, name);
    if (!member.ok()) return member.error();
    out[std::string(name)] = member->value_or("");
  }
  return out;
}

Reply TenantMissing() { return Reply::Error(400, "tenant is required"); }

}  // namespace

Reply EraseValues(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"from", "to", "tenant", "agent_id", "tool", "decision", "check", "jti",
                                               "event_id", "elevation_id", "kind", "root_jti", "session_id", "code",
                                               "actor"});
      !known.ok()) {
    return Reply::FromError(known.error());
  }
  Result<AuditFilter> filter = ReadFilter(request);
  if (!filter.ok()) return Reply::FromError(filter.error());
  if (filter->tenant.empty()) return TenantMissing();
  const Result<json::Value> body = ReadBody(request, {"reason", "dry_run"});
  if (!body.ok()) return Reply::FromError(body.error());
  const auto reason = TextMember(*body, "reason");
  const auto dry_run = BoolMember(*body, "dry_run");
  if (!reason.ok()) return Reply::FromError(reason.error());
  if (!dry_run.ok()) return Reply::FromError(dry_run.error());
  EraseRequest wanted{std::move(*filter), reason->value_or(""), dry_run->value_or(false)};
  const Result<EraseReport> report = on.gate->EraseValues(wanted, request.Context());
  if (!report.ok()) return Reply::FromError(report.error());
  return {200, json::MakeObject({{"dry_run", wanted.dry_run}, {"events", report->events}, {"values", report->values},
                                {"approvals", report->approvals}})};
}

// The superadmin's, as lifting a hold is.
Reply PruneEvents(const Resources& on, const Request& request) {
  const Result<json::Value> body = ReadBody(request, {"tenant", "before", "reason", "dry_run"});
  if (!body.ok()) return Reply::FromError(body.error());
  const auto tenant = TextMember(*body, "tenant"), before = TextMember(*body, "before"), reason = TextMember(*body, "reason");
  const auto dry_run = BoolMember(*body, "dry_run");
  for (const auto* member : {&tenant, &before, &reason}) {
    if (!member->ok()) return Reply::FromError(member->error());
  }
  if (!dry_run.ok()) return Reply::FromError(dry_run.error());
  if (!request.who.is_superadmin()) return Reply::Error(403, "only the superadmin prunes");
  if (tenant->value_or("").empty()) return TenantMissing();
  const auto time = ReadTime("before", before->value_or(""));
  if (!time.ok()) return Reply::FromError(time.error());
  if (!*time) return Reply::Error(400, "before is required");
  if (on.gate->evidence() == nullptr) return Reply::Error(404, "this gateway's store cannot prune");
  const PruneRequest wanted{**tenant, **time, reason->value_or(""), dry_run->value_or(false)};
  const Result<PruneReport> report = on.gate->evidence()->Prune(wanted, request.Context());
  if (!report.ok()) return Reply::FromError(report.error());
  json::Value answer = json::MakeObject({{"dry_run", wanted.dry_run},
                                         {"first_seq", report->first_seq},
                                         {"next_first_seq", report->next_first_seq},
                                         {"resumed", report->resumed}});
  if (!report->archive_sha256.empty()) answer.Set("archive_sha256", report->archive_sha256);
  return {200, std::move(answer)};
}

Reply ListHolds(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"tenant"}); !known.ok()) return Reply::FromError(known.error());
  const Result<std::string> tenant = TenantFor(request, TextParameter(request, "tenant"));
  if (!tenant.ok()) return Reply::FromError(tenant.error());
  const Result<std::vector<LegalHold>> holds = on.gate->Holds(*tenant);
  if (!holds.ok()) return Reply::FromError(holds.error());
  json::Array list;
  for (const LegalHold& hold : *holds) list.push_back(Shown(hold));
  return {200, json::MakeObject({{"holds", std::move(list)}})};
}

Reply PlaceHold(const Resources& on, const Request& request) {
  auto texts = ReadTexts(request, {"tenant", "id", "reason", "from", "to"});
  if (!texts.ok()) return Reply::FromError(texts.error());
  const Result<std::string> tenant = TenantFor(request, (*texts)["tenant"]);
  const auto from = ReadTime("from", (*texts)["from"]);
  const auto to = ReadTime("to", (*texts)["to"]);
  if (!tenant.ok()) return Reply::FromError(tenant.error());
  if (!from.ok()) return Reply::FromError(from.error());
  if (!to.ok()) return Reply::FromError(to.error());
  if (tenant->empty()) return TenantMissing();
  LegalHold hold;
  hold.tenant = *tenant;
  hold.id = (*texts)["id"];
  hold.reason = (*texts)["reason"];
  if (*from) hold.from_micros = **from;
  if (*to) hold.to_micros = **to;
  const Status placed = on.gate->PlaceHold(hold, request.Context());
  if (!placed.ok()) return Reply::FromError(placed.error());
  return {200, json::MakeObject({{"ok", true}, {"tenant", hold.tenant}, {"id", hold.id}})};
}

// The superadmin's: a tenant could otherwise free what it is bound to keep.
Reply LiftHold(const Resources& on, const Request& request) {
  auto texts = ReadTexts(request, {"tenant", "id", "reason"});
  if (!texts.ok()) return Reply::FromError(texts.error());
  if (!request.who.is_superadmin()) return Reply::Error(403, "only the superadmin lifts a legal hold");
  if ((*texts)["tenant"].empty()) return TenantMissing();
  const Status lifted = on.gate->LiftHold((*texts)["tenant"], (*texts)["id"], (*texts)["reason"], request.Context());
  if (!lifted.ok()) return Reply::FromError(lifted.error());
  return {200, json::MakeObject({{"ok", true}, {"tenant", (*texts)["tenant"]}, {"id", (*texts)["id"]}})};
}

}  // namespace intentgate::admin
