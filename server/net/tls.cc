#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

#include "net/tls_impl.h"

namespace intentgate::net {
namespace {

constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned int in_size,
               void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kAlpn, sizeof kAlpn, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Error Bad(const std::string& what, const std::string& file, std::string_view way_out) {
  return Error{ErrorCode::kInvalidArgument,
               "cannot use " + what + " \"" + file + "\": " + TakeOpenSslError() + "; " + std::string(way_out)};
}

std::unique_ptr<TlsContext::Impl> NewContext(bool server) {
  auto impl = std::make_unique<TlsContext::Impl>();
  impl->server = server;
  impl->context.reset(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* context = impl->context.get();
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return impl;
}

}  // namespace

std::string TakeOpenSslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no further detail";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::ForServer(const std::string& certificate_file,
                                                                const std::string& key_file) {
  ERR_clear_error();
  auto impl = NewContext(true);
  if (impl == nullptr) return Error{ErrorCode::kInternal, "cannot create a TLS context: " + TakeOpenSslError()};
  SSL_CTX* context = impl->context.get();
  SSL_CTX_set_alpn_select_cb(context, SelectAlpn, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
    return Bad("the TLS certificate", certificate_file, "give a readable PEM file with the server's chain");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Bad("the TLS key", key_file, "give the readable, unencrypted PEM key that belongs to the certificate");
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::ForClient(const std::string& ca_file) {
  ERR_clear_error();
  auto impl = NewContext(false);
  if (impl == nullptr) return Error{ErrorCode::kInternal, "cannot create a TLS context: " + TakeOpenSslError()};
  SSL_CTX* context = impl->context.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context, kAlpn, sizeof kAlpn);
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return Error{ErrorCode::kIo, "cannot read the machine's certificate store: " + TakeOpenSslError()};
    }
  } else if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1) {
    return Bad("the CA file", ca_file, "give a readable PEM file with the certificates to trust");
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

}  // namespace intentgate::net
