// The HTTP/1.1 server: listens, reads requests strictly, hands each to a Handler with its whole body,
// and writes the answers in the order of the requests.
//
//   auto router = std::make_shared<http::Router>();
//   router->Add("GET", "/healthz", [](auto exchange) { exchange->Send(200, {}, "ok"); });
//   auto server = http::Server::Start(pool->loops(), "127.0.0.1:8080", nullptr, router, {});
//   ...
//   (*server)->Stop(net::Millis(10'000), [] { ... });
//
// A connection lives on one loop; requests that come before the answer of an earlier one wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "http/exchange.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/tls.h"

namespace intentgate::net {
class Listener;
}

namespace intentgate::http {

struct ServerOptions {
  Limits limits;
  // From the connection's start, or a request's first byte, to the end of its head.
  net::Millis head_timeout{10'000};
  // From the head to the last byte of the body.
  net::Millis body_timeout{60'000};
  // Between two requests of a connection.
  net::Millis idle_timeout{75'000};
  // How long a client may take nothing of an answer.
  net::Millis write_timeout{30'000};
  // How long a closing connection waits for the client's end, so that the last answer is not lost.
  net::Millis linger_timeout{2'000};
  // Over all loops. A connection beyond it takes the place of the one that has waited longest without a whole request; when
  // all are in work, it is closed unanswered.
  std::size_t max_connections = 20'000;
  // Of one client address, over all loops; what comes beyond is closed unanswered. 0: no limit, since behind a proxy all
  // clients have its address.
  std::size_t max_connections_per_address = 0;
  // Unsent bytes at which Exchange::Write asks to wait and no further pipelined request is begun.
  std::size_t high_water = 256 * 1024;
  // For the Date field.
  std::shared_ptr<const Clock> clock = SystemClock();
};

// Thread-safe.
class Server {
 public:
  // Listens on each of `loops`, which must outlive the server. `tls` null means plain HTTP.
  static Result<std::unique_ptr<Server>> Start(const std::vector<net::Loop*>& loops, std::string_view address,
                                               std::shared_ptr<const net::TlsContext> tls,
                                               std::shared_ptr<Handler> handler, ServerOptions options);
  // Closes every connection without waiting. Best after the loops stopped, or after Stop's `done`.
  ~Server();
  Server(const Server&) = delete;  // owns sockets
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  const std::string& address() const;

  // Accepts no more, closes idle connections, lets requests in flight finish with "Connection: close",
  // and after `grace` closes what is left. `done` is called once, on a loop's thread (at once when there
  // is nothing left). Call it once, while the loops run.
  void Stop(net::Millis grace, std::function<void()> done);

  class Shard;

 private:
  Server() = default;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::shared_ptr<Shard>> shards_;
};

}  // namespace intentgate::http
