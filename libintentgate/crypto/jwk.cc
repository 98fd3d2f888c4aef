// JSON Web Keys (RFC 7517, 7518 section 6, 8037) to OpenSSL's keys.

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <array>
#include <optional>

#include <intentgate/json.h>

#include "base/encoding.h"
#include "crypto/jws.h"
#include "crypto/openssl_guard.h"

namespace intentgate::crypto {
namespace {

using BignumPtr = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;
using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

Error Bad(const std::string& why) { return {ErrorCode::kMalformed, why}; }

std::string Text(const json::Value& jwk, std::string_view name) {
  const json::Value* member = jwk.Find(name);
  return member != nullptr && member->is_string() ? member->string_value() : std::string();
}

// A member in base64url; kNotFound if it is absent.
Result<base::Bytes> Octets(const json::Value& jwk, std::string_view name) {
  const json::Value* member = jwk.Find(name);
  if (member == nullptr || !member->is_string()) return Error{ErrorCode::kNotFound, "the key has no \"" + std::string(name) + "\""};
  std::string text = member->string_value();
  while (!text.empty() && text.back() == '=') text.pop_back();
  return base::Base64UrlDecode(text);
}

// Collects the parts of a key and makes it. The builder reads the numbers when it finishes, so they are kept here.
class KeyBuilder {
 public:
  KeyBuilder() : builder_(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free) {}

  Status AddNumber(const json::Value& jwk, std::string_view member, const char* name) {
    const Result<base::Bytes> bytes = Octets(jwk, member);
    if (!bytes.ok()) return bytes.error();
    numbers_.emplace_back(BN_bin2bn(bytes->data(), static_cast<int>(bytes->size()), nullptr), &BN_clear_free);
    if (!numbers_.back() || OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get()) != 1) return Bad("a number of the key is unusable");
    return {};
  }
  bool AddText(const char* name, const char* text) { return OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, text, 0) == 1; }
  bool AddOctets(const char* name, const base::Bytes& octets) {
    return OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, octets.data(), octets.size()) == 1;
  }

  Result<std::shared_ptr<EVP_PKEY>> Make(const char* type, bool is_private) {
    const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder_.get()), &OSSL_PARAM_free);
    const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    const int selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 || EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) {
      return Bad("the numbers of the key make no key");
    }
    return std::shared_ptr<EVP_PKEY>(key, &EVP_PKEY_free);
  }

 private:
  BuilderPtr builder_;
  std::vector<BignumPtr> numbers_;
};

Status ReadRsa(const json::Value& jwk, JwsKey& out) {
  KeyBuilder builder;
  for (const auto& [member, name] : {std::pair{"n", OSSL_PKEY_PARAM_RSA_N}, {"e", OSSL_PKEY_PARAM_RSA_E}}) {
    const Status added = builder.AddNumber(jwk, member, name);
    if (!added.ok()) return added;
  }
  out.is_private = jwk.Find("d") != nullptr;
  if (out.is_private) {
    const Status added = builder.AddNumber(jwk, "d", OSSL_PKEY_PARAM_RSA_D);
    if (!added.ok()) return added;
    if (jwk.Find("p") != nullptr && jwk.Find("q") != nullptr && jwk.Find("dp") != nullptr && jwk.Find("dq") != nullptr && jwk.Find("qi") != nullptr) {
      for (const auto& [member, name] : {std::pair{"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
                                         {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
                                         {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                         {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                         {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}) {
        const Status part = builder.AddNumber(jwk, member, name);
        if (!part.ok()) return part;
      }
    }
  }
  Result<std::shared_ptr<EVP_PKEY>> key = builder.Make("RSA", out.is_private);
  if (!key.ok()) return key.error();
  out.key = *std::move(key);
  out.kind = KeyKind::kRsa;
  return {};
}

Status ReadEc(const json::Value& jwk, JwsKey& out) {
  struct Curve {
    std::string_view name;
    const char* group;
    std::size_t width;
  };
  static constexpr std::array<Curve, 3> kCurves = {{{"P-256", "P-256", 32}, {"P-384", "P-384", 48}, {"P-521", "P-521", 66}}};
  const std::string crv = Text(jwk, "crv");
  const Curve* curve = nullptr;
  for (const Curve& c : kCurves) {
    if (c.name == crv) curve = &c;
  }
  if (curve == nullptr) return Bad("the curve \"" + crv + "\" is unknown");
  base::Bytes point = {4};
  for (const char* member : {"x", "y"}) {
    const Result<base::Bytes> part = Octets(jwk, member);
    if (!part.ok()) return part.error();
    if (part->size() > curve->width) return Bad("a coordinate of the key is too long");
    point.insert(point.end(), curve->width - part->size(), 0);
    point.insert(point.end(), part->begin(), part->end());
  }
  KeyBuilder builder;
  if (!builder.AddText(OSSL_PKEY_PARAM_GROUP_NAME, curve->group) || !builder.AddOctets(OSSL_PKEY_PARAM_PUB_KEY, point)) return Bad("the key is unusable");
  out.is_private = jwk.Find("d") != nullptr;
  if (out.is_private) {
    const Status added = builder.AddNumber(jwk, "d", OSSL_PKEY_PARAM_PRIV_KEY);
    if (!added.ok()) return added;
  }
  Result<std::shared_ptr<EVP_PKEY>> key = builder.Make("EC", out.is_private);
  if (!key.ok()) return key.error();
  out.key = *std::move(key);
  out.kind = KeyKind::kEc;
  return {};
}

Status ReadOkp(const json::Value& jwk, JwsKey& out) {
  if (Text(jwk, "crv") != "Ed25519") return Bad("the curve \"" + Text(jwk, "crv") + "\" is unknown");
  out.is_private = jwk.Find("d") != nullptr;
  const Result<base::Bytes> raw = Octets(jwk, out.is_private ? "d" : "x");
  if (!raw.ok()) return raw.error();
  EVP_PKEY* key = out.is_private ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw->data(), raw->size())
                                 : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw->data(), raw->size());
  if (key == nullptr) return Bad("an Ed25519 key has 32 bytes");
  out.key = std::shared_ptr<EVP_PKEY>(key, &EVP_PKEY_free);
  out.kind = KeyKind::kEd25519;
  return {};
}

Result<JwsKey> ReadKey(const json::Value& jwk) {
  if (!jwk.is_object()) return Bad("a key is no object");
  const std::string type = Text(jwk, "kty");
  JwsKey out;
  Status read;
  if (type == "RSA") {
    read = ReadRsa(jwk, out);
  } else if (type == "EC") {
    read = ReadEc(jwk, out);
  } else if (type == "OKP") {
    read = ReadOkp(jwk, out);
  } else if (type == "oct") {
    const Result<base::Bytes> octets = Octets(jwk, "k");
    if (!octets.ok()) return octets.error();
    out = OctetsKey(*octets);
  } else {
    return Bad("the key type \"" + type + "\" is unknown");
  }
  if (!read.ok()) return read.error();
  out.alg = Text(jwk, "alg");
  out.kid = Text(jwk, "kid");
  return out;
}

}  // namespace

Result<std::vector<JwsKey>> ParseJwks(std::string_view text) {
  const ErrorQueueGuard guard;
  const Result<json::Value> parsed = json::Parse(text);
  if (!parsed.ok()) return parsed.error();
  std::vector<JwsKey> out;
  const json::Value* keys = parsed->is_object() ? parsed->Find("keys") : nullptr;
  if (keys == nullptr) {
    Result<JwsKey> key = ReadKey(*parsed);
    if (!key.ok()) return key.error();
    out.push_back(*std::move(key));
    return out;
  }
  if (!keys->is_array()) return Bad("\"keys\" is no array");
  for (const json::Value& jwk : keys->array()) {
    Result<JwsKey> key = ReadKey(jwk);
    if (!key.ok()) return key.error();
    out.push_back(*std::move(key));
  }
  return out;
}

}  // namespace intentgate::crypto
