#include "mcp/stdio_upstream.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <signal.h>

#include <intentgate/clock.h>

#include "mcp/upstream_health.h"
#include "support/net_fixture.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kRequest = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}})";
constexpr std::string_view kInitialize = R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})";

constexpr std::size_t kMiB = std::size_t{1} << 20;

// A shell's words with which a program answers the handshake.
constexpr std::string_view kAnswersHello =
    R"(read hello; echo '{"jsonrpc":"2.0","id":"intentgate-initialize","result":{"protocolVersion":"2025-06-18","capabilities":{}}}'; )";

config::UpstreamSettings Runs(std::vector<std::string> command) {
  config::UpstreamSettings settings;
  settings.name = "program";
  settings.command = std::move(command);
  return settings;
}

// Answers the handshake and then does what `script` says.
config::UpstreamSettings Shell(const std::string& script) { return Runs({"sh", "-c", std::string(kAnswersHello) + script}); }

// `bytes` of a text in the place of an argument.
std::string Large(std::string_view method, std::size_t bytes, bool request = true) {
  return R"({"jsonrpc":"2.0",)" + std::string(request ? R"("id":1,)" : "") + R"("method":")" + std::string(method) + R"(","params":{"a":")" +
         std::string(bytes, 'a') + R"("}})";
}

// The lines of a log. Thread-safe.
class Lines {
 public:
  void Add(std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
    changed_.notify_all();
  }
  // Waits until `count` lines have `part`, and gives these.
  std::vector<std::string> With(std::string_view part, std::size_t count = 1) {
    std::unique_lock lock(mutex_);
    std::vector<std::string> found;
    const bool came = changed_.wait_for(lock, std::chrono::seconds(60), [&] {
      found.clear();
      for (const std::string& line : lines_) if (line.find(part) != std::string::npos) found.push_back(line);
      return found.size() >= count;
    });
    REQUIRE(came);
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

// A program on one loop, and its upstream on another.
struct World {
  Lines log;
  config::UpstreamSettings settings;
  net::Millis handshake_limit;
  std::unique_ptr<net::LoopPool> pool = *net::LoopPool::Start(2);
  net::Loop& home = pool->at(1);
  std::shared_ptr<StdioServer> server = std::make_shared<StdioServer>(
      pool->at(0), settings, StdioEnvironment(settings), std::size_t{1} << 20, "1",
      std::make_shared<const telemetry::Logger>(telemetry::LogLevel::kInfo, [this](std::string_view line) { log.Add(line); }, SystemClock()),
      handshake_limit);
  std::unique_ptr<Upstream> upstream = MakeStdioUpstream(home, settings, server);

  // Without settings: a program that never answers.
  explicit World(config::UpstreamSettings given = Runs({"sleep", "600"}), net::Millis handshake = kStdioHandshake)
      : settings(std::move(given)), handshake_limit(handshake) {
    On(pool->at(0), [this] { server->Start(); });
  }
  ~World() {
    pool->Stop();
    upstream.reset();
    server.reset();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

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
  void Post(std::string body) {
    On(home, [&] { upstream->Post({std::move(body)}, {}); });
  }
  // How the exchange ended. `silence`: in place of the settings'; 0: that.
  Status EndOf(std::string body, net::Millis silence = {}) {
    const auto end = std::make_shared<test::Event<Status>>();
    On(home, [&] {
      const auto call = upstream->Post({std::move(body)}, {.on_done = [end](const Status& status) { end->Set(status); }});
      if (silence.count() > 0) call->SetIdleTimeout(silence);
    });
    return end->Wait();
  }
  std::size_t unwritten() {
    std::size_t bytes = 0;
    On(pool->at(0), [&] { bytes = server->unwritten_bytes(); });
    return bytes;
  }
};

// Notifications of a little more than 1 KB each, as a shell's words.
std::string Says(std::size_t count, std::string_view method, std::string_view more) {
  return R"(yes '{"jsonrpc":"2.0","method":")" + std::string(method) + R"(","params":{)" + std::string(more) + R"("a":")" + std::string(1'024, 'a') +
         R"("}}' | head -n )" + std::to_string(count) + "; ";
}
constexpr std::size_t kOfTooMany = 2 * kMaxStdioQueued / 1'024;

// A reader that takes the head of an answer and no more, until it is let go.
struct Reader {
  std::shared_ptr<http::ClientCall> call;  // of the home loop
  std::string body;
  test::Event<bool> began;
  test::Event<Status> ended;

  http::ResponseCallbacks Callbacks() {
    return {.on_head = [this](const http::ResponseHead&) {
              call->Pause();
              began.Set(true);
            },
            .on_body = [this](std::string_view piece) { body += piece; },
            .on_done = [this](const Status& status) {
              call.reset();
              ended.Set(status);
            }};
  }
  void Open(World& w) {
    World::On(w.home, [&] { call = w.upstream->Get({}, nullptr, {}, Callbacks()); });
    began.Wait();
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

TEST_CASE("a request that was given up before the program had answered the handshake is not kept") {
  World w;
  for (int i = 0; i < 3; ++i) {
    std::shared_ptr<http::ClientCall> call;
    World::On(w.home, [&] { call = w.upstream->Post({Large("tools/call", kMiB)}, {}); });
    w.Settle();
    World::On(w.home, [&] { std::exchange(call, nullptr)->Cancel(); });
    w.Settle();
  }
  CHECK(w.unwritten() < kMiB);
}

TEST_CASE("what waits for a program's handshake is limited") {
  World w;
  for (std::size_t bytes = 0; bytes <= kMaxStdioUnwritten; bytes += kMiB) w.Post(Large("tools/call", kMiB));
  const Status refused = w.EndOf(std::string(kRequest));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kUnavailable);
  CHECK(w.unwritten() < kMaxStdioUnwritten + 2 * kMiB);
}

TEST_CASE("a program that does not answer the handshake in time is ended and started again, and calls that wait for it fail") {
  config::UpstreamSettings settings = Runs({"sleep", "600"});
  settings.timeout_ms = 50;
  World w(std::move(settings), net::Millis(50));
  const Status failed = w.EndOf(std::string(kRequest), net::Millis(60'000));
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::kUnavailable);
  w.log.With("did not answer the handshake in time");
  w.log.With("upstream started", 2);
}

TEST_CASE("a request that came before the handshake's answer is answered after it, under its own id") {
  World w(Shell("read initialized; exec sed -u 's/.*\"id\":\\([0-9]*\\).*/{\"jsonrpc\":\"2.0\",\"id\":\\1,\"result\":{}}/'"));
  CHECK(w.EndOf(std::string(kRequest)).ok());
  CHECK(w.EndOf(std::string(kRequest)).ok());
}

TEST_CASE("a program that reads no more is ended, and the call that it would not have read fails") {
  ::signal(SIGPIPE, SIG_IGN);  // as the server does
  World w(Shell("read initialized; exec 0<&-; echo closed >&2; exec sleep 600"));
  w.log.With("closed");
  const Status failed = w.EndOf(std::string(kRequest));
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::kUnavailable);
  w.log.With("upstream ended");
}

TEST_CASE("the stream of a reader that is too slow ends, and the log says so") {
  World w(Shell("read initialized; read go; " + Says(kOfTooMany, "notifications/message", "") + "exec sleep 600"));
  REQUIRE(w.EndOf(std::string(kInitialize)).ok());  // a notification before it would be for nobody
  Reader reader;
  reader.Open(w);
  w.Post(R"({"jsonrpc":"2.0","method":"notifications/go"})");
  const Status end = reader.ended.Wait();
  REQUIRE_FALSE(end.ok());
  CHECK(end.error().code == ErrorCode::kLimitExceeded);
  CHECK(w.log.With("a client reads too slowly")[0].find("program") != std::string::npos);
}

TEST_CASE("the call of a reader that is too slow fails, and the program gets word") {
  const std::string says = Says(kOfTooMany, "notifications/progress", R"("progressToken":1,"progress":1,)");
  World w(Shell("read initialized; read call; " + says + "read cancelled; echo \"heard $cancelled\" >&2; exec sleep 600"));
  Reader reader;
  World::On(w.home, [&] {
    reader.call = w.upstream->Post({R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":"p"}}})"}, reader.Callbacks());
  });
  const Status end = reader.ended.Wait();
  REQUIRE_FALSE(end.ok());
  CHECK(end.error().code == ErrorCode::kLimitExceeded);
  CHECK(w.log.With("heard")[0].find("notifications/cancelled") != std::string::npos);
}

TEST_CASE("what waits for a reader within the limit comes when it reads, in order") {
  const auto ask = [](std::string_view id) {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"tools/call","params":{"name":"t"}})";
  };
  World w(Shell("read initialized; read call; " + Says(100, "notifications/message", "") +
                R"(echo '{"jsonrpc":"2.0","method":"notifications/last"}'; echo '{"jsonrpc":"2.0","id":2,"result":{}}'; exec sleep 600)"));
  Reader reader;
  reader.Open(w);
  // Its answer comes after the notifications.
  CHECK(w.EndOf(ask("1")).ok());
  World::On(w.home, [&] {
    CHECK(reader.body.empty());
    reader.call->Resume();
    CHECK(reader.body.size() > 100 * 1'024);
    CHECK(reader.body.find("notifications/last") > 100 * 1'024);
    std::exchange(reader.call, nullptr)->Cancel();
  });
}

TEST_CASE("notifications that a program does not read are limited, and refused beyond") {
  World w(Shell("exec sleep 600"));
  REQUIRE(w.EndOf(std::string(kInitialize)).ok());
  for (std::size_t bytes = 0; bytes < kMaxStdioUnwritten; bytes += kMiB) CHECK(w.EndOf(Large("notifications/x", kMiB, false)).ok());
  const Status refused = w.EndOf(Large("notifications/x", kMiB, false));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kUnavailable);
  CHECK(w.unwritten() < kMaxStdioUnwritten + 2 * kMiB);
}

TEST_CASE("answers to a program that asks and does not read are limited") {
  World w(Shell("yes '{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"" + std::string(65'536, 'i') + "\"}' | head -n 1200; echo asked >&2; exec sleep 600"));
  w.log.With("asked");
  w.Settle();
  CHECK(w.unwritten() < kMaxStdioUnwritten + 2 * kMiB);
}

TEST_CASE("what is answered in the place of a program that hangs does not count as its success") {
  config::UpstreamSettings settings = Shell("exec sleep 600");
  settings.breaker_failures = 3;
  settings.timeout_ms = 50;
  World w(std::move(settings));
  const auto health = std::make_shared<UpstreamHealth>(w.settings, SystemClock());
  w.upstream = MakeGuardedUpstream(std::move(w.upstream), health);
  const std::string initialize(kInitialize);
  REQUIRE(w.EndOf(initialize, net::Millis(60'000)).ok());
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(health->resting());
    CHECK(w.EndOf(initialize, net::Millis(60'000)).ok());
    CHECK(w.EndOf(R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})", net::Millis(60'000)).ok());
    CHECK(w.EndOf(std::string(kRequest)).error().code == ErrorCode::kTimeout);
  }
  World::On(w.home, [] {});
  CHECK(health->resting());
}

TEST_CASE("a long line of a program's standard error is one line of the log, cut once") {
  World w(Shell("echo " + std::string(5'000, 'x') + " >&2; echo after >&2; exec sleep 600"));
  w.log.With("after");
  const std::vector<std::string> lines = w.log.With("upstream says");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find('"' + std::string(2'048, 'x') + '"') != std::string::npos);
}

}  // namespace intentgate::mcp
