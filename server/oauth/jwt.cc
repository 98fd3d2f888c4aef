#include "oauth/jwt.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::oauth {
namespace {

Error Bad(std::string what) { return {ErrorCode::kMalformed, "JWT: " + std::move(what)}; }

Result<json::Value> ReadPart(std::string_view part, std::string_view name) {
  const Result<std::string> text = base::Base64UrlDecodeText(part);
  if (!text.ok()) return Bad("the " + std::string(name) + " is no base64url");
  Result<json::Value> value = json::Parse(*text, {.max_bytes = kMaxJwtBytes, .max_depth = kMaxJwtDepth});
  if (!value.ok()) return Error{value.error().code, "JWT: the " + std::string(name) + ": " + value.error().message};
  if (!value->is_object()) return Bad("the " + std::string(name) + " is no object");
  return value;
}

// A member that must be a text where it is there.
Status ReadText(const json::Value& header, std::string_view name, std::string& out) {
  const json::Value* member = header.Find(name);
  if (member == nullptr) return {};
  if (!member->is_string()) return Bad("\"" + std::string(name) + "\" is no text");
  out = member->string_value();
  return {};
}

struct EcAlgorithm {
  std::string_view alg;
  int bits;
  std::size_t signature_bytes;
};
constexpr std::array<EcAlgorithm, 3> kEc = {{{"ES256", 256, 64}, {"ES384", 384, 96}, {"ES512", 521, 132}}};

const EcAlgorithm* EcOf(std::string_view alg) {
  const auto* found = std::find_if(kEc.begin(), kEc.end(), [alg](const EcAlgorithm& one) { return one.alg == alg; });
  return found == kEc.end() ? nullptr : found;
}

bool IsRsa(std::string_view alg) { return alg.starts_with("RS") || alg.starts_with("PS"); }

}  // namespace

std::string TextOf(const json::Value& object, std::string_view member) {
  const json::Value* found = object.Find(member);
  return found != nullptr && found->is_string() ? found->string_value() : std::string();
}

bool LooksLikeJwt(std::string_view text) {
  // Every header is an object, and "{" begins with these two bits of base64url.
  if (!text.starts_with("e")) return false;
  const std::size_t first = text.find('.');
  if (first == std::string_view::npos) return false;
  const std::size_t second = text.find('.', first + 1);
  return second != std::string_view::npos && text.find('.', second + 1) == std::string_view::npos;
}

Result<Jwt> ReadJwt(std::string_view text) {
  if (text.size() > kMaxJwtBytes) return Error{ErrorCode::kLimitExceeded, "JWT: it is over " + std::to_string(kMaxJwtBytes) + " bytes"};
  if (!LooksLikeJwt(text)) return Bad("it is not three parts between dots");
  const std::size_t first = text.find('.'), second = text.find('.', first + 1);
  Jwt jwt;
  Result<json::Value> header = ReadPart(text.substr(0, first), "header");
  if (!header.ok()) return header.error();
  Result<json::Value> claims = ReadPart(text.substr(first + 1, second - first - 1), "payload");
  if (!claims.ok()) return claims.error();
  Result<base::Bytes> signature = base::Base64UrlDecode(text.substr(second + 1));
  if (!signature.ok()) return Bad("the signature is no base64url");
  for (const auto& [name, out] : {std::pair{"alg", &jwt.alg}, {"typ", &jwt.typ}, {"kid", &jwt.kid}}) {
    if (const Status read = ReadText(*header, name, *out); !read.ok()) return read.error();
  }
  if (jwt.alg.empty()) return Bad("the header names no algorithm");
  if (header->Find("crit") != nullptr || header->Find("b64") != nullptr) return Bad("the header has a critical extension, and none is known here");
  jwt.header = *std::move(header);
  jwt.claims = *std::move(claims);
  jwt.signed_part = text.substr(0, second);
  jwt.signature = *std::move(signature);
  return jwt;
}

bool IsAsymmetric(std::string_view alg) { return crypto::IsJwsAlgorithm(alg) && !alg.starts_with("HS"); }

bool Fits(const crypto::JwsKey& key, std::string_view alg) {
  if (!IsAsymmetric(alg) || (!key.alg.empty() && key.alg != alg)) return false;
  const int bits = crypto::KeyBits(key);
  if (IsRsa(alg)) return key.kind == crypto::KeyKind::kRsa && bits >= kMinRsaBits && bits <= kMaxRsaBits;
  if (const EcAlgorithm* ec = EcOf(alg)) return key.kind == crypto::KeyKind::kEc && bits == ec->bits;
  return key.kind == crypto::KeyKind::kEd25519;
}

bool IsSignedBy(const Jwt& jwt, const crypto::JwsKey& key) {
  if (!Fits(key, jwt.alg)) return false;
  const EcAlgorithm* ec = EcOf(jwt.alg);
  if (ec != nullptr && jwt.signature.size() != ec->signature_bytes) return false;
  return crypto::JwsVerify(jwt.alg, key, base::AsBytes(jwt.signed_part), jwt.signature);
}

Result<std::string> WriteJwt(json::Value header, const json::Value& claims, std::string_view alg, const crypto::JwsKey& key) {
  header.Set("alg", alg);
  std::string text = base::Base64UrlEncode(base::AsBytes(json::Write(header))) + ".";
  base::Base64UrlAppend(base::AsBytes(json::Write(claims)), text);
  const Result<std::vector<std::uint8_t>> signature = crypto::JwsSign(alg, key, base::AsBytes(text));
  if (!signature.ok()) return signature.error();
  text += ".";
  base::Base64UrlAppend(*signature, text);
  return text;
}

Result<std::string> JwkThumbprint(const json::Value& jwk) {
  const std::string type = TextOf(jwk, "kty");
  std::vector<std::string_view> members;
  if (type == "EC") members = {"crv", "kty", "x", "y"};
  else if (type == "OKP") members = {"crv", "kty", "x"};
  else if (type == "RSA") members = {"e", "kty", "n"};
  json::Object canonical;
  for (const std::string_view member : members) {
    std::string text = TextOf(jwk, member);
    if (text.empty()) return Error{ErrorCode::kMalformed, "JWK: \"" + std::string(member) + "\" is missing"};
    canonical.push_back({std::string(member), std::move(text)});
  }
  if (canonical.empty()) return Error{ErrorCode::kMalformed, "JWK: the key type is unknown"};
  return base::Base64UrlEncode(crypto::Sha256(base::AsBytes(json::Write(json::Value(std::move(canonical))))));
}

}  // namespace intentgate::oauth
