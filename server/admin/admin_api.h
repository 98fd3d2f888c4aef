// The admin API and the health routes, on a router.
//
// Every admin route checks the bearer token first, on the loop; the work runs on worker threads. Without
// an admin key the admin routes do not exist.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "admin/resources.h"
#include "admin/workers.h"
#include "http/router.h"
#include "telemetry/gateway_metrics.h"
#include "telemetry/log.h"

namespace intentgate::admin {

// The routes below, for the metrics.
const std::vector<telemetry::RouteName>& RouteNames();

struct AdminDeps {
  Resources resources;
  // Apart, so that a long look through the chain, or a client that reads its export slowly, keeps nobody
  // from revoking a token.
  std::shared_ptr<Workers> actors;     // mint, revoke, short lists
  std::shared_ptr<Workers> readers;    // audit and its verification
  std::shared_ptr<Workers> exporters;
  std::shared_ptr<telemetry::GatewayMetrics> metrics;
  std::shared_ptr<const telemetry::Logger> log;
  std::string version;
  bool serve_metrics = true;
};

// GET /healthz, /readyz and, when asked for, /metrics; then POST and GET under /v1/admin.
void AddRoutes(http::Router& router, const AdminDeps& deps);

}  // namespace intentgate::admin
