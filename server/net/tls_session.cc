// OpenSSL speaks straight to the socket through a BIO of ours. Its own socket BIO would raise SIGPIPE
// when the peer is gone, and asio::ssl costs nearly twice the time per request (an extra pair of
// buffers and a posted completion for each record). Tested by tests/unit/net/tls_test.cc.

#include "net/tls_session.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>

#include "net/tls_impl.h"

namespace intentgate::net {
namespace {

int SocketOf(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int BioRead(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(SocketOf(bio), out, static_cast<std::size_t>(size), 0);
  if (n < 0 && WouldBlock()) BIO_set_retry_read(bio);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(n);
}

int BioWrite(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::send(SocketOf(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && WouldBlock()) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

long BioControl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

// Made once for the process and never changed: OpenSSL's method tables are shared by design.
const BIO_METHOD* SocketMethod() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "intentgate socket");
    if (method == nullptr) return method;
    BIO_meth_set_read(method, BioRead);
    BIO_meth_set_write(method, BioWrite);
    BIO_meth_set_ctrl(method, BioControl);
    return method;
  }();
  return kMethod;
}

bool VerifyName(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) == 1) return true;
  ERR_clear_error();
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

}  // namespace

struct TlsSession::Ssl {
  SSL* ssl = nullptr;
  ~Ssl() { SSL_free(ssl); }
};

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, std::unique_ptr<Ssl> ssl)
    : context_(std::move(context)), ssl_(std::move(ssl)) {}
TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession>> TlsSession::Create(std::shared_ptr<const TlsContext> context, int socket,
                                                       const std::string& server_name) {
  ERR_clear_error();
  auto holder = std::make_unique<Ssl>();
  holder->ssl = SSL_new(context->impl().context.get());
  BIO* bio = holder->ssl != nullptr && SocketMethod() != nullptr ? BIO_new(SocketMethod()) : nullptr;
  if (bio == nullptr) return Error{ErrorCode::kInternal, "cannot start TLS: " + TakeOpenSslError()};
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(holder->ssl, bio, bio);
  if (context->impl().server) {
    SSL_set_accept_state(holder->ssl);
  } else {
    SSL_set_connect_state(holder->ssl);
    if (server_name.empty() || !VerifyName(holder->ssl, server_name)) {
      return Error{ErrorCode::kInvalidArgument, "cannot verify a peer named \"" + server_name + "\""};
    }
  }
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(context), std::move(holder)));
}

TlsStep TlsSession::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_->ssl);
  return result == 1 ? TlsStep::kDone : Explain(result);
}

TlsIo TlsSession::Read(char* out, std::size_t size) {
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_->ssl, out, size, &got);
  if (result == 1) return {TlsStep::kDone, got};
  return {Explain(result), 0};
}

TlsIo TlsSession::Write(const char* data, std::size_t size) {
  ERR_clear_error();
  std::size_t sent = 0;
  const int result = SSL_write_ex(ssl_->ssl, data, size, &sent);
  if (result == 1) return {TlsStep::kDone, sent};
  return {Explain(result), 0};
}

void TlsSession::Shutdown() {
  ERR_clear_error();
  // Before the handshake is over there is nothing to close, and OpenSSL calls it an error.
  if (SSL_is_init_finished(ssl_->ssl) == 1) SSL_shutdown(ssl_->ssl);
  ERR_clear_error();
}

TlsStep TlsSession::Explain(int result) {
  switch (SSL_get_error(ssl_->ssl, result)) {
    case SSL_ERROR_WANT_READ: return TlsStep::kWantRead;
    case SSL_ERROR_WANT_WRITE: return TlsStep::kWantWrite;
    case SSL_ERROR_ZERO_RETURN: return TlsStep::kEnd;
    default: break;
  }
  const long verify = SSL_get_verify_result(ssl_->ssl);
  if (verify != X509_V_OK) {
    failure_ = std::string("the peer's certificate is not trusted: ") + X509_verify_cert_error_string(verify);
    ERR_clear_error();
  } else if (ERR_peek_error() == 0) {
    failure_ = "the peer closed the connection without a TLS closing alert";
  } else {
    failure_ = TakeOpenSslError();
  }
  return TlsStep::kFailed;
}

}  // namespace intentgate::net
