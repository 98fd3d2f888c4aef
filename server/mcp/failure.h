// What went wrong at the upstream: one sentence for the agent, which never names a machine, and the detail
// for the log.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "telemetry/gateway_metrics.h"

namespace intentgate::mcp {

struct Failure {
  std::string_view message;  // a literal: "upstream timeout", ...
  std::string_view outcome;  // of the audit chain
  telemetry::ForwardOutcome metric = telemetry::ForwardOutcome::kTransport;
  int status = 0;            // HTTP, when there was one
  std::string detail;

  // From the HTTP client's error.
  static Failure FromTransport(const Error& error);
  static Failure FromStatus(int status);
  static Failure FromRubbish(int status, const Error& error);
};

}  // namespace intentgate::mcp
