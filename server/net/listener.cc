// Each loop has a socket of its own on the port (SO_REUSEPORT), so that no thread hands connections
// to another. SO_REUSEPORT also lets a second process of the same user share the port unnoticed: that
// is why a socket without it tries the address first.

#include "net/listener.h"

#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>

#include <cerrno>
#include <exception>
#include <utility>

#include "net/address.h"
#include "net/asio_loop.h"
#include "net/tcp_stream.h"

namespace intentgate::net {
namespace {

using asio::ip::tcp;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr int kBacklog = 4096;
// How long to wait when the process has no descriptor left for a new connection.
constexpr Millis kRetryAccept{100};

Error CannotListen(const std::string& address, const asio::error_code& error) {
  std::string why = error.message();
  std::string way_out = "choose another with --listen";
  if (error == asio::error::address_in_use) why = "address already in use";
  if (error == asio::error::access_denied) {
    why = "permission denied";
    way_out = "choose a port above 1023 with --listen, or grant CAP_NET_BIND_SERVICE";
  }
  if (error.value() == EADDRNOTAVAIL) why = "this machine does not have that address";
  return Error{ErrorCode::kIo, "cannot listen on " + address + ": " + why + "; " + way_out};
}

asio::error_code Bind(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool share) {
  asio::error_code error;
  if (acceptor.open(endpoint.protocol(), error)) return error;
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), error)) return error;
  if (share && acceptor.set_option(ReusePort(true), error)) return error;
  if (endpoint.address().is_v6() && acceptor.set_option(asio::ip::v6_only(true), error)) return error;
  acceptor.bind(endpoint, error);
  return error;
}

Result<tcp::endpoint> ToEndpoint(std::string_view text) {
  auto parsed = ParseHostPort(text);
  if (!parsed.ok()) return parsed.error();
  if (parsed->host == "localhost") parsed->host = "127.0.0.1";
  asio::error_code error;
  const asio::ip::address address = asio::ip::make_address(parsed->host, error);
  if (error) {
    return Error{ErrorCode::kInvalidArgument, "cannot listen on " + std::string(text) +
                                                  ": a numeric address is needed; use 0.0.0.0 for every interface"};
  }
  return tcp::endpoint(address, parsed->port);
}

}  // namespace

// Loop-bound after Run; holds itself while an accept is in progress.
class Listener::Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(Loop& loop, std::shared_ptr<const TlsContext> tls, AcceptHandler on_accept)
      : loop_(loop), socket_(loop.impl().io), tls_(std::move(tls)), on_accept_(std::move(on_accept)),
        retry_(loop, [this] { Accept(); }) {}

  Loop& loop() { return loop_; }
  // The descriptor stays ours until it is adopted; it closes with this object.
  ~Acceptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  void Give(int descriptor, tcp protocol) {
    descriptor_ = descriptor;
    protocol_ = protocol;
  }
  void Run() {
    if (closed_) return;
    asio::error_code error;
    socket_.assign(protocol_, std::exchange(descriptor_, -1), error);
    Accept();
  }
  void Close() {
    closed_ = true;
    asio::error_code ignored;
    socket_.close(ignored);
    retry_.Clear();
  }

 private:
  void Accept() {
    if (closed_) return;
    socket_.async_accept(peer_, [self = shared_from_this()](const asio::error_code& error, tcp::socket socket) {
      if (self->closed_) return;
      if (error) return self->retry_.Set(error == asio::error::connection_aborted ? Millis(0) : kRetryAccept);
      self->Take(std::move(socket));
      self->Accept();
    });
  }
  void Take(tcp::socket socket) {
    auto stream = std::make_shared<TcpStream>(loop_, std::move(socket), peer_.address().to_string());
    if (tls_ != nullptr && !stream->UseTls(tls_, "").ok()) return;
    on_accept_(std::move(stream));
  }

  Loop& loop_;
  tcp::acceptor socket_;
  tcp::endpoint peer_;
  tcp protocol_ = tcp::v4();
  std::shared_ptr<const TlsContext> tls_;
  AcceptHandler on_accept_;
  Timer retry_;
  int descriptor_ = -1;
  bool closed_ = false;
};

Result<std::unique_ptr<Listener>> Listener::Open(const std::vector<Loop*>& loops, std::string_view address,
                                                 std::shared_ptr<const TlsContext> tls, AcceptHandler on_accept) {
  auto endpoint = ToEndpoint(address);
  if (!endpoint.ok()) return endpoint.error();
  const std::string shown(address);
  try {
    asio::io_context scratch;
    if (endpoint->port() != 0) {
      tcp::acceptor probe(scratch);
      if (const asio::error_code error = Bind(probe, *endpoint, false)) return CannotListen(shown, error);
    }
    std::unique_ptr<Listener> listener(new Listener());
    for (Loop* const loop : loops) {
      tcp::acceptor socket(scratch);
      asio::error_code error = Bind(socket, *endpoint, true);
      if (!error) socket.listen(kBacklog, error);
      if (error) return CannotListen(shown, error);
      endpoint->port(socket.local_endpoint().port());
      auto acceptor = std::make_shared<Acceptor>(*loop, tls, on_accept);
      acceptor->Give(socket.release(), endpoint->protocol());
      listener->acceptors_.push_back(acceptor);
    }
    listener->port_ = endpoint->port();
    listener->address_ = HostPort{endpoint->address().to_string(), endpoint->port()}.ToString();
    for (std::size_t i = 0; i < loops.size(); ++i) {
      loops[i]->Post([acceptor = listener->acceptors_[i]] { acceptor->Run(); });
    }
    return listener;
  } catch (const std::exception& e) {
    return Error{ErrorCode::kIo, "cannot listen on " + shown + ": " + e.what()};
  }
}

Listener::~Listener() { Close(); }

void Listener::Close() {
  for (auto& acceptor : acceptors_) acceptor->loop().Post([acceptor] { acceptor->Close(); });
  acceptors_.clear();
}

}  // namespace intentgate::net
