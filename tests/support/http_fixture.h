// A server on a loop of its own, and requests as text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http/router.h"
#include "http/server.h"
#include "net/loop.h"
#include "support/net_fixture.h"

namespace intentgate::test {

// One loop, one server on a free port of the loopback, and a router to fill before Start. What derives from it
// and adds members that handlers use stops the pool in its own destructor, before they go.
struct ServerFixture {
  std::unique_ptr<net::LoopPool> pool = *net::LoopPool::Start(1);
  std::shared_ptr<http::Router> router = std::make_shared<http::Router>();
  http::ServerOptions options;
  std::unique_ptr<http::Server> server;

  void Start(std::shared_ptr<const net::TlsContext> tls = nullptr) {
    auto started = http::Server::Start(pool->loops(), "127.0.0.1:0", std::move(tls), router, options);
    REQUIRE(started.ok());
    server = *std::move(started);
  }
  std::uint16_t port() const { return server->port(); }
  net::Loop& loop() { return pool->at(0); }
  ~ServerFixture() { pool->Stop(); }
};

inline std::string Get(std::string_view path, std::string_view more = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more) + "\r\n";
}

inline std::string Post(std::string_view path, std::string_view body, std::string_view more = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more) + "\r\n" + std::string(body);
}

}  // namespace intentgate::test
