// Accepts connections on one address, spread by the kernel over the loops of a pool.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"

namespace intentgate::net {

// Called on the loop that owns the new stream, from several threads when there are several loops.
using AcceptHandler = std::function<void(std::shared_ptr<Stream>)>;

// Thread-safe.
class Listener {
 public:
  // Listens on `address` ("127.0.0.1:8080", "[::1]:8080", ":8080"; port 0 means any free one) with a
  // socket for each loop. `tls` null means plain TCP. Fails when any other socket listens there.
  static Result<std::unique_ptr<Listener>> Open(const std::vector<Loop*>& loops, std::string_view address,
                                                std::shared_ptr<const TlsContext> tls, AcceptHandler on_accept);
  // Closes.
  ~Listener();
  Listener(const Listener&) = delete;  // owns sockets
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const { return port_; }
  // "127.0.0.1:8080", with the port that was taken.
  const std::string& address() const { return address_; }
  // No connection is accepted after it; those that are accepted live on. Idempotent.
  void Close();

 private:
  class Acceptor;
  Listener() = default;
  std::uint16_t port_ = 0;
  std::string address_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
};

}  // namespace intentgate::net
