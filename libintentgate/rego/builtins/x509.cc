// crypto.x509.* and crypto.parse_private_keys. OpenSSL reads and verifies; x509_values.cc gives the shape.
//
// A chain is verified as Go does: the first certificate is the only root, whoever signed it, the last one the leaf, all in
// between may help. The time is that of the decision, or the one that the policy names.
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "crypto/openssl_guard.h"
#include "crypto/pem.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/go_base64.h"
#include "rego/builtins/x509_values.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;
using builtins::PkeyPtr;
using builtins::X509Ptr;
using builtins::X509Writer;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kMaxCertificates = 100;
constexpr std::string_view kBegin = "-----BEGIN";

Error Malformed(std::string why) { return {ErrorCode::kMalformed, std::move(why)}; }

// Text that is PEM, or base64 of PEM, or base64 of DER: as PEM or DER.
Result<std::string> Unwrap(std::string_view text) {
  if (text.starts_with(kBegin)) return std::string(text);
  return builtins::DecodeBase64(text, false);
}

Result<std::vector<X509Ptr>> ParseDer(const Bytes& der) {
  std::vector<X509Ptr> out;
  const unsigned char* at = der.data();
  const unsigned char* end = at + der.size();
  while (at < end) {
    X509Ptr one(d2i_X509(nullptr, &at, end - at), &X509_free);
    if (!one) return Malformed("x509: malformed certificate");
    out.push_back(std::move(one));
    if (out.size() > kMaxCertificates) return Malformed("more than " + std::to_string(kMaxCertificates) + " certificates");
  }
  return out;
}

Result<std::vector<X509Ptr>> ReadCertificates(BuiltinContext& context, std::string_view text) {
  context.Charge(100);
  builtins::ChargeBytes(context, text.size() * 16);
  const Result<std::string> bytes = Unwrap(text);
  if (!bytes.ok()) return bytes.error();
  if (!bytes->starts_with(kBegin)) return ParseDer(Bytes(bytes->begin(), bytes->end()));
  Bytes der;
  std::string_view rest = *bytes;
  while (const std::optional<crypto::PemBlock> block = crypto::NextPemBlock(rest)) {
    if (block->type != "CERTIFICATE") return Malformed("PEM block type is '" + block->type + "', expected CERTIFICATE");
    der.insert(der.end(), block->bytes.begin(), block->bytes.end());
  }
  return ParseDer(der);
}

Value ParseCertificates(BuiltinContext& context, Args args) {
  const crypto::ErrorQueueGuard guard;
  const Result<std::vector<X509Ptr>> certificates = ReadCertificates(context, args[0].string());
  if (!certificates.ok()) return context.Error(certificates.error().message);
  ArrayBuilder out(context.arena);
  for (const X509Ptr& one : *certificates) out.Add(X509Writer(context).Certificate(one.get(), true));
  return out.Finish();
}

struct VerifyOptions {
  std::string dns_name;
  std::int64_t seconds = 0;
  std::vector<int> usages;  // Go's numbers; empty: server authentication
};

bool MayBeUsed(X509* certificate, int usage) {
  const std::unique_ptr<EXTENDED_KEY_USAGE, decltype(&EXTENDED_KEY_USAGE_free)> extended(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)), &EXTENDED_KEY_USAGE_free);
  if (!extended) return true;
  for (int i = 0; i < sk_ASN1_OBJECT_num(extended.get()); ++i) {
    const int number = builtins::ExtendedUsageNumber(OBJ_obj2nid(sk_ASN1_OBJECT_value(extended.get(), i)));
    if (number == 0 || number == usage) return true;
  }
  return false;
}

bool HasWeakSignature(X509* certificate) {
  int digest = NID_undef;
  return X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) == 1 && (digest == NID_sha1 || digest == NID_md5);
}

using ChainPtr = std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509) *)>;

// The chain from the leaf to the root; null if there is none.
ChainPtr VerifyChain(const std::vector<X509Ptr>& certificates, const VerifyOptions& options) {
  ChainPtr chain(nullptr, [](STACK_OF(X509) * list) { sk_X509_pop_free(list, X509_free); });
  if (certificates.size() < 2) return chain;
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), &X509_STORE_free);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(), &X509_STORE_CTX_free);
  const ChainPtr helpers(sk_X509_new_null(), [](STACK_OF(X509) * list) { sk_X509_free(list); });
  if (!store || !context || !helpers || X509_STORE_add_cert(store.get(), certificates.front().get()) != 1) return chain;
  for (std::size_t i = 1; i + 1 < certificates.size(); ++i) sk_X509_push(helpers.get(), certificates[i].get());
  if (X509_STORE_CTX_init(context.get(), store.get(), certificates.back().get(), helpers.get()) != 1) return chain;
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(parameters, options.seconds);
  if (X509_verify_cert(context.get()) != 1) return chain;
  chain.reset(X509_STORE_CTX_get1_chain(context.get()));
  const auto every = [&](const auto& holds) {
    for (int i = 0; i < sk_X509_num(chain.get()); ++i) {
      if (!holds(sk_X509_value(chain.get(), i), i + 1 == sk_X509_num(chain.get()))) return false;
    }
    return true;
  };
  std::vector<int> usages = options.usages.empty() ? std::vector<int>{1} : options.usages;
  const bool any_usage = std::find(usages.begin(), usages.end(), 0) != usages.end();
  const bool usable = any_usage || std::any_of(usages.begin(), usages.end(), [&](int usage) { return every([&](X509* c, bool) { return MayBeUsed(c, usage); }); });
  const bool strong = every([](X509* c, bool is_root) { return is_root || !HasWeakSignature(c); });
  const std::string& host = options.dns_name;
  const bool named = host.empty() || X509_check_host(certificates.back().get(), host.data(), host.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1 ||
                     X509_check_ip_asc(certificates.back().get(), host.c_str(), 0) == 1;
  if (!usable || !strong || !named) chain.reset();
  return chain;
}

Value Unverified(BuiltinContext& context) {
  const Value parts[] = {Value::Bool(false), Value::EmptyArray()};
  return Value::Array(context.arena, parts);
}

Value Verify(BuiltinContext& context, std::string_view text, const VerifyOptions& options, bool with_uri_strings) {
  const crypto::ErrorQueueGuard guard;
  const Result<std::vector<X509Ptr>> certificates = ReadCertificates(context, text);
  if (!certificates.ok()) return Unverified(context);
  // Each certificate costs a signature check, and may be tried against each helper.
  context.Charge(1000 * certificates->size() * certificates->size());
  const ChainPtr chain = VerifyChain(*certificates, options);
  if (!chain) return Unverified(context);
  ArrayBuilder out(context.arena);
  for (int i = 0; i < sk_X509_num(chain.get()); ++i) out.Add(X509Writer(context).Certificate(sk_X509_value(chain.get(), i), with_uri_strings));
  const Value parts[] = {Value::Bool(true), out.Finish()};
  return Value::Array(context.arena, parts);
}

Value ParseAndVerify(BuiltinContext& context, Args args) {
  VerifyOptions options;
  options.seconds = context.NowNs() / 1'000'000'000;
  return Verify(context, args[0].string(), options, true);
}

bool ReadUsages(BuiltinContext& context, const Value& value, VerifyOptions& options) {
  static constexpr std::array<std::string_view, 14> kNames = {"Any", "ServerAuth", "ClientAuth", "CodeSigning", "EmailProtection", "IPSECEndSystem", "IPSECTunnel",
                                                              "IPSECUser", "TimeStamping", "OCSPSigning", "MicrosoftServerGatedCrypto", "NetscapeServerGatedCrypto",
                                                              "MicrosoftCommercialCodeSigning", "MicrosoftKernelCodeSigning"};
  if (!value.is_array() && !value.is_set()) return context.Error("'KeyUsages' should be an Array or Set"), false;
  std::string unknown;
  for (const Value& item : value.elements()) {
    if (!item.is_string()) continue;
    const std::string_view text = item.string();
    const auto* found = std::find_if(kNames.begin(), kNames.end(), [&](std::string_view name) { return text == "KeyUsage" + std::string(name); });
    if (found == kNames.end()) {
      unknown += (unknown.empty() ? "" : " ") + std::string(text);
    } else {
      options.usages.push_back(static_cast<int>(found - kNames.begin()));
    }
  }
  if (!unknown.empty()) return context.Error("invalid entries for 'KeyUsages' found: [" + unknown + "]"), false;
  return true;
}

Value ParseAndVerifyWithOptions(BuiltinContext& context, Args args) {
  VerifyOptions options;
  options.seconds = context.NowNs() / 1'000'000'000;
  // The certificates come first: what cannot be read is not verified, whatever the options say.
  if (!ReadCertificates(context, args[0].string()).ok()) return Unverified(context);
  for (const Entry& entry : args[1].entries()) {
    if (!entry.key.is_string()) continue;
    const std::string_view name = entry.key.string();
    if (name == "DNSName") {
      if (!entry.value.is_string()) return context.Error("'DNSName' should be a string");
      options.dns_name = entry.value.string();
    } else if (name == "CurrentTime") {
      const std::optional<std::int64_t> ns = entry.value.is_number() ? entry.value.ToInt64() : std::nullopt;
      if (!ns) return context.Error(entry.value.is_number() ? "'CurrentTime' should be a valid int64 number" : "'CurrentTime' should be a number");
      options.seconds = *ns / 1'000'000'000;
    } else if (name == "MaxConstraintComparisons") {
      if (!entry.value.is_number()) return context.Error("'MaxConstraintComparisons' should be a number");
    } else if (name == "KeyUsages") {
      if (!ReadUsages(context, entry.value, options)) return {};
    } else {
      return context.Error("invalid key option");
    }
  }
  return Verify(context, args[0].string(), options, false);
}

Value ParseRequest(BuiltinContext& context, Args args) {
  const crypto::ErrorQueueGuard guard;
  builtins::ChargeBytes(context, args[0].string().size() * 16);
  const Result<std::string> bytes = Unwrap(args[0].string());
  if (!bytes.ok()) return context.Error(bytes.error().message);
  Bytes der(bytes->begin(), bytes->end());
  std::string_view rest = *bytes;
  if (const std::optional<crypto::PemBlock> block = crypto::NextPemBlock(rest)) {
    if (block->type != "CERTIFICATE REQUEST") return context.Error("invalid PEM-encoded certificate signing request");
    der = block->bytes;
  }
  const unsigned char* at = der.data();
  const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())), &X509_REQ_free);
  if (!request || at != der.data() + der.size()) return context.Error("asn1: structure error: this is no certificate signing request");
  return X509Writer(context).Request(request.get());
}

PkeyPtr ReadKey(const crypto::PemBlock& block) {
  const unsigned char* at = block.bytes.data();
  const auto size = static_cast<long>(block.bytes.size());
  EVP_PKEY* key = nullptr;
  if (block.type == "RSA PRIVATE KEY") key = d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, size);
  if (block.type == "EC PRIVATE KEY") key = d2i_PrivateKey(EVP_PKEY_EC, nullptr, &at, size);
  if (block.type == "PRIVATE KEY") key = d2i_AutoPrivateKey(nullptr, &at, size);
  return {key, &EVP_PKEY_free};
}

// Blocks that are no keys are skipped.
Result<std::vector<PkeyPtr>> ReadKeys(BuiltinContext& context, std::string_view text) {
  context.Charge(100);
  builtins::ChargeBytes(context, text.size() * 64);
  const Result<std::string> decoded = builtins::DecodeBase64(text, false);
  std::string_view rest = decoded.ok() ? std::string_view(*decoded) : text;
  std::vector<PkeyPtr> out;
  while (const std::optional<crypto::PemBlock> block = crypto::NextPemBlock(rest)) {
    if (!block->type.ends_with("PRIVATE KEY") || block->type == "ENCRYPTED PRIVATE KEY") continue;
    PkeyPtr key = ReadKey(*block);
    if (!key) return Malformed("x509: failed to parse private key");
    out.push_back(std::move(key));
  }
  return out;
}

Value ParsePrivateKeys(BuiltinContext& context, Args args) {
  const crypto::ErrorQueueGuard guard;
  if (args[0].string().empty()) return Value::Null();
  const Result<std::vector<PkeyPtr>> keys = ReadKeys(context, args[0].string());
  if (!keys.ok()) return context.Error(keys.error().message);
  ArrayBuilder out(context.arena);
  for (const PkeyPtr& key : *keys) out.Add(X509Writer(context).PrivateKey(key.get()));
  return out.Finish();
}

Value ParseRsaPrivateKey(BuiltinContext& context, Args args) {
  const crypto::ErrorQueueGuard guard;
  if (args[0].string().empty()) return context.Error("input PEM data was empty");
  builtins::ChargeRunes(context, args[0].string().size());
  const Result<std::string> pem = Unwrap(args[0].string());
  if (!pem.ok()) return context.Error(pem.error().message);
  const Result<std::vector<PkeyPtr>> keys = ReadKeys(context, *pem);
  if (!keys.ok()) return context.Error(keys.error().message);
  if (keys->empty()) return Value::Null();
  const Value jwk = X509Writer(context).Jwk(keys->front().get());
  return jwk.defined() ? jwk : context.Error("the key has a type that has no JSON Web Key");
}

// PEM, base64 of PEM, or base64 of the one block's bytes.
Result<std::vector<crypto::PemBlock>> ReadBlocks(std::string_view text, std::string type) {
  const Result<std::string> bytes = Unwrap(text);
  if (!bytes.ok()) return bytes.error();
  std::vector<crypto::PemBlock> out;
  if (!bytes->starts_with(kBegin)) {
    out.push_back({std::move(type), Bytes(bytes->begin(), bytes->end())});
    return out;
  }
  std::string_view rest = *bytes;
  while (std::optional<crypto::PemBlock> block = crypto::NextPemBlock(rest)) out.push_back(*std::move(block));
  return out;
}

Value ParseKeyPair(BuiltinContext& context, Args args) {
  const crypto::ErrorQueueGuard guard;
  builtins::ChargeBytes(context, (args[0].string().size() + args[1].string().size()) * 64);
  const auto certificates = ReadBlocks(args[0].string(), "CERTIFICATE");
  if (!certificates.ok()) return context.Error(certificates.error().message);
  const auto keys = ReadBlocks(args[1].string(), "PRIVATE KEY");
  if (!keys.ok()) return context.Error(keys.error().message);
  X509Writer writer(context);
  ArrayBuilder chain(context.arena);
  X509Ptr leaf(nullptr, &X509_free);
  for (const crypto::PemBlock& block : *certificates) {
    if (block.type != "CERTIFICATE") continue;
    chain.Add(writer.Base64(block.bytes));
    const unsigned char* at = block.bytes.data();
    if (!leaf) leaf.reset(d2i_X509(nullptr, &at, static_cast<long>(block.bytes.size())));
    if (!leaf) return context.Error("x509: malformed certificate");
  }
  if (!leaf) return context.Error("tls: failed to find any PEM data in certificate input");
  PkeyPtr key(nullptr, &EVP_PKEY_free);
  for (const crypto::PemBlock& block : *keys) {
    if (!key && block.type.ends_with("PRIVATE KEY")) key = ReadKey(block);
  }
  if (!key) return context.Error("tls: failed to parse private key");
  if (X509_check_private_key(leaf.get(), key.get()) != 1) return context.Error("tls: private key does not match public key");
  ObjectBuilder out(context.arena);
  const auto put = [&](std::string_view name, const Value& value) { out.Set(Value::StringRef(name), value); };
  put("Certificate", chain.Finish());
  put("PrivateKey", writer.PrivateKey(key.get()));
  for (const std::string_view none : {"SupportedSignatureAlgorithms", "OCSPStaple", "SignedCertificateTimestamps"}) put(none, Value::Null());
  put("Leaf", writer.Certificate(leaf.get(), false));
  return out.Finish();
}

constexpr Builtin kTable[] = {
    MakeBuiltin("crypto.x509.parse_certificates", ParseCertificates, ty::Array, kBuiltinPlain, ty::String),
    MakeBuiltin("crypto.x509.parse_and_verify_certificates", ParseAndVerify, ty::Array, kBuiltinNondeterministic, ty::String),
    MakeBuiltin("crypto.x509.parse_and_verify_certificates_with_options", ParseAndVerifyWithOptions, ty::Array, kBuiltinNondeterministic, ty::String, ty::Object),
    MakeBuiltin("crypto.x509.parse_certificate_request", ParseRequest, ty::Object, kBuiltinPlain, ty::String),
    MakeBuiltin("crypto.x509.parse_keypair", ParseKeyPair, ty::Object, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("crypto.x509.parse_rsa_private_key", ParseRsaPrivateKey, ty::OneOf(ty::kObject | ty::kNull), kBuiltinPlain, ty::String),
    MakeBuiltin("crypto.parse_private_keys", ParsePrivateKeys, ty::OneOf(ty::kArray | ty::kNull), kBuiltinPlain, ty::String),
};

}  // namespace

std::span<const Builtin> X509Builtins() { return kTable; }

}  // namespace intentgate::rego
