// Handshakes with an upstream: for a session of the gateway's, and for a part of a client's.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "mcp/answer.h"
#include "mcp/failure.h"
#include "mcp/lane.h"
#include "mcp/session_parts.h"
#include "mcp/upstream.h"

namespace intentgate::mcp {

struct OpenedSession {
  UpstreamSession session;        // empty: the upstream knows no sessions, or no handshake
  std::optional<Answer> answer;   // unset: it knows no handshake
};

// Sends the initialize `hello` and then notifications/initialized. Loop-bound; `done` is called once, later.
void OpenSession(Upstream& upstream, std::string hello, json::Value id, std::size_t max_bytes, const oauth::OnBehalfPtr& caller,
                 std::function<void(std::variant<OpenedSession, Failure>)> done);

// The session of the exchange's client at one upstream, opened when there is none. `ready` is called once, inside the call when
// there is one.
void WithPart(Lane& lane, std::size_t upstream, const BoundSession& bound, const http::Exchange& exchange,
              std::function<void(std::variant<UpstreamSession, Failure>)> ready);

}  // namespace intentgate::mcp
