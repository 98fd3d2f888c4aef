#include "mcp/lane.h"

#include <utility>

#include "mcp/stdio_upstream.h"

namespace intentgate::mcp {

Lane::Lane(const Context& c, net::Loop& at) : context(c), loop(at), mailbox(std::make_shared<Mailbox>(at)) {
  const auto settings = config::UpstreamsOf(*c.settings);
  for (std::size_t i = 0; i < settings.size(); ++i) {
    auto inner = c.stdio[i] != nullptr ? MakeStdioUpstream(at, *settings[i], c.stdio[i])
                                       : MakeHttpUpstream(at, *settings[i], c.upstream_tls[i], i < c.tokens.size() ? c.tokens[i] : nullptr);
    auto upstream = MakeGuardedUpstream(std::move(inner), c.health[i]);
    Upstream& to = *upstream;
    backends.push_back(std::make_unique<Backend>(Backend{std::move(upstream), OwnSessions(to, c.version, max_answer())}));
  }
}

void RecordFetched(const Context& context, std::string_view session, std::string_view id, bool failed) {
  const auto pending = context.pending->Take(session, id);
  if (!pending) return;
  Outcome outcome;
  outcome.outcome = failed ? "tool_error" : "success";
  outcome.upstream_status = 200;
  outcome.latency_us = (context.clock->MonotonicNanos() - pending->start_nanos) / 1000;
  context.metrics->Forwarded(telemetry::ForwardOutcome::kSuccess, static_cast<double>(outcome.latency_us) / 1e6);
  context.gate->RecordOutcome(pending->decision, outcome);
}

bool IsFailure(const json::Value& answer) {
  const json::Value* failed = answer.AtPointer("/result/isError");
  return answer.Find("error") != nullptr || (failed != nullptr && *failed == json::Value(true));
}

void RecordLost(const Context& context, const PendingOutcome& lost) {
  Outcome outcome;
  outcome.outcome = "timeout";
  outcome.latency_us = (context.clock->MonotonicNanos() - lost.start_nanos) / 1000;
  context.metrics->Forwarded(telemetry::ForwardOutcome::kTimeout, static_cast<double>(outcome.latency_us) / 1e6);
  context.gate->RecordOutcome(lost.decision, outcome);
}

}  // namespace intentgate::mcp
