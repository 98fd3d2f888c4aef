// The checks of RFC 9449 section 4.3, cheap ones first. The memory of used proofs is a step of its own, behind the check of the token:
// only holders of good tokens fill it.

#include "oauth/proof.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "http/syntax.h"
#include "http/url.h"

namespace intentgate::oauth {
namespace {

constexpr std::size_t kMaxProofIdBytes = 256;
constexpr std::size_t kMaxExponentText = 8;  // of an RSA key, in base64url: a longer one makes verifying slow

using Refusal = std::optional<ProofRefusal>;

ProofRefusal Invalid(std::string why) { return {ProofRefusal::Kind::kInvalid, "the proof of possession " + std::move(why)}; }

ProofRefusal UsedBefore() { return Invalid("was used before"); }

int HexOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// RFC 3986 section 6.2.2: escapes of unreserved characters are those characters, the others are in capitals. Nothing for a percent
// sign that begins no escape.
std::optional<std::string> ComparablePath(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    const int high = i + 2 < path.size() ? HexOf(path[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexOf(path[i + 2]);
    if (low < 0) return std::nullopt;
    const char c = static_cast<char>(high * 16 + low);
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    if (http::IsUnreserved(c)) out += c;
    else out.append({'%', kDigits[static_cast<std::size_t>(high)], kDigits[static_cast<std::size_t>(low)]});
    i += 2;
  }
  return out;
}

// The key that the proof names, public and of a size that costs little.
Result<crypto::JwsKey> KeyOf(const json::Value& jwk) {
  const Error bad{ErrorCode::kMalformed, "names no public key that can be used"};
  if (!jwk.is_object()) return bad;
  constexpr std::array<std::string_view, 8> kPrivate = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
  for (const std::string_view member : kPrivate) {
    if (jwk.Find(member) != nullptr) return Error{ErrorCode::kMalformed, "holds a private key; make a new key, this one is known now"};
  }
  if (TextOf(jwk, "e").size() > kMaxExponentText) return bad;
  Result<std::vector<crypto::JwsKey>> keys = crypto::ParseJwks(json::Write(jwk));
  if (!keys.ok() || keys->size() != 1 || keys->front().is_private) return bad;
  return std::move(keys->front());
}

Refusal CheckClaims(const json::Value& claims, const ProofTarget& target, std::int64_t now, std::int64_t proof_seconds) {
  if (TextOf(claims, "htm") != target.method) return Invalid("is for another method");
  const std::string url = ComparableUrl(TextOf(claims, "htu"));
  if (url.empty() || url != target.url) return Invalid("is for another URL");
  const json::Value* issued = claims.Find("iat");
  const std::optional<double> at = issued == nullptr ? std::nullopt : issued->AsDouble();
  if (!at) return Invalid("has no time (iat)");
  if (*at < static_cast<double>(now - proof_seconds)) return Invalid("is too old");
  if (*at > static_cast<double>(now + kProofFutureSeconds)) return Invalid("is from the future; set the clock");
  if (TextOf(claims, "ath") != base::Base64UrlEncode(crypto::Sha256(base::AsBytes(target.token)))) return Invalid("is for another token (ath)");
  const std::string id = TextOf(claims, "jti");
  if (id.empty() || id.size() > kMaxProofIdBytes) return Invalid("has no id (jti) of 1 to 256 bytes");
  return std::nullopt;
}

}  // namespace

const std::vector<std::string>& ProofAlgorithms() {
  static const std::vector<std::string> algorithms = {"ES256", "ES384", "ES512", "EdDSA", "PS256", "RS256"};
  return algorithms;
}

std::string ComparableUrl(std::string_view url) {
  const Result<http::Url> read = http::ParseUrl(url.substr(0, std::min(url.find('#'), url.size())));
  if (!read.ok()) return {};
  std::string authority = read->Authority();
  std::transform(authority.begin(), authority.end(), authority.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::optional<std::string> path = ComparablePath(std::string_view(read->target).substr(0, read->target.find('?')));
  return path ? (read->tls ? "https://" : "http://") + authority + *path : std::string();
}

std::optional<ProofRefusal> RefusalOf(const Result<ProofUse>& used) {
  if (!used.ok()) {
    return ProofRefusal{ProofRefusal::Kind::kUntold, "it cannot be told now whether the proof of possession was used before; make a new one and try again later"};
  }
  if (*used != ProofUse::kFirst) return UsedBefore();
  return std::nullopt;
}

std::variant<Proven, ProofRefusal> ProofCheck::Check(std::string_view proof, const ProofTarget& target) const {
  if (proof.size() > kMaxProofBytes) return Invalid("is over " + std::to_string(kMaxProofBytes) + " bytes");
  const Result<Jwt> jwt = ReadJwt(proof);
  if (!jwt.ok()) return Invalid("cannot be read: " + jwt.error().message);
  if (!http::EqualsIgnoreCase(jwt->typ, "dpop+jwt")) return Invalid("has not the typ dpop+jwt");
  const std::vector<std::string>& algorithms = ProofAlgorithms();
  if (std::find(algorithms.begin(), algorithms.end(), jwt->alg) == algorithms.end()) return Invalid("is signed with an algorithm that is not accepted");
  const json::Value* jwk = jwt->header.Find("jwk");
  if (jwk == nullptr) return Invalid("names no key (jwk)");
  const std::int64_t now = clock_->UnixSeconds();
  if (Refusal no = CheckClaims(jwt->claims, target, now, proof_seconds_)) return *std::move(no);
  const Result<crypto::JwsKey> key = KeyOf(*jwk);
  if (!key.ok()) return Invalid(key.error().message);
  Result<std::string> thumbprint = JwkThumbprint(*jwk);
  if (!thumbprint.ok() || !IsSignedBy(*jwt, *key)) return Invalid("is not signed with its key");
  Nonces::Age age = Nonces::Age::kCurrent;
  if (nonces_ != nullptr) age = nonces_->AgeOf(TextOf(jwt->claims, "nonce"));
  if (age == Nonces::Age::kNone) return ProofRefusal{ProofRefusal::Kind::kNonce, "the proof of possession needs the nonce of this answer"};
  // Both parts have a fixed length or stand last, so that no two proofs can spell the same.
  const crypto::Digest id = crypto::Sha256(base::AsBytes(*thumbprint), base::AsBytes("/" + TextOf(jwt->claims, "jti")));
  return Proven{*std::move(thumbprint), age == Nonces::Age::kPrevious, id, now + proof_seconds_ + kProofFutureSeconds};
}

std::optional<ProofRefusal> ProofCheck::Take(const Proven& proven) {
  switch (memory_.Take(proven.id, proven.ends_at, clock_->UnixSeconds())) {
    case ProofMemory::Answer::kNew: return std::nullopt;
    case ProofMemory::Answer::kUsed: return UsedBefore();
    case ProofMemory::Answer::kFull: break;
  }
  return ProofRefusal{ProofRefusal::Kind::kFull, "too many proofs of possession are in use; try again later"};
}

}  // namespace intentgate::oauth
