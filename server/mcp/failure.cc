#include "mcp/failure.h"

namespace intentgate::mcp {

using telemetry::ForwardOutcome;

Failure Failure::FromTransport(const Error& error) {
  if (error.code == ErrorCode::kTimeout) {
    return {"upstream timeout", "timeout", ForwardOutcome::kTimeout, 0, error.ToString()};
  }
  if (error.code == ErrorCode::kCancelled) {
    return {"upstream takes no calls now: it keeps failing, or has too many in progress; try again later", "transport",
            ForwardOutcome::kTransport, 0, error.ToString()};
  }
  if (error.code == ErrorCode::kPermissionDenied) {
    return {"no access token for this caller could be had for the upstream", "credential", ForwardOutcome::kTransport, 0, error.ToString()};
  }
  if (error.code == ErrorCode::kMalformed || error.code == ErrorCode::kLimitExceeded) return FromRubbish(0, error);
  return {"upstream unavailable", "transport", ForwardOutcome::kTransport, 0, error.ToString()};
}

Failure Failure::FromStatus(int status) {
  return {"upstream sent no valid answer", "upstream_http", ForwardOutcome::kUpstreamHttp, status,
          "HTTP status " + std::to_string(status)};
}

Failure Failure::FromRubbish(int status, const Error& error) {
  return {"upstream sent no valid answer", "upstream_http", ForwardOutcome::kUpstreamHttp, status, error.ToString()};
}

}  // namespace intentgate::mcp
