// Small answers of the MCP endpoint.
#pragma once

#include <string_view>

#include <intentgate/gate.h>

#include "config/server_settings.h"
#include "http/exchange.h"
#include "mcp/message.h"

namespace intentgate::mcp {

void SendJson(http::Exchange& exchange, int status, std::string_view body, std::string_view session_id = {});
// A refusal that is not about the gate: the HTTP status follows from the code, and is 400 in the modern era.
void SendRefusal(http::Exchange& exchange, const Refusal& refusal);
// 401 with the challenge that fits the refusal.
void SendUnauthorized(const config::ServerSettings& settings, http::Exchange& exchange, const json::Value& id,
                      const Decision& refusal);
// An admitted request of the revision 2026-07-28 says so in its header.
bool IsModern(const http::RequestHead& head);
// True when the client says in so many words that it reads SSE; "*/*" does not say so.
bool AcceptsEventStream(const http::RequestHead& head);

}  // namespace intentgate::mcp
