// An upstream that does not stop talking: a handshake and a notification come to an end all the same.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

// Talks until its reader goes. Handshakes of the gateway's own are refused at once, so that what a test sees is its own.
class FloodingTools {
 public:
  enum class When { kBeforeTheAnswer, kAfterTheAnswer, kToldOnly, kAtTheEnd };

  explicit FloodingTools(When when) : when_(when) {
    auto router = std::make_shared<http::Router>();
    router->Add("POST", "/mcp", [this](std::shared_ptr<http::Exchange> exchange) { OnPost(exchange); });
    router->Add("DELETE", "/mcp", [this](std::shared_ptr<http::Exchange> exchange) { Flood(exchange); });
    auto started = http::Server::Start(pool_->loops(), "127.0.0.1:0", nullptr, router, {});
    REQUIRE(started.ok());
    server_ = std::move(*started);
  }
  ~FloodingTools() { pool_->Stop(); }

  std::string url() const { return "http://" + server_->address() + "/mcp"; }
  // The reader has gone; what it took until then.
  std::size_t WaitLeft() { return left_.Wait(); }

 private:
  void OnPost(const std::shared_ptr<http::Exchange>& exchange) {
    const bool hello = exchange->body().find("\"initialize\"") != std::string_view::npos;
    if (exchange->body().find("intentgate-initialize") != std::string_view::npos) return exchange->Send(404, {}, {});
    if (when_ == When::kAtTheEnd || (hello ? when_ == When::kToldOnly : when_ != When::kToldOnly)) return Quick(*exchange, hello);
    Flood(exchange);
  }

  void Flood(const std::shared_ptr<http::Exchange>& exchange) {
    exchange->OnClose([this] { left_.Set(poured_); });
    exchange->Start(200, {{"Content-Type", "text/event-stream"}, {"Mcp-Session-Id", "s1"}});
    held_.push_back(exchange);
    if (when_ == When::kAfterTheAnswer) exchange->Write(OneEvent(kAnswer));
    Pour(exchange);
  }

  static void Quick(http::Exchange& exchange, bool hello) {
    if (!hello) return exchange.Send(202, {}, {});
    exchange.Send(200, {{"Content-Type", "application/json"}, {"Mcp-Session-Id", "s1"}}, kAnswer);
  }

  void Pour(const std::weak_ptr<http::Exchange>& into) {
    const auto stream = into.lock();
    if (stream == nullptr || stream->closed()) return;
    const std::string text = OneEvent(R"({"jsonrpc":"2.0","method":"notifications/x","params":{"x":")" + std::string(4'096, 'x') + R"("}})");
    poured_ += text.size();
    const auto again = [this, into] { Pour(into); };
    if (stream->Write(text)) pool_->at(0).Post(again);
    else stream->OnDrain(again);
  }

  static constexpr std::string_view kAnswer =
      R"({"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"f","version":"1"}}})";

  const When when_;
  Event<std::size_t> left_;
  std::size_t poured_ = 0;  // of the loop
  std::unique_ptr<net::LoopPool> pool_ = *net::LoopPool::Start(1);
  std::unique_ptr<http::Server> server_;
  std::vector<std::shared_ptr<http::Exchange>> held_;  // of the loop
};

// What may be on its way in the buffers of two sockets, beyond what was read.
constexpr std::size_t kUnderway = 16u << 20;

}  // namespace

TEST_CASE("a handshake whose answer does not come among all that the upstream says fails") {
  FloodingTools tools(FloodingTools::When::kBeforeTheAnswer);
  Gateway g;
  g.settings.limits.max_answer_bytes = 128 * 1024;
  g.SetUpstream(tools.url());
  Caller& caller = g.Start();
  const Got got = caller.Mcp("good", InitializeBody());
  CHECK(got.status == 200);
  CHECK(got.code() == -32603);
  CHECK(tools.WaitLeft() < kUnderway);
}

TEST_CASE("an upstream that goes on after its answer to the handshake is left, and the session is good") {
  FloodingTools tools(FloodingTools::When::kAfterTheAnswer);
  Gateway g;
  g.SetUpstream(tools.url());
  Caller& caller = g.Start();
  const Got got = caller.Mcp("good", InitializeBody());
  CHECK(got.code() == 0);
  CHECK(got.header("Mcp-Session-Id") == "s1");
  CHECK(tools.WaitLeft() < kUnderway);
}

TEST_CASE("a notification is taken when its status is there, whatever the upstream says behind it") {
  FloodingTools tools(FloodingTools::When::kToldOnly);
  Gateway g;
  g.SetUpstream(tools.url());
  Caller& caller = g.Start();
  const http::HeaderList in{{"Mcp-Session-Id", caller.Mcp("good", InitializeBody()).header("Mcp-Session-Id")}};
  CHECK(caller.Mcp("good", R"({"jsonrpc":"2.0","method":"notifications/initialized"})", in).status == 202);
  CHECK(tools.WaitLeft() < kUnderway);
}

TEST_CASE("a session is ended when the status is there, whatever the upstream says behind it") {
  FloodingTools tools(FloodingTools::When::kAtTheEnd);
  Gateway g;
  g.SetUpstream(tools.url());
  Caller& caller = g.Start();
  const http::HeaderList session = Streaming(caller);
  CHECK(caller.Do("DELETE", "/v1/mcp", Caller::McpHeaders("good", session)).status == 204);
  CHECK(tools.WaitLeft() < kUnderway);
  CHECK(caller.Mcp("good", CallBody("read_file"), session).status == 404);
}

}  // namespace intentgate::test
