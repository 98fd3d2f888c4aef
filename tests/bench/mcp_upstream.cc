// The fastest honest MCP server that can be put behind the gate: one tool, JSON answers, no sessions unless they are asked
// for. What a benchmark measures in front of it is the gate. Also the bare peer that `direct` calls are sent to.
//
//   mcp_upstream ADDRESS [THREADS] [sessions]      prints the port it got, then serves until it is killed
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include <intentgate/json.h>

#include "http/router.h"
#include "http/server.h"
#include "net/loop.h"

namespace {

using namespace intentgate;

constexpr std::string_view kTools =
    R"({"tools":[{"name":"read_file","description":"Read a file","inputSchema":{"type":"object","properties":{"path":{"type":"string"}}}}]})";
constexpr std::string_view kInitialize =
    R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1"}})";
constexpr std::string_view kResult = R"({"content":[{"type":"text","text":"the quick brown fox"}],"isError":false})";

bool with_sessions = false;  // set once, before the loops start
std::atomic<int> sessions{0};

// Open until the client leaves.
void Hold(const std::shared_ptr<http::Exchange>& exchange) {
  exchange->OnClose([exchange] {});
  exchange->Start(200, {{"Content-Type", "text/event-stream"}});
  exchange->Write("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{\"notifications\":{}}}\n\n");
}

void Answer(const std::shared_ptr<http::Exchange>& shared) {
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
  if (with_sessions && name == "initialize") headers.Add("Mcp-Session-Id", "session-" + std::to_string(++sessions));
  exchange.Send(200, headers, body);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t threads = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 1;
  with_sessions = argc > 3 && std::string_view(argv[3]) == "sessions";
  auto pool = net::LoopPool::Start(threads);
  if (!pool.ok()) return 1;
  auto router = std::make_shared<http::Router>();
  router->Add("POST", "/mcp", [](const std::shared_ptr<http::Exchange>& exchange) { Answer(exchange); });
  auto server = http::Server::Start((*pool)->loops(), argc > 1 ? argv[1] : "127.0.0.1:0", nullptr, router, {});
  if (!server.ok()) return std::cerr << server.error().message << "\n", 1;
  std::cout << (*server)->port() << std::endl;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int got = 0;
  sigwait(&signals, &got);
  std::_Exit(0);
}
