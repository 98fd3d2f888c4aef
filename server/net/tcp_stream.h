// The one Stream there is: a TCP socket, with a TLS session on it or not. For server/net/*.cc alone.
#pragma once

#include <asio/ip/tcp.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "net/stream.h"
#include "net/tls_session.h"

namespace intentgate::net {

class TcpStream final : public Stream, public std::enable_shared_from_this<TcpStream> {
 public:
  // Takes a connected socket. `tls` may be null.
  TcpStream(Loop& loop, asio::ip::tcp::socket socket, std::string peer_address);

  // Puts a TLS session on the stream; the handshake runs at Start or at Handshake.
  Status UseTls(std::shared_ptr<const TlsContext> context, const std::string& server_name);
  // Runs the handshake before Start; a client wants to know how it went before it hands the stream on.
  void Handshake(std::function<void(Status)> done);

  void Start(StreamHandler* handler) override;
  void SetHandler(StreamHandler* handler) override { handler_ = handler; }
  void PauseReading() override { paused_ = true; }
  void ResumeReading() override;
  void Write(std::string_view first, std::string_view second) override;
  std::size_t pending_bytes() const override { return pending_.size() - pending_sent_; }
  std::uint64_t written_bytes() const override { return written_; }
  void FinishWriting() override;
  void Close() override;
  const std::string& peer_address() const override { return peer_address_; }
  Loop& loop() override { return loop_; }

  // What the loop kept this stream for.
  void SendHeldNow();

 private:
  void ContinueHandshake();
  void HandshakeDone(Status status);

  void ArmRead();
  void OnPlainRead(const asio::error_code& error, std::size_t bytes);
  void ReadTls();
  void Deliver(std::size_t bytes);
  void DeliverEnd();

  void Hold(std::string_view first, std::string_view second);
  void SendHeld();
  void SendNow(std::string_view first, std::string_view second);
  std::size_t SendPlain(std::string_view first, std::string_view second);
  std::size_t SendTls(std::string_view data);
  void Queue(std::string_view first, std::string_view second);
  void ArmWrite();
  void OnWritable();

  void Fail(Error error);
  void FailLater(std::string message);

  Loop& loop_;
  asio::ip::tcp::socket socket_;
  std::string peer_address_;
  std::unique_ptr<TlsSession> tls_;
  StreamHandler* handler_ = nullptr;
  std::function<void(Status)> handshake_done_;

  std::string held_;  // written in this turn of the loop, not yet given to the kernel
  std::string pending_;
  std::size_t pending_sent_ = 0;
  std::uint64_t written_ = 0;
  bool handshaken_ = true;
  bool read_armed_ = false;
  bool write_armed_ = false;
  bool kept_by_loop_ = false;
  bool paused_ = false;
  bool ended_ = false;
  bool finishing_ = false;
  bool finished_ = false;
  bool closed_ = false;
  bool failed_ = false;
  // One read of this size holds nearly every request of a tool call whole. Last, so that a short one lies in the page of
  // the members: a stream that waits then has one page of memory and not the whole buffer.
  std::array<char, 8192> buffer_;
};

}  // namespace intentgate::net
