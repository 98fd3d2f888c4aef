// Each test sets the limit it is about to some milliseconds and waits for the event that it causes;
// every other limit stays so long that a slow machine cannot meet it.

#include <doctest/doctest.h>

#include "support/http_fixture.h"

namespace intentgate::http {
namespace {

using test::Event;
using test::Get;
using test::Post;
using test::RawClient;

constexpr net::Millis kShort{30};
constexpr net::Millis kLong{600'000};

struct Fixture : test::ServerFixture {
  Event<bool> closed;
  std::shared_ptr<Exchange> stream;
  Fixture() {
    options.head_timeout = options.body_timeout = options.idle_timeout = options.write_timeout =
        options.linger_timeout = kLong;
    router->Add("POST", "/echo", [](std::shared_ptr<Exchange> e) { e->Send(200, {}, e->body()); });
    router->Add("GET", "/flood", [this](std::shared_ptr<Exchange> e) {
      e->OnClose([this] { closed.Set(true); });
      e->Start(200, {});
      while (e->Write(std::string(65536, 'x'))) {
      }
      stream = std::move(e);
    });
  }
  ~Fixture() { pool->Stop(); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a client that says nothing is disconnected") {
  options.head_timeout = kShort;
  Start();
  RawClient client(port());
  CHECK(client.ReceiveAll().empty());
}

TEST_CASE_FIXTURE(Fixture, "a head that does not end in time gets 408") {
  options.head_timeout = kShort;
  Start();
  RawClient client(port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n");
  CHECK(client.ReceiveUntil("}").starts_with("HTTP/1.1 408 "));
}

TEST_CASE_FIXTURE(Fixture, "the second head of a connection has a limit too") {
  options.head_timeout = kShort;
  Start();
  RawClient client(port());
  client.Send(Post("/echo", "one;") + "GET");
  CHECK(client.ReceiveUntil("one;").ends_with("one;"));
  CHECK(client.ReceiveUntil("}").starts_with("HTTP/1.1 408 "));
}

TEST_CASE_FIXTURE(Fixture, "a body that does not end in time gets 408") {
  options.body_timeout = kShort;
  Start();
  RawClient client(port());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  CHECK(client.ReceiveUntil("}").starts_with("HTTP/1.1 408 "));
}

TEST_CASE_FIXTURE(Fixture, "an idle connection is closed") {
  options.idle_timeout = kShort;
  Start();
  RawClient client(port());
  client.Send(Post("/echo", "one;"));
  CHECK(client.ReceiveAll().ends_with("one;"));
}

TEST_CASE_FIXTURE(Fixture, "a client that takes nothing of its answer is disconnected") {
  options.write_timeout = kShort;
  Start();
  RawClient client(port(), 4096);
  client.Send(Get("/flood"));
  CHECK(closed.Wait());
  test::RunOn(loop(), [&] {
    CHECK(stream->closed());
    CHECK(stream->Write("ignored"));
  });
}

TEST_CASE_FIXTURE(Fixture, "a refused client that never ends is closed after a while") {
  options.linger_timeout = kShort;
  Start();
  RawClient client(port());
  client.Send("GET /\r\n");
  CHECK(client.ReceiveAll().starts_with("HTTP/1.1 400 "));
  Event<bool> stopped;
  server->Stop(kLong, [&] { stopped.Set(true); });
  CHECK(stopped.Wait());
}

}  // namespace intentgate::http
