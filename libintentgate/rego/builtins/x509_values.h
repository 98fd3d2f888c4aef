// Certificates and keys as values, in the shape of Go's crypto/x509 written as JSON: numbers for algorithms and usages,
// base64 for bytes.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <span>
#include <vector>

#include "rego/builtins/registry.h"

namespace intentgate::rego::builtins {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Builds one object. `Put` skips nothing: Go writes empty lists as null.
class X509Writer {
 public:
  explicit X509Writer(BuiltinContext& context) : context_(context) {}

  // `with_uri_strings`: OPA adds URIStrings where it lists certificates.
  Value Certificate(X509* certificate, bool with_uri_strings);
  Value Request(X509_REQ* request);
  Value PublicKey(EVP_PKEY* key);
  Value PrivateKey(EVP_PKEY* key);
  // A JSON Web Key; undefined for keys that have none.
  Value Jwk(EVP_PKEY* key);
  Value Base64(std::span<const std::uint8_t> bytes);

 private:
  Value Text(std::string_view text);
  Value Number(EVP_PKEY* key, const char* name);
  Value NumberBase64Url(EVP_PKEY* key, const char* name, std::size_t width);
  Value Oid(const ASN1_OBJECT* object);
  Value Name(const X509_NAME* name);
  Value Time(const ASN1_TIME* time);
  Value Extensions(const STACK_OF(X509_EXTENSION) * extensions);
  Value RequestAttributes(const STACK_OF(X509_EXTENSION) * extensions);
  void PutAlternativeNames(ObjectBuilder& out, const STACK_OF(GENERAL_NAME) * names, bool with_uri_strings);
  void PutUsages(ObjectBuilder& out, X509* certificate);
  void PutConstraints(ObjectBuilder& out, X509* certificate);
  void PutAccess(ObjectBuilder& out, X509* certificate);
  void PutPolicies(ObjectBuilder& out, X509* certificate);
  Value Uri(std::string_view text);
  Value ListOrNull(const std::vector<Value>& items);

  BuiltinContext& context_;
};

// Go's numbers.
int SignatureAlgorithmNumber(int nid, const X509_ALGOR* algorithm);
// The extended usages that Go knows, -1 for others; by OpenSSL's nid.
int ExtendedUsageNumber(int nid);

}  // namespace intentgate::rego::builtins
