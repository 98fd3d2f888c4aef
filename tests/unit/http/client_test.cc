#include "http/client.h"

#include <doctest/doctest.h>

#include <vector>

#include "net/listener.h"
#include "support/http_fixture.h"

namespace intentgate::http {
namespace {

using test::Event;

constexpr net::Millis kLong{600'000};

// What came of a call.
struct Outcome {
  int status = 0;
  std::string type;
  std::string body;
  std::string error;
  ErrorCode code = ErrorCode::kInternal;
};

// A server written by the test: it sees raw bytes and answers raw bytes.
class RawUpstream {
 public:
  // `answer(connection, request)`: what to write for the n-th connection's data; "!" in front means close
  // after it.
  using Answer = std::function<std::string(int connection, const std::string& request)>;

  RawUpstream(net::LoopPool& pool, Answer answer) : loop_(pool.at(0)), answer_(std::move(answer)) {
    listener_ = *net::Listener::Open({&loop_}, "127.0.0.1:0", nullptr, [this](std::shared_ptr<net::Stream> stream) {
      peers_.push_back(std::make_unique<Peer>(*this, static_cast<int>(peers_.size()), std::move(stream)));
    });
  }
  ~RawUpstream() {
    listener_->Close();
    test::RunOn(loop_, [this] { peers_.clear(); });
  }
  RawUpstream(const RawUpstream&) = delete;  // peers hold its address
  RawUpstream& operator=(const RawUpstream&) = delete;
  std::uint16_t port() const { return listener_->port(); }
  // On the loop.
  std::size_t connections() const { return peers_.size(); }
  void CloseAll() {
    for (auto& peer : peers_) peer->stream->Close();
  }

 private:
  struct Peer final : net::StreamHandler {
    Peer(RawUpstream& owner, int number, std::shared_ptr<net::Stream> s)
        : up(owner), index(number), stream(std::move(s)) {
      stream->Start(this);
    }
    ~Peer() override { stream->Close(); }
    void OnData(std::string_view data) override {
      std::string answer = up.answer_(index, std::string(data));
      const bool close = answer.starts_with('!');
      stream->Write(std::string_view(answer).substr(close ? 1 : 0));
      if (close) stream->FinishWriting();
    }
    void OnEnd() override { stream->Close(); }
    void OnFailed(const Error&) override {}
    void OnDrained() override {}
    RawUpstream& up;
    int index;
    std::shared_ptr<net::Stream> stream;
  };
  net::Loop& loop_;
  Answer answer_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

struct Fixture {
  std::unique_ptr<net::LoopPool> pool = *net::LoopPool::Start(1);
  ClientOptions options;
  std::unique_ptr<Client> client;
  Fixture() { options.head_timeout = options.idle_timeout = options.keep_alive = options.connect_timeout = kLong; }
  ~Fixture() { pool->Stop(); }

  net::Loop& loop() { return pool->at(0); }
  Url UrlOf(std::uint16_t port) { return *ParseUrl("http://127.0.0.1:" + std::to_string(port) + "/up"); }

  Outcome Ask(const Url& url, bool replayable = false, const std::string& method = "POST") {
    Event<Outcome> done;
    loop().Post([&, outcome = std::make_shared<Outcome>()] {
      if (client == nullptr) client = Client::Create(loop(), options);
      ClientRequest request{method, {{"Accept", "*/*"}}, method == "POST" ? "ping" : "", replayable};
      client->Send(url, std::move(request), Callbacks(outcome, done));
    });
    return done.Wait();
  }

  static ResponseCallbacks Callbacks(std::shared_ptr<Outcome> outcome, Event<Outcome>& done) {
    return {[outcome](const ResponseHead& head) {
              outcome->status = head.status;
              outcome->type = head.headers.Get("Content-Type").value_or("");
            },
            [outcome](std::string_view data) { outcome->body.append(data); },
            [outcome, &done](Status status) {
              if (!status.ok()) {
                outcome->error = status.error().message;
                outcome->code = status.error().code;
              }
              done.Set(*outcome);
            }};
  }
};

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi";

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a request is written whole and its answer handed on") {
  std::string seen;
  RawUpstream upstream(*pool, [&](int, const std::string& request) {
    seen += request;
    return kOk;
  });
  const Outcome outcome = Ask(UrlOf(upstream.port()));
  CHECK(outcome.error == "");
  CHECK(outcome.status == 200);
  CHECK(outcome.type == "a/b");
  CHECK(outcome.body == "hi");
  CHECK(seen == "POST /up HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(upstream.port()) +
                    "\r\nAccept: */*\r\nContent-Length: 4\r\n\r\nping");
}

TEST_CASE_FIXTURE(Fixture, "connections are kept and used again") {
  RawUpstream upstream(*pool, [](int, const std::string&) { return kOk; });
  for (int i = 0; i < 5; ++i) CHECK(Ask(UrlOf(upstream.port())).body == "hi");
  test::RunOn(loop(), [&] {
    CHECK(upstream.connections() == 1);
    CHECK(client->connections() == 1);
  });
}

TEST_CASE_FIXTURE(Fixture, "a burst's connections are kept for the next one, up to the limit") {
  constexpr std::size_t kBurst = 100;
  RawUpstream upstream(*pool, [](int, const std::string&) { return kOk; });
  const auto burst = [&] {
    Event<bool> all;
    std::size_t left = kBurst;   // of the loop
    loop().Post([&] {
      if (client == nullptr) client = Client::Create(loop(), options);
      for (std::size_t i = 0; i < kBurst; ++i) {
        client->Send(UrlOf(upstream.port()), {"POST", {}, "ping"}, {{}, {}, [&](const Status& status) {
                       CHECK(status.ok());
                       if (--left == 0) all.Set(true);
                     }});
      }
    });
    all.Wait();
    std::size_t connections = 0;
    test::RunOn(loop(), [&] { connections = client->connections(); });
    return connections;
  };
  CHECK(burst() == kBurst);
  CHECK(burst() == kBurst);
  CHECK(upstream.connections() == kBurst);   // the second one opened none
  test::RunOn(loop(), [&] { client.reset(); });
  options.max_idle_per_origin = 10;
  CHECK(burst() == 10);
}

TEST_CASE_FIXTURE(Fixture, "a connection is not used again when the upstream says so or sends too much") {
  for (const std::string& answer : {std::string("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"),
                                    kOk + kOk, std::string("!HTTP/1.1 200 OK\r\n\r\nhi")}) {
    RawUpstream upstream(*pool, [&](int, const std::string&) { return answer; });
    CHECK(Ask(UrlOf(upstream.port())).body == "hi");
    CHECK(Ask(UrlOf(upstream.port())).body == "hi");
    test::RunOn(loop(), [&] { CHECK(upstream.connections() == 2); });
  }
}

TEST_CASE_FIXTURE(Fixture, "bytes that arrive on a kept connection are not taken for an answer") {
  Event<net::Stream*> unused;
  bool poison = true;
  RawUpstream upstream(*pool, [&](int, const std::string& request) {
    return request.find("GET") == 0 && std::exchange(poison, false) ? std::string() : kOk;
  });
  CHECK(Ask(UrlOf(upstream.port())).body == "hi");
  // The kept connection goes away before the next request: it must come over a fresh one, with no retry asked for.
  test::RunOn(loop(), [&] { upstream.CloseAll(); });
  for (std::size_t open = 1; open > 0;) test::RunOn(loop(), [&] { open = client->connections(); });
  CHECK(Ask(UrlOf(upstream.port())).body == "hi");
}

TEST_CASE_FIXTURE(Fixture, "a replayable request is sent once more when a kept connection turns out dead") {
  int requests = 0;
  RawUpstream upstream(*pool, [&](int connection, const std::string&) {
    ++requests;
    return connection == 0 && requests == 2 ? std::string("!") : kOk;
  });
  CHECK(Ask(UrlOf(upstream.port()), true).body == "hi");
  CHECK(Ask(UrlOf(upstream.port()), true).body == "hi");
  CHECK(requests == 3);
}

TEST_CASE_FIXTURE(Fixture, "a request that is not replayable is never sent twice") {
  int requests = 0;
  RawUpstream upstream(*pool, [&](int, const std::string&) { return ++requests == 2 ? std::string("!") : kOk; });
  CHECK(Ask(UrlOf(upstream.port())).body == "hi");
  const Outcome outcome = Ask(UrlOf(upstream.port()));
  CHECK(outcome.code == ErrorCode::kUnavailable);
  CHECK(outcome.error == "the upstream closed the connection before its answer was complete");
  CHECK(requests == 2);
}

TEST_CASE_FIXTURE(Fixture, "a fresh connection or one that began to answer is not retried") {
  int requests = 0;
  RawUpstream upstream(*pool, [&](int, const std::string&) {
    return ++requests == 2 ? std::string("!HTTP/1.1 2") : requests == 3 ? std::string("!") : kOk;
  });
  CHECK(Ask(UrlOf(upstream.port()), true).body == "hi");
  CHECK(Ask(UrlOf(upstream.port()), true).code == ErrorCode::kUnavailable);
  CHECK(Ask(UrlOf(upstream.port()), true).code == ErrorCode::kUnavailable);
  CHECK(requests == 3);
}

TEST_CASE_FIXTURE(Fixture, "an answer that is not strict HTTP/1.1 is refused") {
  RawUpstream upstream(*pool, [](int, const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi";
  });
  const Outcome outcome = Ask(UrlOf(upstream.port()));
  CHECK(outcome.code == ErrorCode::kMalformed);
  CHECK(outcome.error == "the upstream's answer was refused: Content-Length and Transfer-Encoding together");
}

TEST_CASE_FIXTURE(Fixture, "a cut answer is an error") {
  RawUpstream upstream(*pool,
                       [](int, const std::string&) { return "!HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"; });
  const Outcome outcome = Ask(UrlOf(upstream.port()));
  CHECK(outcome.body == "hi");
  CHECK(outcome.code == ErrorCode::kUnavailable);
}

TEST_CASE_FIXTURE(Fixture, "a redirect is an answer like any other") {
  RawUpstream upstream(*pool, [](int, const std::string&) {
    return "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
  });
  const Outcome outcome = Ask(UrlOf(upstream.port()), true, "GET");
  CHECK(outcome.status == 302);
  CHECK(outcome.error == "");
}

TEST_CASE_FIXTURE(Fixture, "an upstream that is down is named with the reason") {
  std::uint16_t port = 0;
  { port = RawUpstream(*pool, nullptr).port(); }
  test::RunOn(loop(), [] {});
  const Outcome outcome = Ask(UrlOf(port));
  CHECK(outcome.code == ErrorCode::kUnavailable);
  CHECK(outcome.error.find("Connection refused") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "an upstream that does not answer runs into the head timeout") {
  options.head_timeout = net::Millis(30);
  RawUpstream upstream(*pool, [](int, const std::string&) { return ""; });
  CHECK(Ask(UrlOf(upstream.port())).code == ErrorCode::kTimeout);
}

TEST_CASE_FIXTURE(Fixture, "an answer that stands still runs into the idle timeout") {
  options.idle_timeout = net::Millis(30);
  RawUpstream upstream(*pool, [](int, const std::string&) { return "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"; });
  const Outcome outcome = Ask(UrlOf(upstream.port()));
  CHECK(outcome.body == "hi");
  CHECK(outcome.code == ErrorCode::kTimeout);
}

TEST_CASE_FIXTURE(Fixture, "a kept connection is closed when its time is over") {
  options.keep_alive = net::Millis(10);
  RawUpstream upstream(*pool, [](int, const std::string&) { return kOk; });
  CHECK(Ask(UrlOf(upstream.port())).body == "hi");
  for (std::size_t open = 1; open > 0;) test::RunOn(loop(), [&] { open = client->connections(); });
}

TEST_CASE_FIXTURE(Fixture, "requests beyond the connection limit fail at once") {
  options.max_connections_per_origin = 1;
  RawUpstream upstream(*pool, [](int, const std::string&) { return ""; });
  Event<Outcome> never;
  test::RunOn(loop(), [&] {
    client = Client::Create(loop(), options);
    client->Send(UrlOf(upstream.port()), {"POST", {}, "x", false},
                 Fixture::Callbacks(std::make_shared<Outcome>(), never));
  });
  CHECK(Ask(UrlOf(upstream.port())).error.find("are in use") != std::string::npos);
  CHECK_FALSE(never.is_set());
  test::RunOn(loop(), [&] { client.reset(); });
  CHECK_FALSE(never.is_set());
}

TEST_CASE_FIXTURE(Fixture, "a request that could not be written safely is refused") {
  Event<Outcome> done;
  loop().Post([&, outcome = std::make_shared<Outcome>()] {
    client = Client::Create(loop(), options);
    client->Send(UrlOf(1), {"POST", {{"X", "a\r\nY: b"}}, "x", false}, Callbacks(outcome, done));
  });
  CHECK(done.Wait().error == "the header X has a control character");
  CHECK(Ask(*ParseUrl("https://127.0.0.1:1/")).error == "an https upstream needs a client TLS context");
}

TEST_CASE("cancelling closes the connection to the upstream and calls nothing back") {
  Fixture f;
  test::ServerFixture server;
  Event<bool> gone, head;
  std::shared_ptr<Exchange> held;
  server.router->Add("POST", "/up", [&](std::shared_ptr<Exchange> exchange) {
    exchange->OnClose([&] { gone.Set(true); });
    exchange->Start(200, {});
    exchange->Write("x");
    held = std::move(exchange);
  });
  server.Start();
  std::shared_ptr<ClientCall> call;
  bool done = false;
  test::RunOn(f.loop(), [&] {
    f.client = Client::Create(f.loop(), f.options);
    call = f.client->Send(f.UrlOf(server.port()), {"POST", {}, "x", false},
                          {[&](const ResponseHead&) { head.Set(true); }, {}, [&](Status) { done = true; }});
  });
  head.Wait();
  test::RunOn(f.loop(), [&] {
    call->Cancel();
    call->Cancel();
    CHECK(f.client->connections() == 0);
  });
  CHECK(gone.Wait());
  test::RunOn(f.loop(), [&] { CHECK_FALSE(done); });
}

TEST_CASE("a paused answer stops the upstream's writer and goes on after it") {
  Fixture f;
  test::ServerFixture server;
  server.options.high_water = 64 * 1024;
  Event<bool> congested;
  std::size_t left = 8'000'000;
  std::function<void(const std::shared_ptr<Exchange>&)> pump = [&](const std::shared_ptr<Exchange>& exchange) {
    while (left > 0) {
      left -= 10'000;
      if (!exchange->Write(std::string(10'000, 'x'))) return congested.Set(true);
    }
    exchange->Finish();
  };
  server.router->Add("POST", "/up", [&](std::shared_ptr<Exchange> exchange) {
    exchange->Start(200, {});
    exchange->OnDrain([&pump, exchange] { pump(exchange); });
    pump(exchange);
  });
  server.Start();
  Event<Outcome> done;
  // The upstream can be congested before a byte of its answer was read: a Resume would then precede the Pause.
  Event<bool> paused;
  std::shared_ptr<ClientCall> call;
  test::RunOn(f.loop(), [&] {
    f.client = Client::Create(f.loop(), f.options);
    auto outcome = std::make_shared<Outcome>();
    auto callbacks = Fixture::Callbacks(outcome, done);
    callbacks.on_head = [&](const ResponseHead&) {
      call->Pause();
      paused.Set(true);
    };
    call = f.client->Send(f.UrlOf(server.port()), {"POST", {}, "x", false}, std::move(callbacks));
  });
  CHECK(paused.Wait());
  CHECK(congested.Wait());
  CHECK_FALSE(done.is_set());
  test::RunOn(f.loop(), [&] { call->Resume(); });
  CHECK(done.Wait().body.size() == 8'000'000);
}

TEST_CASE("a pause in the last piece of an answer delays its end and does not lose it") {
  Fixture f;
  std::string answer;
  SUBCASE("on a connection that stays open") { answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong"; }
  SUBCASE("on a connection that the upstream closes") {
    answer = "!HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\npong";
  }
  RawUpstream upstream(*f.pool, [&](int, const std::string&) { return answer; });
  Event<Outcome> done;
  Event<bool> paused;
  std::shared_ptr<ClientCall> call;
  test::RunOn(f.loop(), [&] {
    f.client = Client::Create(f.loop(), f.options);
    auto outcome = std::make_shared<Outcome>();
    auto callbacks = Fixture::Callbacks(outcome, done);
    callbacks.on_body = [&, outcome](std::string_view data) {
      outcome->body.append(data);
      call->Pause();
      paused.Set(true);
    };
    call = f.client->Send(f.UrlOf(upstream.port()), {"POST", {}, "ping", false}, std::move(callbacks));
  });
  CHECK(paused.Wait());
  test::RunOn(f.loop(), [&] {
    CHECK_FALSE(done.is_set());
    call->Resume();
  });
  const Outcome outcome = done.Wait();
  CHECK(outcome.error == "");
  CHECK(outcome.body == "pong");
}

TEST_CASE("a pause taken back inside the callback changes nothing, and bytes that were not asked for are seen") {
  Fixture f;
  RawUpstream upstream(*f.pool, [](int, const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npongHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  });
  Event<Outcome> done;
  std::shared_ptr<ClientCall> call;
  test::RunOn(f.loop(), [&] {
    f.client = Client::Create(f.loop(), f.options);
    auto outcome = std::make_shared<Outcome>();
    auto callbacks = Fixture::Callbacks(outcome, done);
    callbacks.on_body = [&, outcome](std::string_view data) {
      outcome->body.append(data);
      call->Pause();
      call->Resume();
    };
    call = f.client->Send(f.UrlOf(upstream.port()), {"POST", {}, "ping", false}, std::move(callbacks));
  });
  const Outcome outcome = done.Wait();
  CHECK(outcome.error == "");
  CHECK(outcome.body == "pong");
  test::RunOn(f.loop(), [&] { CHECK(f.client->connections() == 0); });
}

}  // namespace intentgate::http
