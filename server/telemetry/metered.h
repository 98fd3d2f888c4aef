// Routes whose requests are counted.
#pragma once

#include <memory>
#include <string_view>

#include "http/router.h"
#include "telemetry/gateway_metrics.h"

namespace intentgate::telemetry {

// As router.Add; each request is counted under `path` with its status and time, however it ends.
void AddMetered(http::Router& router, std::shared_ptr<GatewayMetrics> metrics, std::string_view method,
                std::string_view path, http::HandlerFunction handler);

}  // namespace intentgate::telemetry
