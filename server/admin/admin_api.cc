#include "admin/admin_api.h"

#include <utility>

#include "admin/stream.h"
#include "telemetry/metered.h"

namespace intentgate::admin {
namespace {

using ExchangePtr = std::shared_ptr<http::Exchange>;
using Resource = Reply (*)(const Resources&, const Request&);

void SendReply(http::Exchange& exchange, const Reply& reply) {
  exchange.Send(reply.status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                json::Write(reply.body));
}

// Says no on the loop, before any work: token, size, query.
std::optional<Request> Admit(const AdminDeps& deps, http::Exchange& exchange) {
  const http::RequestHead& head = exchange.request();
  const std::optional<Operator> who = deps.resources.access->Authenticate(head.headers);
  if (!who) {
    deps.metrics->AdminRefused();
    deps.log->Warn("admin request without a valid token", {{"path", head.path()}, {"remote", exchange.remote_address()}});
    exchange.Send(401, {{"Content-Type", "application/json"}, {"WWW-Authenticate", "Bearer realm=\"intentgate-admin\""}},
                  R"({"error":"missing or invalid admin token"})");
    return std::nullopt;
  }
  if (exchange.body().size() > kMaxAdminBodyBytes) {
    SendReply(exchange, Reply::Error(413, "the body is larger than 64 KiB"));
    return std::nullopt;
  }
  Result<std::map<std::string, std::string>> query = ParseQuery(head.query());
  const std::string_view elevation = head.headers.Get("X-IntentGate-Elevation-Id").value_or("");
  if (!query.ok() || elevation.size() > kMaxElevationIdBytes) {
    SendReply(exchange, query.ok() ? Reply::Error(400, "X-IntentGate-Elevation-Id is longer than 128 bytes")
                                   : Reply::FromError(query.error()));
    return std::nullopt;
  }
  return Request{*who, std::move(*query), std::string(exchange.body()), exchange.remote_address(), std::string(elevation),
                 std::string(exchange.param("id"))};
}

void Queue(Workers& workers, const ExchangePtr& exchange, std::function<void()> job) {
  if (!workers.Run(std::move(job))) SendReply(*exchange, Reply::Error(503, "too much admin work is waiting"));
}

void AddResource(http::Router& router, const AdminDeps& deps, std::string_view method, std::string_view path,
                 Resource resource, std::shared_ptr<Workers> workers) {
  telemetry::AddMetered(router, deps.metrics, method, path, [deps, resource, workers](ExchangePtr exchange) {
    std::optional<Request> request = Admit(deps, *exchange);
    if (!request) return;
    Queue(*workers, exchange, [deps, resource, exchange, request = std::move(*request), &loop = exchange->loop()] {
      const Reply reply = resource(deps.resources, request);
      if (reply.status >= 500) deps.log->Error("admin request failed", {{"status", reply.status}});
      loop.Post([exchange, reply] { SendReply(*exchange, reply); });
    });
  });
}

void AddStream(http::Router& router, const AdminDeps& deps, std::string_view path, Planner planner) {
  telemetry::AddMetered(router, deps.metrics, "GET", path, [deps, planner](ExchangePtr exchange) {
    std::optional<Request> request = Admit(deps, *exchange);
    if (!request) return;
    Queue(*deps.exporters, exchange, [deps, planner, exchange, request = std::move(*request), &loop = exchange->loop()] {
      StreamAnswer(planner, deps.resources, request, exchange, loop, *deps.log);
    });
  });
}

void AddHealth(http::Router& router, const AdminDeps& deps) {
  telemetry::AddMetered(router, deps.metrics, "GET", "/healthz", [deps](const ExchangePtr& exchange) {
    SendReply(*exchange, {200, json::MakeObject({{"status", "ok"}, {"version", deps.version}})});
  });
  telemetry::AddMetered(router, deps.metrics, "GET", "/readyz", [deps](const ExchangePtr& exchange) {
    const GateHealth health = deps.resources.gate->Health();
    if (health.ready) return SendReply(*exchange, {200, json::MakeObject({{"status", "ready"}})});
    // The problem may name a file or a host; it goes to the log.
    deps.log->Warn("not ready", {{"problem", health.problem}});
    SendReply(*exchange, {503, json::MakeObject({{"status", "not ready"}})});
  });
  if (!deps.serve_metrics) return;
  telemetry::AddMetered(router, deps.metrics, "GET", "/metrics", [deps](const ExchangePtr& exchange) {
    exchange->Send(200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, deps.metrics->Render());
  });
}

}  // namespace

const std::vector<telemetry::RouteName>& RouteNames() {
  static const std::vector<telemetry::RouteName> names = {
      {"/healthz", "GET"},           {"/readyz", "GET"},
      {"/metrics", "GET"},           {"/v1/admin/mint", "POST"},
      {"/v1/admin/revoke", "POST"},  {"/v1/admin/revocations", "GET"},
      {"/v1/admin/tenants", "GET"},  {"/v1/admin/audit", "GET"},
      {"/v1/admin/audit/verify", "GET"}, {"/v1/admin/audit/export", "GET"},
      {"/v1/admin/approvals", "GET"}, {"/v1/admin/approvals/{id}", "GET"},
      {"/v1/admin/approvals/{id}/decide", "POST"},
      {"/v1/admin/audit/freshness", "GET"}, {"/v1/admin/audit/checkpoint", "GET"},
      {"/v1/admin/audit/proof", "GET"}, {"/v1/admin/audit/bundle", "GET"},
      {"/v1/admin/audit/erase", "POST"}, {"/v1/admin/audit/prune", "POST"}, {"/v1/admin/audit/holds", "GET"},
      {"/v1/admin/audit/holds", "POST"}, {"/v1/admin/audit/holds/lift", "POST"},
      {"/v1/admin/pins", "GET"}, {"/v1/admin/pins/accept", "POST"}};
  return names;
}

void AddRoutes(http::Router& router, const AdminDeps& deps) {
  AddHealth(router, deps);
  if (!deps.resources.access->enabled()) return;
  AddResource(router, deps, "POST", "/v1/admin/mint", MintToken, deps.actors);
  AddResource(router, deps, "POST", "/v1/admin/revoke", RevokeToken, deps.actors);
  AddResource(router, deps, "GET", "/v1/admin/revocations", ListRevocations, deps.actors);
  AddResource(router, deps, "GET", "/v1/admin/tenants", ListTenants, deps.actors);
  AddResource(router, deps, "GET", "/v1/admin/approvals", ListApprovals, deps.actors);
  AddResource(router, deps, "GET", "/v1/admin/approvals/{id}", GetApproval, deps.actors);
  AddResource(router, deps, "POST", "/v1/admin/approvals/{id}/decide", DecideApproval, deps.actors);
  AddResource(router, deps, "GET", "/v1/admin/audit", QueryAudit, deps.readers);
  AddResource(router, deps, "GET", "/v1/admin/audit/verify", VerifyAudit, deps.readers);
  AddResource(router, deps, "GET", "/v1/admin/audit/freshness", AuditFreshness, deps.readers);
  AddResource(router, deps, "GET", "/v1/admin/audit/checkpoint", AuditCheckpoint, deps.readers);
  AddResource(router, deps, "GET", "/v1/admin/audit/proof", AuditProof, deps.readers);
  AddStream(router, deps, "/v1/admin/audit/export", PlanExport);
  AddStream(router, deps, "/v1/admin/audit/bundle", PlanBundle);
  AddResource(router, deps, "POST", "/v1/admin/audit/erase", EraseValues, deps.readers);
  AddResource(router, deps, "POST", "/v1/admin/audit/prune", PruneEvents, deps.readers);
  AddResource(router, deps, "GET", "/v1/admin/audit/holds", ListHolds, deps.actors);
  AddResource(router, deps, "POST", "/v1/admin/audit/holds", PlaceHold, deps.actors);
  AddResource(router, deps, "POST", "/v1/admin/audit/holds/lift", LiftHold, deps.actors);
  AddResource(router, deps, "GET", "/v1/admin/pins", ListPins, deps.actors);
  AddResource(router, deps, "POST", "/v1/admin/pins/accept", AcceptPins, deps.actors);
}

}  // namespace intentgate::admin
