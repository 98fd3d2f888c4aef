// Certificates: a server with one that nobody signed is talked to only when it is named as trusted, and
// only under the address that it is for.
#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "fetch/curl_fetcher.h"

namespace intentgate::fetch {
namespace {

template <auto F>
struct Free {
  template <typename T>
  void operator()(T* p) const {
    F(p);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

// Signed by itself, for the given alternative name such as "IP:127.0.0.1".
Certificate MakeCertificate(EVP_PKEY* key, const std::string& alternative_name) {
  Certificate cert(X509_new());
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  X509_set_pubkey(cert.get(), key);
  X509_NAME* name = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(cert.get(), name);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_name.c_str());
  X509_add_ext(cert.get(), extension, -1);
  X509_EXTENSION_free(extension);
  REQUIRE(X509_sign(cert.get(), key, EVP_sha256()) > 0);
  return cert;
}

// Answers one request on each connection that gets through the handshake.
class TlsServer {
 public:
  explicit TlsServer(const std::string& alternative_name) {
    key_.reset(EVP_EC_gen("P-256"));
    cert_ = MakeCertificate(key_.get(), alternative_name);
    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context_.get(), cert_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 4) == 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~TlsServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    if (!ca_file_.empty()) std::remove(ca_file_.c_str());
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string Url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }

  // The certificate in a file of its own, gone with the server.
  const std::string& CaFile() {
    char name[] = "/tmp/intentgate_tls_test_XXXXXX";
    const int fd = ::mkstemp(name);
    REQUIRE(fd >= 0);
    std::FILE* file = ::fdopen(fd, "w");
    PEM_write_X509(file, cert_.get());
    std::fclose(file);
    return ca_file_ = name;
  }

 private:
  void Serve() {
    // A client that refuses the certificate may be gone when OpenSSL writes, which does not ask for EPIPE.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (true) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      SSL* ssl = SSL_new(context_.get());
      SSL_set_fd(ssl, connection);
      char buffer[4096];
      if (SSL_accept(ssl) == 1 && SSL_read(ssl, buffer, sizeof buffer) > 0) {
        const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret";
        SSL_write(ssl, reply.data(), static_cast<int>(reply.size()));
      }
      SSL_free(ssl);
      ::close(connection);
    }
  }

  Key key_;
  Certificate cert_;
  Context context_;
  std::string ca_file_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

Result<base::HttpFetchReply> Get(const CurlOptions& options, const std::string& url) {
  auto fetcher = CurlFetcher::Create(options);
  REQUIRE(fetcher.ok());
  base::HttpFetchRequest request;
  request.url = url;
  return (*fetcher)->Fetch(request);
}

const char* const kRefused = "TLS failed: the certificate or the protocol was not accepted";

}  // namespace

TEST_CASE("a certificate may be trusted as text, and the check be left out by a caller who says so") {
  TlsServer server("IP:127.0.0.1");
  std::ifstream file(server.CaFile());
  const std::string pem{std::istreambuf_iterator<char>(file), {}};
  const Result<base::HttpFetchReply> trusted = Get({.ca_pem = pem}, server.Url());
  REQUIRE(trusted.ok());
  CHECK(trusted->body == "secret");
  CHECK(Get({.verify_certificates = false}, server.Url()).ok());
  TlsServer other("IP:127.0.0.1");
  CHECK(Get({.ca_pem = pem}, other.Url()).error().message == kRefused);
}

TEST_CASE("a certificate that nobody vouches for is refused") {
  TlsServer server("IP:127.0.0.1");
  const Result<base::HttpFetchReply> reply = Get({}, server.Url());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().code == ErrorCode::kUnavailable);
  CHECK(reply.error().message == kRefused);
}

TEST_CASE("a certificate of the CA file is accepted for its own address only") {
  TlsServer server("IP:127.0.0.1");
  const Result<base::HttpFetchReply> reply = Get({.ca_file = server.CaFile()}, server.Url());
  REQUIRE(reply.ok());
  CHECK(reply->body == "secret");

  TlsServer other("DNS:example.com");
  const Result<base::HttpFetchReply> wrong = Get({.ca_file = other.CaFile()}, other.Url());
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().message == kRefused);
}

TEST_CASE("the certificate of another server does not help") {
  TlsServer server("IP:127.0.0.1");
  TlsServer trusted("IP:127.0.0.1");
  const Result<base::HttpFetchReply> reply = Get({.ca_file = trusted.CaFile()}, server.Url());
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.error().message == kRefused);
}

}  // namespace intentgate::fetch
