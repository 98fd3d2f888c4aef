// Server and client together, over TLS and over several loops.

#include <doctest/doctest.h>

#include <atomic>

#include "http/client.h"
#include "support/http_fixture.h"
#include "support/test_certificate.h"

namespace intentgate::http {
namespace {

using test::Event;

struct Answer {
  std::string body, error;
};

struct Fixture : test::ServerFixture {
  std::unique_ptr<Client> client;
  Fixture() {
    router->Add("POST", "/echo", [](std::shared_ptr<Exchange> e) { e->Send(200, {}, e->body()); });
  }
  ~Fixture() { pool->Stop(); }
  Answer Ask(const Url& url, std::string body) {
    Event<Answer> done;
    loop().Post([&] {
      auto text = std::make_shared<std::string>();
      client->Send(url, {"POST", {}, std::move(body), false},
                   {{}, [text](std::string_view data) { text->append(data); },
                    [text, &done](Status s) { done.Set({*text, s.ok() ? "" : s.error().message}); }});
    });
    return done.Wait();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "requests and answers of any size go over TLS on one kept connection") {
  const test::TestCertificate files;
  Start(*net::TlsContext::ForServer(files.certificate_file(), files.key_file()));
  ClientOptions with_tls;
  with_tls.tls = *net::TlsContext::ForClient(files.certificate_file());
  test::RunOn(loop(), [&] { client = Client::Create(loop(), with_tls); });
  const Url url = *ParseUrl("https://127.0.0.1:" + std::to_string(port()) + "/echo");
  for (const std::size_t size : {std::size_t{1}, std::size_t{70'000}, std::size_t{3'000'000}}) {
    const Answer answer = Ask(url, std::string(size, 'x'));
    CHECK(answer.error == "");
    CHECK(answer.body.size() == size);
  }
  test::RunOn(loop(), [&] { CHECK(client->connections() == 1); });
}

TEST_CASE_FIXTURE(Fixture, "a plain request to the TLS port gets no answer") {
  const test::TestCertificate files;
  Start(*net::TlsContext::ForServer(files.certificate_file(), files.key_file()));
  test::RawClient plain(port());
  plain.Send(test::Post("/echo", "x"));
  CHECK(plain.ReceiveAll().find("HTTP/1.1") == std::string::npos);
}

TEST_CASE("several loops share a port and each keeps its connections") {
  const auto pool = *net::LoopPool::Start(3);
  std::atomic<int> wrong{0};
  auto router = std::make_shared<Router>();
  router->Add("POST", "/echo", [&](std::shared_ptr<Exchange> e) {
    if (!e->loop().OnLoopThread()) ++wrong;
    e->Send(200, {}, e->body());
  });
  auto server = *Server::Start(pool->loops(), "127.0.0.1:0", nullptr, router, {});
  std::vector<std::unique_ptr<test::RawClient>> clients;
  for (int i = 0; i < 24; ++i) clients.push_back(std::make_unique<test::RawClient>(server->port()));
  for (int round = 0; round < 3; ++round) {
    for (auto& each : clients) each->Send(test::Post("/echo", "end;"));
    for (auto& each : clients) CHECK(each->ReceiveUntil("end;").ends_with("end;"));
  }
  CHECK(wrong == 0);
  Event<bool> stopped;
  server->Stop(net::Millis(60'000), [&] { stopped.Set(true); });
  CHECK(stopped.Wait());
  pool->Stop();
}

}  // namespace intentgate::http
