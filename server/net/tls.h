// TLS 1.2 and 1.3 for both sides. A context is read once from files and shared by all streams.
#pragma once

#include <memory>
#include <string>

#include <intentgate/result.h>

namespace intentgate::net {

// Immutable once created, thread-safe. To change a certificate, create a new one and use it for new
// connections.
class TlsContext {
 public:
  struct Impl;

  // A server's side: the certificate chain and its key, both PEM.
  static Result<std::shared_ptr<const TlsContext>> ForServer(const std::string& certificate_file,
                                                             const std::string& key_file);
  // A client's side. An empty ca_file means the machine's store. The peer's certificate is always
  // checked, name included: there is no way to switch that off.
  static Result<std::shared_ptr<const TlsContext>> ForClient(const std::string& ca_file = {});

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;  // owns an OpenSSL context
  TlsContext& operator=(const TlsContext&) = delete;

  // For server/net/*.cc alone.
  Impl& impl() const { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intentgate::net
