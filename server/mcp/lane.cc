#include "mcp/lane.h"

namespace intentgate::mcp {

void RecordLost(const Context& context, const PendingOutcome& lost) {
  Outcome outcome;
  outcome.outcome = "timeout";
  outcome.latency_us = (context.clock->MonotonicNanos() - lost.start_nanos) / 1000;
  context.metrics->Forwarded(telemetry::ForwardOutcome::kTimeout, static_cast<double>(outcome.latency_us) / 1e6);
  context.gate->RecordOutcome(lost.decision, outcome);
}

}  // namespace intentgate::mcp
