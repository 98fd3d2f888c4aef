#include <doctest/doctest.h>

#include "support/http_fixture.h"

namespace intentgate::http {
namespace {

using test::Event;
using test::Get;
using test::RawClient;

struct Fixture : test::ServerFixture {
  Event<std::shared_ptr<Exchange>> opened;
  Event<bool> closed;
  Fixture() {
    router->Add("GET", "/stream", [this](std::shared_ptr<Exchange> exchange) {
      exchange->OnClose([this, exchange] { closed.Set(exchange != nullptr); });
      exchange->Start(200, {{"Content-Type", "text/event-stream"}});
      exchange->Write("data: 1\n\n");
      opened.Set(std::move(exchange));
    });
  }
  ~Fixture() { pool->Stop(); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "pieces reach the client as they are written") {
  Start();
  RawClient client(port());
  client.Send(Get("/stream"));
  CHECK(client.ReceiveUntil("\r\n\r\n").find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(client.ReceiveUntil("9\r\ndata: 1\n\n\r\n") == "9\r\ndata: 1\n\n\r\n");
  const auto exchange = opened.Wait();
  test::RunOn(loop(), [&] { exchange->Write("data: 2\n\n"); });
  CHECK(client.ReceiveUntil("\n\n\r\n") == "9\r\ndata: 2\n\n\r\n");
  test::RunOn(loop(), [&] {
    exchange->Write("");
    exchange->Finish();
    exchange->Write("late");
  });
  CHECK(client.ReceiveUntil("0\r\n\r\n") == "0\r\n\r\n");
  client.Send(Get("/none", "Connection: close\r\n"));
  CHECK(client.ReceiveAll().starts_with("HTTP/1.1 404 "));
  CHECK_FALSE(closed.is_set());
}

TEST_CASE_FIXTURE(Fixture, "a stream to an HTTP/1.0 client ends with the connection") {
  Start();
  RawClient client(port());
  client.Send("GET /stream HTTP/1.0\r\nHost: a\r\n\r\n");
  const auto exchange = opened.Wait();
  test::RunOn(loop(), [&] { exchange->Finish(); });
  const std::string all = client.ReceiveAll();
  CHECK(all.find("chunked") == std::string::npos);
  CHECK(all.ends_with("\r\n\r\ndata: 1\n\n"));
}

TEST_CASE_FIXTURE(Fixture, "the handler learns that its client went away") {
  Start();
  RawClient client(port());
  client.Send(Get("/stream"));
  const auto exchange = opened.Wait();
  client.Close();
  CHECK(closed.Wait());
}

TEST_CASE_FIXTURE(Fixture, "an aborted stream does not look complete") {
  Start();
  RawClient client(port());
  client.Send(Get("/stream"));
  const auto exchange = opened.Wait();
  test::RunOn(loop(), [&] { exchange->Abort(); });
  CHECK_FALSE(client.ReceiveAll().ends_with("0\r\n\r\n"));
}

TEST_CASE("a slow reader stops the writer until it has read") {
  test::ServerFixture fixture;
  fixture.options.high_water = 64 * 1024;
  Event<bool> congested;
  std::size_t written = 0;
  std::function<void(const std::shared_ptr<Exchange>&)> pump = [&](const std::shared_ptr<Exchange>& exchange) {
    while (written < 8'000'000) {
      written += 10'000;
      if (!exchange->Write(std::string(10'000, 'x'))) return congested.Set(true);
    }
    exchange->Finish();
  };
  fixture.router->Add("GET", "/", [&](std::shared_ptr<Exchange> exchange) {
    exchange->Start(200, {});
    exchange->OnDrain([&pump, exchange] { pump(exchange); });
    pump(exchange);
  });
  fixture.Start();
  RawClient client(fixture.port(), 4096);
  client.Send(Get("/", "Connection: close\r\n"));
  CHECK(congested.Wait());
  const std::string all = client.ReceiveAll();
  CHECK(all.ends_with("\r\n0\r\n\r\n"));
  CHECK(all.size() > 8'000'000);
}

TEST_CASE_FIXTURE(Fixture, "a writer that waits is told when a client that had ended its sending side is gone") {
  options.high_water = 64 * 1024;
  Start();
  RawClient client(port(), 4096);
  client.Send(Get("/stream"));
  client.EndSending();
  CHECK(closed.Wait());
  const auto exchange = opened.Wait();
  Event<bool> told;
  test::RunOn(loop(), [&] {
    exchange->OnDrain([&] {
      if (exchange->closed()) told.Set(true);
    });
    while (exchange->Write(std::string(10'000, 'x'))) CHECK_FALSE(exchange->closed());
  });
  client.Close();
  CHECK(told.Wait());
}

}  // namespace intentgate::http
