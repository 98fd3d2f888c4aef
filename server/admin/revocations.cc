#include "admin/resources.h"

#include "base/time_format.h"

namespace intentgate::admin {

Reply RevokeToken(const Resources& on, const Request& request) {
  const Result<json::Value> body = ReadBody(request, {"jti", "reason", "tenant"});
  if (!body.ok()) return Reply::FromError(body.error());
  const auto jti = TextMember(*body, "jti");
  const auto reason = TextMember(*body, "reason");
  const auto asked = TextMember(*body, "tenant");
  for (const auto* member : {&jti, &reason, &asked}) {
    if (!member->ok()) return Reply::FromError(member->error());
  }
  if (!*jti || (*jti)->empty()) return Reply::Error(400, "jti is required");
  const Result<std::string> tenant = TenantFor(request, asked->value_or(""));
  if (!tenant.ok()) return Reply::FromError(tenant.error());
  const Status done = on.gate->Revoke({*tenant, **jti, reason->value_or(""), request.who.actor()}, request.Context());
  if (!done.ok()) return Reply::FromError(done.error());
  return {200, json::MakeObject({{"ok", true}, {"jti", **jti}})};
}

Reply ListRevocations(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"limit", "offset", "tenant"}); !known.ok()) {
    return Reply::FromError(known.error());
  }
  const Result<std::int64_t> limit = IntegerParameter(request, "limit", 100, 1, 1000);
  const Result<std::int64_t> offset = IntegerParameter(request, "offset", 0, 0, 1'000'000'000);
  if (!limit.ok()) return Reply::FromError(limit.error());
  if (!offset.ok()) return Reply::FromError(offset.error());
  const Result<std::string> tenant = TenantFor(request, TextParameter(request, "tenant"));
  if (!tenant.ok()) return Reply::FromError(tenant.error());
  const auto rows = on.gate->Revocations(*tenant, static_cast<std::size_t>(*limit), static_cast<std::size_t>(*offset));
  if (!rows.ok()) return Reply::FromError(rows.error());
  json::Array list;
  for (const RevocationRow& row : *rows) {
    list.push_back(json::MakeObject({{"jti", row.id},
                                     {"revoked_at", base::FormatRfc3339Micros(row.revoked_at_micros)},
                                     {"reason", row.reason},
                                     {"tenant", row.tenant}}));
  }
  return {200, json::MakeObject({{"revocations", std::move(list)}, {"limit", *limit}, {"offset", *offset}})};
}

}  // namespace intentgate::admin
