#include "mcp/stdio_upstream.h"

#include <future>
#include <string>

#include <doctest/doctest.h>

#include <intentgate/clock.h>

namespace intentgate::mcp {
namespace {

constexpr std::string_view kRequest = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}})";

// A program that never answers, on one loop, and its upstream on another.
struct World {
  config::UpstreamSettings settings = Silent();
  std::unique_ptr<net::LoopPool> pool = *net::LoopPool::Start(2);
  net::Loop& home = pool->at(1);
  std::shared_ptr<StdioServer> server = std::make_shared<StdioServer>(
      pool->at(0), settings, StdioEnvironment(settings), std::size_t{1} << 20, "1",
      std::make_shared<const telemetry::Logger>(telemetry::Logger::Silent()));
  std::unique_ptr<Upstream> upstream = MakeStdioUpstream(home, settings, server);

  World() {
    On(pool->at(0), [this] { server->Start(); });
  }
  ~World() {
    pool->Stop();
    upstream.reset();
    server.reset();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  static config::UpstreamSettings Silent() {
    config::UpstreamSettings settings;
    settings.name = "silent";
    settings.command = {"sleep", "600"};
    return settings;
  }
  // Runs it there, and comes back when it has run.
  static void On(net::Loop& loop, const std::function<void()>& task) {
    std::promise<void> done;
    loop.Post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }
  void Settle() {
    On(pool->at(0), [] {});
    On(home, [] {});
  }
};

}  // namespace

TEST_CASE("a call that was given up is not destroyed on the program's thread") {
  World w;
  // The loop's own timers: another thread among them would be seen by net::Loop, which ends the process then.
  for (int i = 0; i < 100; ++i) {
    std::shared_ptr<http::ClientCall> call;
    World::On(w.home, [&] { call = w.upstream->Post({std::string(kRequest)}, {}); });
    w.Settle();
    World::On(w.home, [&] { std::exchange(call, nullptr)->Cancel(); });
    w.Settle();
  }
}

TEST_CASE("a call that was given up before the program's thread knew it is given up there too") {
  World w;
  World::On(w.home, [&] { w.upstream->Post({std::string(kRequest)}, {})->Cancel(); });
  w.Settle();
  w.Settle();
  World::On(w.pool->at(0), [&] { CHECK(w.server->pending() == 0); });
}

TEST_CASE("what waits for an answer is let go with the upstream") {
  const auto kept = std::make_shared<int>(0);
  {
    World w;
    World::On(w.home, [&] {
      // As a relay does: it holds the call, whose callbacks hold it.
      const auto holder = std::make_shared<std::shared_ptr<http::ClientCall>>();
      *holder = w.upstream->Post({std::string(kRequest)}, {.on_done = [holder, kept](const Status&) {}});
    });
    w.Settle();
    CHECK(kept.use_count() == 2);
  }
  CHECK(kept.use_count() == 1);
}

}  // namespace intentgate::mcp
