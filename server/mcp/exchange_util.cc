#include "mcp/exchange_util.h"

#include "http/syntax.h"
#include "mcp/answer.h"
#include "mcp/resource_metadata.h"

namespace intentgate::mcp {

void SendJson(http::Exchange& exchange, int status, std::string_view body, std::string_view session_id) {
  http::HeaderList headers{{"Content-Type", "application/json"}};
  if (!session_id.empty()) headers.Add("Mcp-Session-Id", session_id);
  exchange.Send(status, headers, body);
}

void SendRefusal(http::Exchange& exchange, const Refusal& refusal) {
  if (IsModern(exchange.request())) {
    json::Value data = json::MakeObject({{"reason", refusal.reason}});
    return SendJson(exchange, 400, StructuredError(refusal.id, refusal.code, CodeMessage(refusal.code), std::move(data)));
  }
  const bool unreadable = refusal.code == kParseError || refusal.code == kInvalidRequest;
  SendJson(exchange, unreadable ? 400 : 200, ErrorReply(refusal));
}

void SendUnauthorized(const config::ServerSettings& settings, http::Exchange& exchange, const json::Value& id,
                      const Decision& refusal) {
  const ChallengeOptions options{.error = refusal.code == Reason::kNoToken ? "" : "invalid_token", .proof = IsAboutProof(refusal.code)};
  const http::HeaderList headers{{"Content-Type", "application/json"}, {"WWW-Authenticate", Challenge(settings, options)}};
  const int code = IsModern(exchange.request()) ? kModernRefusal + kCapabilityRefused % 100 : kCapabilityRefused;
  exchange.Send(401, headers, ErrorReply(id, code, CodeMessage(kCapabilityRefused), refusal.reason));
}

bool IsModern(const http::RequestHead& head) {
  return head.headers.Get("MCP-Protocol-Version").value_or("") == kModernProtocol;
}

bool AcceptsEventStream(const http::RequestHead& head) {
  bool found = false;
  for (std::size_t i = 0; i < head.headers.size() && !found; ++i) {
    if (!http::EqualsIgnoreCase(head.headers.name(i), "Accept")) continue;
    http::ForEachElement(head.headers.value(i), [&found](std::string_view element) {
      found = found || http::EqualsIgnoreCase(http::TrimBlanks(element.substr(0, element.find(';'))), "text/event-stream");
    });
  }
  return found;
}

}  // namespace intentgate::mcp
