#include "mcp_tool_server.h"

#include <atomic>
#include <string>
#include <string_view>

#include <intentgate/json.h>

#include "http/exchange.h"

namespace intentgate::bench {
namespace {

constexpr std::string_view kTools =
    R"({"tools":[{"name":"read_file","description":"Read a file","inputSchema":{"type":"object","properties":{"path":{"type":"string"}}}}]})";
constexpr std::string_view kInitialize =
    R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1"}})";
constexpr std::string_view kResult = R"({"content":[{"type":"text","text":"the quick brown fox"}],"isError":false})";

struct Sessions {
  const bool wanted;
  std::atomic<int> opened{0};
};

// Open until the client leaves.
void Hold(const std::shared_ptr<http::Exchange>& exchange) {
  exchange->OnClose([exchange] {});
  exchange->Start(200, {{"Content-Type", "text/event-stream"}});
  exchange->Write("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{\"notifications\":{}}}\n\n");
}

void Answer(Sessions& sessions, const std::shared_ptr<http::Exchange>& shared) {
  http::Exchange& exchange = *shared;
  const Result<json::Value> message = json::Parse(exchange.body());
  if (!message.ok()) return exchange.Send(400, {}, "");
  const json::Value* id = message->Find("id");
  const json::Value* method = message->Find("method");
  if (id == nullptr) return exchange.Send(202, {}, "");
  const std::string_view name = method != nullptr && method->is_string() ? method->string_value() : std::string_view();
  if (name == "subscriptions/listen") return Hold(shared);
  const std::string_view result = name == "initialize" ? kInitialize : name == "tools/list" ? kTools : kResult;
  std::string body = R"({"jsonrpc":"2.0","id":)";
  json::AppendTo(*id, body);
  body += R"(,"result":)";
  body += result;
  body += '}';
  http::HeaderList headers;
  headers.Add("Content-Type", "application/json");
  if (sessions.wanted && name == "initialize") headers.Add("Mcp-Session-Id", "session-" + std::to_string(++sessions.opened));
  exchange.Send(200, headers, body);
}

}  // namespace

std::shared_ptr<http::Router> MakeToolServer(bool with_sessions) {
  auto router = std::make_shared<http::Router>();
  const auto sessions = std::make_shared<Sessions>(with_sessions);
  router->Add("POST", "/mcp", [sessions](const std::shared_ptr<http::Exchange>& exchange) { Answer(*sessions, exchange); });
  return router;
}

}  // namespace intentgate::bench
