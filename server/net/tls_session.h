// One TLS session over a non-blocking socket, OpenSSL inside. For server/net/*.cc alone.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <intentgate/result.h>

#include "net/tls.h"

namespace intentgate::net {

enum class TlsStep { kDone, kWantRead, kWantWrite, kEnd, kFailed };

struct TlsIo {
  TlsStep step = TlsStep::kDone;
  std::size_t bytes = 0;
};

// Loop-bound. Does not own the socket.
class TlsSession {
 public:
  // `server_name` is the peer to verify; empty on the server's side.
  static Result<std::unique_ptr<TlsSession>> Create(std::shared_ptr<const TlsContext> context, int socket,
                                                    const std::string& server_name);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;  // owns an OpenSSL session
  TlsSession& operator=(const TlsSession&) = delete;

  TlsStep Handshake();
  TlsIo Read(char* out, std::size_t size);
  TlsIo Write(const char* data, std::size_t size);
  // Sends the closing alert, as well as the socket lets it.
  void Shutdown();
  // What went wrong at the last kFailed.
  const std::string& failure() const { return failure_; }

  struct Ssl;

 private:
  TlsSession(std::shared_ptr<const TlsContext> context, std::unique_ptr<Ssl> ssl);
  TlsStep Explain(int result);

  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<Ssl> ssl_;
  std::string failure_;
};

}  // namespace intentgate::net
