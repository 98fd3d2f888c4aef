// What the endpoint's parts share: the context of the process, and a lane for each loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <intentgate/clock.h>
#include <intentgate/gate.h>

#include "config/server_settings.h"
#include "http/exchange.h"
#include "mcp/call_states.h"
#include "mcp/catalogue.h"
#include "mcp/mailbox.h"
#include "mcp/own_sessions.h"
#include "mcp/pending_outcomes.h"
#include "mcp/sessions.h"
#include "mcp/upstream.h"
#include "telemetry/gateway_metrics.h"
#include "telemetry/log.h"

namespace intentgate::mcp {

using ExchangePtr = std::shared_ptr<http::Exchange>;

// Immutable; what it points to is thread-safe.
struct Context {
  std::shared_ptr<Gate> gate;
  std::shared_ptr<const config::ServerSettings> settings;
  std::shared_ptr<telemetry::GatewayMetrics> metrics;
  std::shared_ptr<const telemetry::Logger> log;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<SessionTable> sessions;
  std::shared_ptr<Catalogue> catalogue;
  std::shared_ptr<PendingOutcomes> pending;
  std::shared_ptr<CallStates> states;
  std::shared_ptr<const net::TlsContext> upstream_tls;  // null: the upstream is not https
  std::string version;
};

// Loop-bound. Lives until its loop has stopped.
struct Lane {
  Lane(const Context& c, net::Loop& loop)
      : context(c), upstream(loop, c.settings->upstream, c.upstream_tls),
        own(upstream, c.version, static_cast<std::size_t>(c.settings->limits.max_answer_bytes)),
        mailbox(std::make_shared<Mailbox>(loop)) {}
  Lane(const Lane&) = delete;  // its parts refer to each other
  Lane& operator=(const Lane&) = delete;

  const Context& context;
  Upstream upstream;
  OwnSessions own;
  std::shared_ptr<Mailbox> mailbox;
  std::uint64_t next_id = 1;  // of messages in the gateway's own sessions

  std::size_t max_answer() const { return static_cast<std::size_t>(context.settings->limits.max_answer_bytes); }
};

// The outcome of a call whose answer nobody fetched.
void RecordLost(const Context& context, const PendingOutcome& lost);

// A caller as sessions know it: whoever holds tokens of one root in one tenant.
inline std::string PrincipalOf(const Decision& decision) { return decision.tenant + "\n" + decision.root_jti; }

}  // namespace intentgate::mcp
