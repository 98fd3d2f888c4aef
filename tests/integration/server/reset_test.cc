// A client that resets its connection while the gate has its request: as good as one that leaves later (modern_test.cc, streams_test.cc).
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "integration/server/upstreams_fixture.h"

namespace intentgate::test {
namespace {

// Keeps its decisions until it is told to give them. Thread-safe.
class HoldingGate final : public FakeGate {
 public:
  void AuthorizeAsync(const Call& call, DecisionDone done) override {
    if (inline_answers) return FakeGate::AuthorizeAsync(call, std::move(done));
    const std::lock_guard lock(mutex_);
    held_.push_back([d = Authorize(call), done = std::move(done)] { done(d); });
  }
  void AwaitHeld(std::size_t count) {
    for (bool there = false; !there; std::this_thread::yield()) {
      const std::lock_guard lock(mutex_);
      there = held_.size() >= count;
    }
  }
  void Release() {
    std::vector<std::function<void()>> released;
    {
      const std::lock_guard lock(mutex_);
      released.swap(held_);
    }
    for (const auto& one : released) one();
  }

 private:
  std::mutex mutex_;
  std::vector<std::function<void()>> held_;
};

// One loop: an answer of it shows that whatever reached it before was looked at.
template <typename Base>
struct Holding : Base {
  std::shared_ptr<HoldingGate> holding = std::make_shared<HoldingGate>();

  Holding() {
    this->gate = holding;
    this->settings.threads = 1;
  }
  void Turn() { CHECK(this->caller->Mcp("good", R"({"jsonrpc":"2.0","id":9,"method":"ping"})").status == 200); }
  // `count` clients that ask and reset their connections before the gate has answered.
  void AskAndReset(const std::string& body, const http::HeaderList& headers, std::size_t count = 1) {
    const std::string& address = this->service->address();
    std::string text = "POST /v1/mcp HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer good\r\nContent-Type: application/json\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n";
    for (std::size_t i = 0; i < headers.size(); ++i) text += std::string(headers.name(i)) + ": " + std::string(headers.value(i)) + "\r\n";
    text += "\r\n" + body;
    for (std::size_t i = 1; i <= count; ++i) {
      RawClient client(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
      client.Send(text);
      holding->AwaitHeld(i);
      client.Reset();
    }
    Turn();
    holding->Release();
    while (this->gate->outcomes().size() < count) std::this_thread::yield();
    Turn();
  }
};

std::string ModernCall() { return ModernBody("tools/call", R"("name":"read_file","arguments":{})"); }

}  // namespace

TEST_CASE("a modern call whose client resets its connection while it is judged never reaches the upstream") {
  Holding<Gateway> g;
  g.upstream.modern = true;
  g.Start();
  g.AskAndReset(ModernCall(), ModernHeaders("tools/call", "read_file"));
  CHECK(g.gate->outcomes()[0].second.outcome == "cancelled");
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("clients that reset their connections while what they listen to is judged leave no streams open, and take no connections from others") {
  Holding<Gateway> g;
  g.upstream.modern = true;
  g.settings.upstream.max_connections = 2;
  Caller& caller = g.Start();
  g.AskAndReset(ModernBody("subscriptions/listen", R"("notifications":{"resourceSubscriptions":["a:1"]})"), ModernHeaders("subscriptions/listen"), 3);
  CHECK(g.upstream.seen("subscriptions/listen").empty());
  g.gate->inline_answers = true;
  CHECK(caller.Mcp("good", ModernCall(), ModernHeaders("tools/call", "read_file")).json().Find("result") != nullptr);
}

TEST_CASE("a client that resets its connection is asked about no further resource, and opens no stream at any of several upstreams") {
  Holding<TwoUpstreams> g;
  g.upstream.modern = g.other.modern = true;
  g.Start();
  g.AskAndReset(ModernBody("subscriptions/listen", R"("notifications":{"resourceSubscriptions":["a:1","a:2"]})"), ModernHeaders("subscriptions/listen"));
  CHECK(g.gate->calls() == std::vector<std::string>{R"(resources/subscribe|||{"uri":"a:1"})"});
  CHECK(g.upstream.seen("subscriptions/listen").empty());
  CHECK(g.other.seen("subscriptions/listen").empty());
}

TEST_CASE("a legacy call goes on without its client, also when that resets its connection while the call is judged") {
  Holding<Gateway> g;
  Caller& caller = g.Start();
  const std::string session = caller.Mcp("good", InitializeBody()).header("Mcp-Session-Id");
  g.AskAndReset(CallBody("read_file"), {{"Mcp-Session-Id", session}});
  CHECK(g.gate->outcomes()[0].second.outcome == "success");
  CHECK(g.upstream.seen("tools/call").size() == 1);
}

}  // namespace intentgate::test
