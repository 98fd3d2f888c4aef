#include "net/connector.h"

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>

#include <utility>

#include "net/asio_loop.h"
#include "net/tcp_stream.h"

namespace intentgate::net {
namespace {

using asio::ip::tcp;

class Attempt final : public Connecting, public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(Loop& loop, HostPort to, std::shared_ptr<const TlsContext> tls, ConnectHandler done)
      : loop_(loop), to_(std::move(to)), tls_(std::move(tls)), done_(std::move(done)), resolver_(loop.impl().io),
        socket_(loop.impl().io), timer_(loop, [this] { TimedOut(); }) {}

  void Begin(Millis timeout) {
    timer_.Set(timeout);
    resolver_.async_resolve(
        to_.host, std::to_string(to_.port), tcp::resolver::numeric_service,
        [self = shared_from_this()](const asio::error_code& error, tcp::resolver::results_type all) {
          if (self->done_ == nullptr) return;
          if (error) return self->Fail("the name cannot be resolved: " + error.message());
          self->ConnectAny(all);
        });
  }

  void Cancel() override {
    done_ = nullptr;
    Stop();
  }

 private:
  void ConnectAny(const tcp::resolver::results_type& all) {
    asio::async_connect(socket_, all,
                        [self = shared_from_this()](const asio::error_code& error, const tcp::endpoint& peer) {
                          if (self->done_ == nullptr) return;
                          if (error) return self->Fail(error.message());
                          self->Secure(peer);
                        });
  }

  void Secure(const tcp::endpoint& peer) {
    stream_ = std::make_shared<TcpStream>(loop_, std::move(socket_), peer.address().to_string());
    if (tls_ == nullptr) return Succeed();
    const Status status = stream_->UseTls(tls_, to_.host);
    if (!status.ok()) return Fail(status.error().message);
    stream_->Handshake([self = shared_from_this()](Status shaken) {
      if (self->done_ == nullptr) return;
      if (!shaken.ok()) return self->Fail(shaken.error().message);
      self->Succeed();
    });
  }

  void Succeed() {
    timer_.Clear();
    std::exchange(done_, nullptr)(std::shared_ptr<Stream>(std::move(stream_)));
  }

  void TimedOut() {
    const auto self = shared_from_this();
    Stop();
    Report(Error{ErrorCode::kTimeout, "cannot connect to " + to_.ToString() + ": no connection in time"});
  }

  void Fail(const std::string& why) {
    Stop();
    Report(Error{ErrorCode::kUnavailable, "cannot connect to " + to_.ToString() + ": " + why});
  }

  void Report(Error error) {
    if (done_ != nullptr) std::exchange(done_, nullptr)(std::move(error));
  }

  void Stop() {
    timer_.Clear();
    resolver_.cancel();
    asio::error_code ignored;
    socket_.close(ignored);
    if (stream_ != nullptr) stream_->Close();
  }

  Loop& loop_;
  HostPort to_;
  std::shared_ptr<const TlsContext> tls_;
  ConnectHandler done_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  std::shared_ptr<TcpStream> stream_;
  Timer timer_;
};

}  // namespace

std::shared_ptr<Connecting> Connect(Loop& loop, const HostPort& to, std::shared_ptr<const TlsContext> tls,
                                    Millis timeout, ConnectHandler done) {
  auto attempt = std::make_shared<Attempt>(loop, to, std::move(tls), std::move(done));
  attempt->Begin(timeout);
  return attempt;
}

}  // namespace intentgate::net
