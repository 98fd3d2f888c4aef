// A certificate for 127.0.0.1 and "gateway.test", signed by itself, in files that live as long as the
// object. Made anew each time, so that no key stands in the tree.
#pragma once

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace intentgate::test {

class TestCertificate {
 public:
  TestCertificate() {
    std::string folder =
        (std::getenv("TMPDIR") != nullptr ? std::string(std::getenv("TMPDIR")) : "/tmp") + "/igcertXXXXXX";
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), &X509_free);
    X509_set_version(x509.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
    X509_set_pubkey(x509.get(), key.get());
    X509_NAME* name = X509_get_subject_name(x509.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(x509.get(), name);
    Extend(x509.get(), NID_subject_alt_name, "IP:127.0.0.1,DNS:gateway.test");
    Extend(x509.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(x509.get(), key.get(), EVP_sha256());
    FILE* out = std::fopen(certificate_file().c_str(), "w");
    PEM_write_X509(out, x509.get());
    std::fclose(out);
    out = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
  }
  ~TestCertificate() {
    ::unlink(certificate_file().c_str());
    ::unlink(key_file().c_str());
    ::rmdir(folder_.c_str());
  }
  TestCertificate(const TestCertificate&) = delete;  // owns files
  TestCertificate& operator=(const TestCertificate&) = delete;

  std::string certificate_file() const { return folder_ + "/cert.pem"; }
  std::string key_file() const { return folder_ + "/key.pem"; }

 private:
  static void Extend(X509* x509, int nid, const char* value) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value), &X509_EXTENSION_free);
    X509_add_ext(x509, extension.get(), -1);
  }
  std::string folder_;
};

}  // namespace intentgate::test
