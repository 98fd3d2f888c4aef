// Reading is asynchronous. Writing is tried at the end of the loop's turn, without waiting: nearly every answer fits the
// socket's buffer. The turn gathers what the loop has for a peer, and wakes a peer that sleeps once for all of its
// connections instead of once for each message; on a machine that is shared with the peer that costs more than the write.
//
// The read buffer belongs to the stream and every operation in progress holds the stream, so a
// handler may vanish right after Close.
// Tested by tests/unit/net/stream_test.cc and tls_test.cc.

#include "net/tcp_stream.h"

#include <asio/buffer.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <utility>

#include "net/asio_loop.h"

namespace intentgate::net {
namespace {

// Below this the copy of a sent prefix costs less than keeping count of it.
constexpr std::size_t kCompactAt = 64 * 1024;
// What is written beyond this in one turn is not held for its end.
constexpr std::size_t kMaxHeld = 16 * 1024;
// How many TLS records one wake-up may deliver before other connections get their turn.
constexpr int kTlsReadsPerTurn = 8;

bool WouldBlock(const asio::error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again || error == asio::error::interrupted;
}

}  // namespace

TcpStream::TcpStream(Loop& loop, asio::ip::tcp::socket socket, std::string peer_address)
    : loop_(loop), socket_(std::move(socket)), peer_address_(std::move(peer_address)) {
  asio::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  socket_.native_non_blocking(true, ignored);
}

Status TcpStream::UseTls(std::shared_ptr<const TlsContext> context, const std::string& server_name) {
  auto session = TlsSession::Create(std::move(context), socket_.native_handle(), server_name);
  if (!session.ok()) return session.error();
  tls_ = *std::move(session);
  handshaken_ = false;
  return {};
}

void TcpStream::Handshake(std::function<void(Status)> done) {
  handshake_done_ = std::move(done);
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->ContinueHandshake(); });
}

void TcpStream::ContinueHandshake() {
  if (closed_) return;
  switch (const TlsStep step = tls_->Handshake()) {
    case TlsStep::kDone:
      handshaken_ = true;
      return HandshakeDone({});
    case TlsStep::kWantRead:
    case TlsStep::kWantWrite:
      return socket_.async_wait(
          step == TlsStep::kWantRead ? asio::ip::tcp::socket::wait_read : asio::ip::tcp::socket::wait_write,
          [self = shared_from_this()](const asio::error_code&) { self->ContinueHandshake(); });
    case TlsStep::kEnd: return HandshakeDone(Error{ErrorCode::kIo, "TLS handshake: the peer closed the connection"});
    case TlsStep::kFailed: return HandshakeDone(Error{ErrorCode::kIo, "TLS handshake: " + tls_->failure()});
  }
}

void TcpStream::HandshakeDone(Status status) {
  const auto done = std::exchange(handshake_done_, nullptr);
  if (done) done(std::move(status));
}

void TcpStream::Start(StreamHandler* handler) {
  handler_ = handler;
  if (handshaken_) return ArmRead();
  Handshake([this](Status status) {
    if (!status.ok()) return Fail(status.error());
    if (pending_bytes() > 0) ArmWrite();
    ArmRead();
  });
}

void TcpStream::ResumeReading() {
  paused_ = false;
  if (handler_ != nullptr && handshaken_) ArmRead();
}

void TcpStream::ArmRead() {
  if (read_armed_ || closed_ || paused_ || ended_) return;
  read_armed_ = true;
  if (tls_ == nullptr) {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const asio::error_code& error, std::size_t bytes) {
                              self->OnPlainRead(error, bytes);
                            });
    return;
  }
  // OpenSSL may hold decrypted bytes that no readiness of the socket will announce: try before waiting.
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->ReadTls(); });
}

void TcpStream::OnPlainRead(const asio::error_code& error, std::size_t bytes) {
  read_armed_ = false;
  if (closed_) return;
  if (error == asio::error::eof) return DeliverEnd();
  if (error) return Fail(Error{ErrorCode::kIo, "read: " + error.message()});
  Deliver(bytes);
  ArmRead();
}

void TcpStream::ReadTls() {
  read_armed_ = false;
  for (int turn = 0; turn < kTlsReadsPerTurn && !closed_ && !paused_; ++turn) {
    const TlsIo io = tls_->Read(buffer_.data(), buffer_.size());
    if (io.step == TlsStep::kDone) {
      Deliver(io.bytes);
      continue;
    }
    if (io.step == TlsStep::kEnd) return DeliverEnd();
    if (io.step == TlsStep::kFailed) return Fail(Error{ErrorCode::kIo, "read: " + tls_->failure()});
    read_armed_ = true;
    return socket_.async_wait(io.step == TlsStep::kWantRead ? asio::ip::tcp::socket::wait_read
                                                            : asio::ip::tcp::socket::wait_write,
                              [self = shared_from_this()](const asio::error_code&) { self->ReadTls(); });
  }
  ArmRead();
}

void TcpStream::Deliver(std::size_t bytes) {
  if (handler_ != nullptr) handler_->OnData({buffer_.data(), bytes});
}

void TcpStream::DeliverEnd() {
  ended_ = true;
  if (handler_ != nullptr) handler_->OnEnd();
}

void TcpStream::Write(std::string_view first, std::string_view second) {
  if (closed_ || failed_ || finishing_) return;
  if (pending_bytes() > 0 || !handshaken_) return Queue(first, second);
  if (held_.size() + first.size() + second.size() <= kMaxHeld) return Hold(first, second);
  SendHeld();
  if (pending_bytes() > 0) return Queue(first, second);
  SendNow(first, second);
}

void TcpStream::Hold(std::string_view first, std::string_view second) {
  held_.append(first).append(second);
  if (!std::exchange(kept_by_loop_, true)) loop_.impl().held_output.Add(shared_from_this());
}

void TcpStream::SendHeldNow() {
  kept_by_loop_ = false;
  SendHeld();
}

void TcpStream::SendHeld() {
  if (held_.empty() || closed_ || failed_) return;
  SendNow(held_, {});
  held_.clear();
}

void TcpStream::SendNow(std::string_view first, std::string_view second) {
  if (tls_ != nullptr) {
    // One record for both: a head alone in a record would be a packet of its own.
    Queue(first, second);
    return OnWritable();
  }
  const std::size_t sent = SendPlain(first, second);
  if (sent == first.size() + second.size() || failed_) return;
  const std::size_t of_first = std::min(sent, first.size());
  Queue(first.substr(of_first), second.substr(sent - of_first));
  ArmWrite();
}

std::size_t TcpStream::SendPlain(std::string_view first, std::string_view second) {
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(first.data(), first.size()),
                                                   asio::buffer(second.data(), second.size())};
  asio::error_code error;
  const std::size_t sent =
      second.empty() ? socket_.write_some(parts[0], error) : socket_.write_some(parts, error);
  if (error && !WouldBlock(error)) FailLater("write: " + error.message());
  written_ += sent;
  return sent;
}

std::size_t TcpStream::SendTls(std::string_view data) {
  std::size_t sent = 0;
  while (sent < data.size()) {
    const TlsIo io = tls_->Write(data.data() + sent, data.size() - sent);
    if (io.step == TlsStep::kFailed || io.step == TlsStep::kEnd) FailLater("write: " + tls_->failure());
    if (io.step != TlsStep::kDone) break;
    sent += io.bytes;
  }
  written_ += sent;
  return sent;
}

void TcpStream::Queue(std::string_view first, std::string_view second) {
  pending_.append(first);
  pending_.append(second);
}

void TcpStream::ArmWrite() {
  if (write_armed_ || closed_ || failed_) return;
  write_armed_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](const asio::error_code& error) {
    self->write_armed_ = false;
    if (error) return;
    self->OnWritable();
    if (self->pending_bytes() == 0 && !self->closed_ && !self->failed_ && self->handler_ != nullptr) {
      self->handler_->OnDrained();
    }
  });
}

void TcpStream::OnWritable() {
  if (closed_ || failed_) return;
  const std::string_view rest = std::string_view(pending_).substr(pending_sent_);
  pending_sent_ += tls_ != nullptr ? SendTls(rest) : SendPlain(rest, {});
  if (failed_) return;
  if (pending_sent_ == pending_.size()) {
    pending_.clear();
    if (pending_.capacity() > kCompactAt) pending_.shrink_to_fit();
    pending_sent_ = 0;
    if (finishing_) FinishWriting();
    return;
  }
  if (pending_sent_ >= kCompactAt) {
    pending_.erase(0, pending_sent_);
    pending_sent_ = 0;
  }
  ArmWrite();
}

void TcpStream::FinishWriting() {
  SendHeld();
  if (closed_ || failed_) return;
  finishing_ = true;
  if (pending_bytes() > 0 || std::exchange(finished_, true)) return;
  if (tls_ != nullptr) tls_->Shutdown();
  asio::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void TcpStream::Close() {
  SendHeld();
  if (closed_) return;
  closed_ = true;
  handler_ = nullptr;
  if (tls_ != nullptr && handshaken_ && !failed_ && pending_bytes() == 0) tls_->Shutdown();
  asio::error_code ignored;
  socket_.close(ignored);
  // Last: it may hold what owns this stream.
  const auto dropped = std::exchange(handshake_done_, nullptr);
}

void TcpStream::Fail(Error error) {
  if (closed_) return;
  StreamHandler* const handler = handler_;
  failed_ = true;
  Close();
  if (handler != nullptr) handler->OnFailed(error);
}

void TcpStream::FailLater(std::string message) {
  if (failed_) return;
  failed_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this(), text = std::move(message)]() mutable {
    self->Fail(Error{ErrorCode::kIo, std::move(text)});
  });
}

}  // namespace intentgate::net
