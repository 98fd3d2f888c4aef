// The OpenSSL context behind a TlsContext. For server/net/tls*.cc alone.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "net/tls.h"

namespace intentgate::net {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

struct TlsContext::Impl {
  std::unique_ptr<SSL_CTX, SslContextDeleter> context;
  bool server = false;
};

// The oldest entry of OpenSSL's error queue as text; empties the queue.
std::string TakeOpenSslError();

}  // namespace intentgate::net
