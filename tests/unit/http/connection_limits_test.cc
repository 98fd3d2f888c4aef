// Who keeps a connection, and who loses one, when there are as many as there may be.

#include <doctest/doctest.h>

#include <deque>

#include "http/address_counts.h"
#include "support/http_fixture.h"

namespace intentgate::http {
namespace {

using test::Event;
using test::Get;
using test::Post;
using test::RawClient;
using test::RunOn;

constexpr std::string_view kHalf = "GET / HTTP/1.1\r\nHost: test\r\n";

struct Fixture : test::ServerFixture {
  Event<bool> asked;
  std::shared_ptr<Exchange> held;
  Fixture() {
    options.head_timeout = options.body_timeout = options.idle_timeout = options.write_timeout = options.linger_timeout =
        net::Millis(600'000);
    router->Add("GET", "/", [](std::shared_ptr<Exchange> e) { e->Send(200, {}, "here;"); });
    router->Add("GET", "/held", [this](std::shared_ptr<Exchange> e) {
      held = std::move(e);
      asked.Set(true);
    });
    router->Add("GET", "/large", [](std::shared_ptr<Exchange> e) { e->Send(200, {}, std::string(8'000'000, 'x') + "end;"); });
  }
  ~Fixture() { pool->Stop(); }

  // Empty: the connection was closed instead.
  std::string Asks(RawClient& client) {
    client.Send(Get("/"));
    return client.ReceiveUntil("here;");
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a connection beyond the limit takes the place of the one that has waited longest") {
  options.max_connections = 2;
  Start();
  RawClient first(port()), second(port());
  first.Send(kHalf);
  second.Send(kHalf);
  RawClient third(port());
  CHECK(Asks(third).ends_with("here;"));
  CHECK(first.ReceiveAll().empty());
  second.Send("\r\n");
  CHECK(second.ReceiveUntil("here;").ends_with("here;"));
  // Its answer put the second one behind the third.
  RawClient fourth(port());
  CHECK(Asks(fourth).ends_with("here;"));
  CHECK(third.ReceiveAll().empty());
}

TEST_CASE_FIXTURE(Fixture, "a request in work keeps its connection, and a new one is closed") {
  options.max_connections = 1;
  Start();
  RawClient first(port());
  first.Send(Get("/held"));
  asked.Wait();
  RawClient second(port());
  CHECK(Asks(second).empty());
  RunOn(loop(), [this] { std::exchange(held, nullptr)->Send(200, {}, "done;"); });
  CHECK(first.ReceiveUntil("done;").ends_with("done;"));
}

TEST_CASE_FIXTURE(Fixture, "an answer that its client has not taken whole keeps its connection") {
  options.max_connections = 1;
  Start();
  RawClient first(port(), 4096);
  first.Send(Get("/large"));
  CHECK(first.Receive(1000).starts_with("HTTP/1.1 200"));
  RawClient second(port());
  CHECK(Asks(second).empty());
  CHECK(first.ReceiveUntil("end;").ends_with("end;"));
  // Now it waits for a request like any other.
  RawClient third(port());
  CHECK(Asks(third).ends_with("here;"));
}

TEST_CASE_FIXTURE(Fixture, "half-open requests, however many, do not keep an honest client out") {
  options.max_connections = 20;
  Start();
  std::deque<RawClient> half_open;
  for (int i = 0; i < 200; ++i) {
    half_open.emplace_back(port()).Send(i % 2 == 0 ? kHalf : std::string_view("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"));
    if (i % 20 != 19) continue;
    RawClient honest(port());
    CHECK(Asks(honest).ends_with("here;"));
  }
}

TEST_CASE_FIXTURE(Fixture, "one address may have so many connections; one that ends makes room for another") {
  options.max_connections_per_address = 2;
  Start();
  RawClient first(port()), second(port());
  CHECK(Asks(first).ends_with("here;"));
  CHECK(Asks(second).ends_with("here;"));
  RawClient third(port());
  CHECK(Asks(third).empty());
  CHECK(Asks(first).ends_with("here;"));
  second.EndSending();
  CHECK(second.ReceiveAll().empty());
  RawClient fourth(port());
  CHECK(Asks(fourth).ends_with("here;"));
}

TEST_CASE("addresses are counted apart, and without a limit not at all") {
  AddressCounts limited(1), unlimited(0);
  CHECK(limited.Enter("192.0.2.1"));
  CHECK_FALSE(limited.Enter("192.0.2.1"));
  CHECK(limited.Enter("192.0.2.2"));
  limited.Leave("192.0.2.1");
  CHECK(limited.Enter("192.0.2.1"));
  for (int i = 0; i < 3; ++i) CHECK(unlimited.Enter("192.0.2.1"));
}

}  // namespace intentgate::http
