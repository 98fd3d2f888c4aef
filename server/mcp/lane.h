// What the endpoint's parts share: the context of the process, and a lane for each loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/gate.h>

#include "config/server_settings.h"
#include "http/exchange.h"
#include "mcp/answer_rewriter.h"
#include "mcp/call_states.h"
#include "mcp/catalogue.h"
#include "mcp/directory.h"
#include "mcp/known_tasks.h"
#include "mcp/mailbox.h"
#include "mcp/own_sessions.h"
#include "mcp/own_tasks.h"
#include "mcp/pending_outcomes.h"
#include "mcp/sealed_sessions.h"
#include "mcp/sealed_tasks.h"
#include "mcp/sessions.h"
#include "mcp/stdio_server.h"
#include "mcp/upstream.h"
#include "mcp/upstream_health.h"
#include "mcp/url_elicitations.h"
#include "telemetry/gateway_metrics.h"
#include "telemetry/log.h"

namespace intentgate::oauth {
class UpstreamTokens;
class Door;
}

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
  std::shared_ptr<SealedSessions> sealed;  // null: a client's session id is known to this process alone
  std::shared_ptr<const SealedTasks> sealed_tasks;  // null: likewise, and a client has the upstream's ids of tasks
  std::shared_ptr<Catalogue> catalogue;
  std::shared_ptr<PendingOutcomes> pending;
  std::shared_ptr<CallStates> states;
  std::shared_ptr<KnownTasks> tasks;
  std::shared_ptr<OwnTasks> own_tasks;
  std::shared_ptr<UrlElicitations> urls;
  std::shared_ptr<Directory> directory;
  std::vector<std::shared_ptr<const net::TlsContext>> upstream_tls;  // of each upstream; null: it is not https
  std::vector<std::shared_ptr<StdioServer>> stdio;                   // of each upstream; null: it is reached over HTTP
  std::vector<std::shared_ptr<UpstreamHealth>> health;               // of each upstream
  std::vector<std::shared_ptr<oauth::UpstreamTokens>> tokens = {};     // of each upstream; null: it needs none of them
  std::shared_ptr<oauth::Door> door = nullptr;                       // null: capability tokens as bearers alone
  std::string version;
};

// One upstream, and the gateway's own sessions there. Loop-bound.
struct Backend {
  std::unique_ptr<Upstream> upstream;
  OwnSessions own;
};

// Loop-bound. Lives until its loop has stopped.
struct Lane {
  Lane(const Context& c, net::Loop& at);
  Lane(const Lane&) = delete;  // its parts refer to each other
  Lane& operator=(const Lane&) = delete;

  const Context& context;
  net::Loop& loop;
  std::vector<std::unique_ptr<Backend>> backends;  // in the order of the settings
  std::shared_ptr<Mailbox> mailbox;
  AnswerRewriter rewriter;
  std::uint64_t next_id = 1;  // of messages in the gateway's own sessions
  // Requests that wait for the gate's word about their proof of possession. Here and not with the gate, which may outlive the loop
  // and with it whatever serves a request.
  std::map<std::uint64_t, std::function<void(const Result<ProofUse>&)>> proof_waits;
  std::uint64_t next_proof_wait = 1;

  Backend& At(std::size_t upstream) { return *backends[upstream]; }
  bool merged() const { return backends.size() > 1; }
  // What an event calls the upstream of a request that is about none in particular.
  std::string_view server_name() const { return merged() ? std::string_view() : std::string_view(backends.front()->upstream->name()); }
  net::Millis keep_alive() const { return net::Millis(context.settings->keep_alive_ms); }

  std::size_t max_answer() const { return static_cast<std::size_t>(context.settings->limits.max_answer_bytes); }
};

// The outcome of a call whose answer nobody fetched.
void RecordLost(const Context& context, const PendingOutcome& lost);
// The outcome of a call whose answer came on its session's stream; nothing when `id`, as JSON, is of no such call.
void RecordFetched(const Context& context, std::string_view session, std::string_view id, bool failed);
// Whether an answer is an error, or the result of a tool that failed.
bool IsFailure(const json::Value& answer);

// A caller as sessions know it: whoever holds tokens of one root in one tenant.
inline std::string PrincipalOf(const Decision& decision) { return decision.tenant + "\n" + decision.root_jti; }

}  // namespace intentgate::mcp
