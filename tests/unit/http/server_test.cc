#include "http/server.h"

#include <doctest/doctest.h>

#include <vector>

#include "support/http_fixture.h"

namespace intentgate::http {
namespace {

using test::Event;
using test::Get;
using test::Post;
using test::RawClient;

constexpr std::string_view kClose = "Connection: close\r\n";

struct Fixture : test::ServerFixture {
  std::vector<std::shared_ptr<Exchange>> held;  // touched on the loop alone
  Fixture() {
    router->Add("POST", "/echo", [](std::shared_ptr<Exchange> exchange) {
      exchange->Send(200, {{"Content-Type", "text/plain"}}, exchange->body());
    });
    router->Add("GET", "/who", [](std::shared_ptr<Exchange> exchange) {
      exchange->Send(200, {}, exchange->remote_address());
    });
    router->Add("GET", "/hold", [this](std::shared_ptr<Exchange> exchange) { held.push_back(std::move(exchange)); });
    router->Add("GET", "/drop", [](std::shared_ptr<Exchange>) {});
    router->Add("GET", "/bad", [](std::shared_ptr<Exchange> exchange) {
      exchange->Send(200, {{"X", "a\r\nSet-Cookie: b"}}, "never");
    });
    router->Add("GET", "/large", [](std::shared_ptr<Exchange> exchange) {
      exchange->Send(200, {}, std::string(3'000'000, 'x'));
    });
    options.clock = std::make_shared<ManualClock>(784111777LL * 1'000'000);
  }
  ~Fixture() { pool->Stop(); }
  // Waits until `count` requests are held by /hold.
  void AwaitHeld(std::size_t count) {
    for (bool there = false; !there;) test::RunOn(loop(), [&] { there = held.size() >= count; });
  }
  // A request whose client has reset its connection before anybody asked to be told.
  Exchange& Deserted() {
    RawClient client(port());
    client.Send(Get("/hold"));
    AwaitHeld(1);
    client.Reset();
    for (bool gone = false; !gone;) test::RunOn(loop(), [&] { gone = held[0]->closed(); });
    return *held[0];
  }
  std::string Ask(const std::string& bytes) {
    RawClient client(port());
    client.Send(bytes);
    return client.ReceiveAll();
  }
};

std::string BodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an answer carries its length and the clock's date") {
  Start();
  CHECK(Ask(Post("/echo", "hello", kClose)) ==
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n"
        "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
  CHECK(BodyOf(Ask(Get("/who", kClose))) == "127.0.0.1");
}

TEST_CASE_FIXTURE(Fixture, "a connection is kept and a request may come byte by byte") {
  Start();
  RawClient client(port());
  for (const char c : Post("/echo", "slow")) client.Send({&c, 1});
  CHECK(client.ReceiveUntil("slow").find("Connection: close") == std::string::npos);
  client.Send(Post("/echo", "again", kClose));
  CHECK(BodyOf(client.ReceiveAll()) == "again");
}

TEST_CASE_FIXTURE(Fixture, "a chunked body is handed on whole") {
  Start();
  CHECK(BodyOf(Ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                   "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")) == "abcde");
}

TEST_CASE_FIXTURE(Fixture, "pipelined requests are answered in order") {
  Start();
  std::string bytes, expected;
  for (int i = 0; i < 50; ++i) bytes += Post("/echo", "number " + std::to_string(i) + ";");
  RawClient client(port());
  client.Send(bytes + Get("/who", kClose));
  const std::string all = client.ReceiveAll();
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    at = all.find("number " + std::to_string(i) + ";", at);
    REQUIRE(at != std::string::npos);
  }
  CHECK(all.ends_with("127.0.0.1"));
}

TEST_CASE_FIXTURE(Fixture, "a request waits until the one before it is answered") {
  Start();
  RawClient client(port());
  client.Send(Get("/hold") + Post("/echo", "second", kClose));
  AwaitHeld(1);
  test::RunOn(loop(), [&] { held[0]->Send(200, {}, "first;"); });
  const std::string all = client.ReceiveAll();
  CHECK(all.find("first;") < all.find("second"));
  CHECK(all.ends_with("second"));
}

TEST_CASE_FIXTURE(Fixture, "an exchange that was answered cannot answer the next request of its connection") {
  Start();
  RawClient client(port());
  client.Send(Get("/hold") + Get("/hold"));
  AwaitHeld(1);
  test::RunOn(loop(), [&] {
    held[0]->Send(200, {}, "one");
    held[0]->Send(200, {}, "stale");
  });
  AwaitHeld(2);
  test::RunOn(loop(), [&] {
    held[0]->Send(200, {}, "stale");
    held[0]->Start(200, {});
    held[0]->Abort();
    held[1]->Send(200, {}, "two");
  });
  CHECK(client.ReceiveUntil("two").find("stale") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a handler that drops the request answers 500") {
  Start();
  const std::string answer = Ask(Get("/drop", kClose));
  CHECK(answer.starts_with("HTTP/1.1 500 "));
  CHECK(BodyOf(answer) == "{\"error\":\"internal error\"}");
}

TEST_CASE_FIXTURE(Fixture, "the last reference may be dropped on another thread") {
  Start();
  RawClient client(port());
  client.Send(Get("/hold", kClose));
  AwaitHeld(1);
  std::shared_ptr<Exchange> taken;
  test::RunOn(loop(), [&] { taken = std::move(held[0]); });
  taken.reset();
  CHECK(client.ReceiveAll().starts_with("HTTP/1.1 500 "));
}

TEST_CASE_FIXTURE(Fixture, "a header with a line end is never written") {
  Start();
  const std::string answer = Ask(Get("/bad", kClose));
  CHECK(answer.starts_with("HTTP/1.1 500 "));
  CHECK(answer.find("Set-Cookie") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "HEAD has the length of GET and no body") {
  Start();
  const std::string answer = Ask("HEAD /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(answer.find("Content-Length: 9\r\n") != std::string::npos);
  CHECK(BodyOf(answer).empty());
}

TEST_CASE_FIXTURE(Fixture, "a refused request is answered with the reason and nothing after it is read") {
  Start();
  const std::string answer =
      Ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
          "0\r\n\r\n" +
          Get("/hold"));
  CHECK(answer.starts_with("HTTP/1.1 400 "));
  CHECK(BodyOf(answer) == "{\"error\":\"Content-Length and Transfer-Encoding together\"}");
  test::RunOn(loop(), [&] { CHECK(held.empty()); });
}

TEST_CASE_FIXTURE(Fixture, "requests before a refused one are answered first") {
  Start();
  const std::string all = Ask(Post("/echo", "good") + "GET /\r\n");
  CHECK(all.find("good") < all.find("HTTP/1.1 400 "));
}

TEST_CASE_FIXTURE(Fixture, "a body over the limit gets 413 even while it is being sent") {
  options.limits.body = 1000;
  Start();
  RawClient client(port());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + std::string(500'000, 'x'));
  CHECK(client.ReceiveAll().starts_with("HTTP/1.1 413 "));
}

TEST_CASE_FIXTURE(Fixture, "100-continue is sent when the body waits for it") {
  Start();
  RawClient client(port());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  CHECK(client.ReceiveUntil("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  CHECK(BodyOf(client.ReceiveAll()) == "ok");
}

TEST_CASE_FIXTURE(Fixture, "a large answer arrives whole") {
  Start();
  CHECK(BodyOf(Ask(Get("/large", kClose))).size() == 3'000'000);
  RawClient client(port(), 4096);
  client.Send(Get("/large") + Get("/large") + Post("/echo", "end", kClose));
  const std::string all = client.ReceiveAll();
  CHECK(all.size() > 6'000'000);
  CHECK(all.ends_with("end"));
}

TEST_CASE_FIXTURE(Fixture, "a client that only ended its sending side gets its answers") {
  Start();
  RawClient client(port());
  client.Send(Post("/echo", "one;") + Post("/echo", "two;"));
  client.EndSending();
  const std::string all = client.ReceiveAll();
  CHECK(all.find("one;") < all.find("two;"));
}

TEST_CASE_FIXTURE(Fixture, "a graceful stop answers what is in flight and closes what is idle") {
  Start();
  RawClient idle(port()), busy(port());
  idle.Send(Post("/echo", "in;"));
  idle.ReceiveUntil("in;");
  busy.Send(Get("/hold"));
  AwaitHeld(1);
  Event<bool> stopped;
  server->Stop(net::Millis(60'000), [&] { stopped.Set(true); });
  CHECK(idle.ReceiveAll().empty());
  CHECK_FALSE(stopped.is_set());
  test::RunOn(loop(), [&] { held[0]->Send(200, {}, "late"); });
  const std::string answer = busy.ReceiveAll();
  CHECK(answer.find("Connection: close") != std::string::npos);
  CHECK(BodyOf(answer) == "late");
  busy.Close();
  CHECK(stopped.Wait());
}

TEST_CASE_FIXTURE(Fixture, "a stop does not wait for longer than its grace") {
  Start();
  RawClient busy(port());
  busy.Send(Get("/hold"));
  AwaitHeld(1);
  Event<bool> closed, stopped;
  test::RunOn(loop(), [&] { held[0]->OnClose([&] { closed.Set(true); }); });
  server->Stop(net::Millis(10), [&] { stopped.Set(true); });
  CHECK(closed.Wait());
  CHECK(stopped.Wait());
  CHECK(busy.ReceiveAll().empty());
}

TEST_CASE_FIXTURE(Fixture, "who asks only after a client's reset is told all the same, once and not inside the call") {
  Start();
  Exchange& exchange = Deserted();
  Event<bool> told;
  int times = 0;  // of the loop
  test::RunOn(loop(), [&] {
    exchange.OnClose([&] {
      ++times;
      told.Set(true);
    });
    CHECK(times == 0);
  });
  CHECK(told.Wait());
  test::RunOn(loop(), [&] { CHECK(times == 1); });
}

TEST_CASE_FIXTURE(Fixture, "after a client's reset, too, a callback is replaced by the next and dropped with the answer") {
  Start();
  Exchange& exchange = Deserted();
  std::string told;  // of the loop
  const auto holds = std::make_shared<int>();
  const auto tells = [&](char what) { return [&told, holds, what] { told += what; }; };
  test::RunOn(loop(), [&] {
    exchange.OnClose(tells('a'));
    exchange.OnClose(tells('b'));
  });
  test::RunOn(loop(), [&] {
    CHECK(told == "b");
    exchange.OnClose(tells('c'));
    exchange.OnClose(nullptr);
  });
  test::RunOn(loop(), [&] {
    CHECK(told == "b");
    exchange.OnClose(tells('d'));
    exchange.Send(200, {}, "for nobody");
  });
  test::RunOn(loop(), [&] {
    CHECK(told == "b");
    CHECK(holds.use_count() == 1);
  });
}

TEST_CASE("a port in use and a bad address are refused with the way out") {
  test::ServerFixture one;
  one.Start();
  const std::string address = one.server->address();
  const auto again = Server::Start(one.pool->loops(), address, nullptr, one.router, {});
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().message ==
        "cannot listen on " + address + ": address already in use; choose another with --listen");
  CHECK(Server::Start(one.pool->loops(), "192.0.2.1:0", nullptr, one.router, {}).error().message.find(
            "this machine does not have that address") != std::string::npos);
  CHECK(Server::Start(one.pool->loops(), "example.com:80", nullptr, one.router, {}).error().code ==
        ErrorCode::kInvalidArgument);
}

}  // namespace intentgate::http
