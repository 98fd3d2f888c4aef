// Clients that hold on to the gateway instead of asking it something. Each test sets the limit that it is about so low that it
// is met at once, and asks an honest client's call beside it.

#include <doctest/doctest.h>

#include <deque>

#include "integration/server/fixture.h"
#include "support/net_fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kHead = "POST /v1/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";

std::uint16_t PortOf(const Gateway& g) { return static_cast<std::uint16_t>(std::stoi(g.service->address().substr(10))); }

std::string StatusAfter(Gateway& g, std::string_view bytes) {
  RawClient client(PortOf(g));
  client.Send(bytes);
  return client.ReceiveUntil("\r\n").substr(0, 12);
}

}  // namespace

TEST_CASE("a head or a body that does not come to its end in time is cut off, however often a byte of it comes") {
  Gateway g;
  g.settings.limits.header_timeout_ms = 200;
  g.settings.limits.max_header_bytes = 1 << 20;
  g.Start();
  for (const std::string_view rest : {std::string_view("X: "), std::string_view("\r\n")}) {
    RawClient slow(PortOf(g));
    slow.Send(std::string(kHead) + "Content-Length: 1000000\r\n" + std::string(rest));
    // The gateway's answer ends it; neither head nor body is near its end by then.
    std::string heard;
    for (int i = 0; i < 900'000 && heard.empty(); ++i) {
      slow.Send("x");
      heard = slow.ReceiveNow();
    }
    CHECK((heard + slow.ReceiveUntil("\r\n")).substr(0, 12) == "HTTP/1.1 408");
  }
  CHECK(g.gate->calls().empty());
}

TEST_CASE("a head with too many fields or too many bytes is refused with 431, long chunk extensions with 400") {
  Gateway g;
  g.settings.limits.max_header_fields = 20;
  g.settings.limits.max_header_bytes = 4096;
  Caller& caller = g.Start();
  std::string fields;
  for (int i = 0; i < 30; ++i) fields += "X-" + std::to_string(i) + ": a\r\n";
  CHECK(StatusAfter(g, std::string(kHead) + fields) == "HTTP/1.1 431");
  CHECK(StatusAfter(g, std::string(kHead) + "X: " + std::string(5000, 'a')) == "HTTP/1.1 431");
  CHECK(StatusAfter(g, "POST /" + std::string(9000, 'a')) == "HTTP/1.1 431");
  CHECK(StatusAfter(g, std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(9000, 'e')) == "HTTP/1.1 400");
  CHECK(caller.Mcp("good", CallBody("read_file")).status == 200);
  CHECK(g.gate->calls().size() == 1);
}

TEST_CASE("connections that say nothing do not keep an honest client out") {
  Gateway g;
  g.settings.threads = 1;
  g.settings.limits.max_connections = 20;
  g.Start();
  std::deque<RawClient> silent;
  const std::string call = CallBody("read_file");
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 30; ++i) silent.emplace_back(PortOf(g)).Send(i % 2 == 0 ? kHead : std::string_view());
    RawClient honest(PortOf(g));
    honest.Send(std::string(kHead) + "Authorization: Bearer good\r\nContent-Length: " + std::to_string(call.size()) + "\r\n\r\n" + call);
    CHECK(honest.ReceiveUntil("\r\n").starts_with("HTTP/1.1 200"));
  }
}

TEST_CASE("an address has no more connections than it may") {
  Gateway g;
  g.settings.limits.max_connections_per_address = 1;
  g.Start();
  constexpr std::string_view kHealth = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  // Which of two is accepted first is nobody's to say: the second comes when the first has been served.
  RawClient first(PortOf(g));
  first.Send(kHealth);
  CHECK(first.ReceiveUntil("\r\n").starts_with("HTTP/1.1 200"));
  RawClient second(PortOf(g));
  second.Send(kHealth);
  CHECK(second.ReceiveUntil("\r\n").empty());
}

TEST_CASE("pipelined requests wait their turn, and what is behind a refused one is not read") {
  Gateway g;
  g.Start();
  const std::string call = CallBody("read_file");
  const std::string one = std::string(kHead) + "Authorization: Bearer good\r\nContent-Length: " + std::to_string(call.size()) + "\r\n\r\n" + call;
  std::string flood;
  for (int i = 0; i < 300; ++i) flood += one;
  RawClient client(PortOf(g));
  client.Send(flood + "rubbish\r\n\r\n" + one);
  client.EndSending();
  const std::string all = client.ReceiveAll();
  std::size_t answers = 0;
  for (std::size_t at = all.find("HTTP/1.1 200"); at != std::string::npos; at = all.find("HTTP/1.1 200", at + 1)) ++answers;
  CHECK(answers == 300);
  CHECK(all.find("HTTP/1.1 400") != std::string::npos);
  CHECK(g.gate->calls().size() == 300);
}

TEST_CASE("a client that reads nothing of its stream stops the upstream, and is cut off in time") {
  constexpr std::size_t kMost = 256u << 20;
  Gateway g;
  g.settings.limits.write_timeout_ms = 1'000;
  g.upstream.modern = true;
  g.upstream.set_mode("stream");
  Event<bool> called;
  g.upstream.on_call = [&] { called.Set(true); };
  g.Start();
  const std::string body = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{},"_meta":{)"
                           R"("io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
  RawClient client(PortOf(g), 4096);
  client.Send(std::string(kHead) + "Accept: application/json, text/event-stream\r\nAuthorization: Bearer good\r\n" +
              "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: read_file\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  called.Wait();
  std::string event;
  http::AppendSseEvent("message", "", R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":")" +
                                          std::string(30'000, 'x') + "\"}}", event);
  g.upstream.Flood(event, kMost);
  while (g.upstream.left == 0 && g.upstream.flooded < kMost) std::this_thread::yield();
  CHECK(g.upstream.left == 1);
  // What the sockets' buffers hold, and one window of the gateway's.
  CHECK(g.upstream.flooded < kMost / 4);
}

}  // namespace intentgate::test
