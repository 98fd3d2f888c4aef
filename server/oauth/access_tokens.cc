#include "oauth/access_tokens.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/syntax.h"
#include "oauth/claims.h"

namespace intentgate::oauth {
namespace {

using Refusal = std::optional<TokenRefusal>;

TokenRefusal Refuse(Reason reason, std::string message) {
  TokenRefusal refusal;
  refusal.reason = reason;
  refusal.message = std::move(message);
  return refusal;
}

bool Has(const std::vector<std::string>& list, std::string_view one) { return std::find(list.begin(), list.end(), one) != list.end(); }

// RFC 9068 section 2.1, with or without "application/", in any case.
bool IsAccessTokenType(std::string_view typ) {
  constexpr std::string_view kPrefix = "application/";
  if (http::EqualsIgnoreCase(typ.substr(0, kPrefix.size()), kPrefix)) typ.remove_prefix(kPrefix.size());
  return http::EqualsIgnoreCase(typ, "at+jwt");
}

Refusal CheckHeader(const Jwt& jwt, const config::OAuthIssuer& issuer) {
  const std::vector<std::string>& algorithms = issuer.algorithms.empty() ? config::DefaultAlgorithms() : issuer.algorithms;
  if (!IsAsymmetric(jwt.alg) || !Has(algorithms, jwt.alg)) return Refuse(Reason::kTokenWrongType, "the access token's algorithm is not accepted");
  if (!issuer.any_type && !IsAccessTokenType(jwt.typ)) return Refuse(Reason::kTokenWrongType, "the token's typ is not at+jwt: it is no access token");
  return std::nullopt;
}

Refusal CheckSignature(const Jwt& jwt, const IssuerKeys& keys) {
  const std::shared_ptr<const KeySet> known = keys.Current();
  if (known == nullptr) return Refuse(Reason::kIssuerUnavailable, "the issuer's keys cannot be had now; try again later");
  const crypto::JwsKey* key = known->Find(jwt.kid, jwt.alg);
  if (key == nullptr) return Refuse(Reason::kTokenUnknownKey, "the access token is signed with a key that its issuer does not publish");
  if (!IsSignedBy(jwt, *key)) return Refuse(Reason::kTokenBadMac, "the access token's signature is wrong");
  return std::nullopt;
}

std::optional<std::int64_t> TimeOf(const json::Value& claims, std::string_view claim) {
  const json::Value* value = claims.Find(claim);
  if (value == nullptr) return std::nullopt;
  const std::optional<double> seconds = value->AsDouble();  // NumericDate may have a fraction
  constexpr double kMost = 1e11;                            // the year 5138: sums stay far from an overflow
  if (!seconds || *seconds < 0 || *seconds > kMost) return -1;
  return static_cast<std::int64_t>(*seconds);
}

// The clocks of issuer and gateway may differ by the skew, which the capability's own times then carry.
Refusal CheckTimes(const json::Value& claims, const config::OAuthIssuer& issuer, std::int64_t now, TokenContent& out) {
  const auto expires = TimeOf(claims, "exp"), begins = TimeOf(claims, "nbf"), issued = TimeOf(claims, "iat");
  const std::int64_t skew = issuer.clock_skew_seconds;
  if (!expires || *expires < 0 || begins.value_or(0) < 0 || issued.value_or(0) < 0) {
    return Refuse(Reason::kTokenMalformed, "the access token's times are missing or no numbers");
  }
  if (now >= *expires + skew) return Refuse(Reason::kTokenExpired, "the access token has expired");
  if (std::max(begins.value_or(0), issued.value_or(0)) > now + skew) return Refuse(Reason::kTokenNotYetValid, "the access token is not valid yet");
  if (*expires - now > issuer.max_lifetime_seconds + skew) return Refuse(Reason::kTokenTtlTooLong, "the access token is valid for longer than is accepted");
  out.expires_at = *expires + skew;
  if (begins) out.not_before = *begins - skew;
  out.issued_at = issued.value_or(0);
  return std::nullopt;
}

Refusal CheckAudience(const json::Value& claims, const std::vector<std::string>& audiences) {
  const json::Value* value = claims.Find("aud");
  bool ours = value != nullptr && value->is_string() && Has(audiences, value->string_value());
  if (value != nullptr && value->is_array()) {
    for (const json::Value& one : value->array()) ours = ours || (one.is_string() && Has(audiences, one.string_value()));
  }
  if (ours) return std::nullopt;
  return Refuse(Reason::kTokenWrongAudience, "the access token is meant for another service");
}

}  // namespace

int AccessTokens::IndexOf(const json::Value& claims) const {
  const std::string name = TextOf(claims, "iss");
  for (std::size_t i = 0; i < issuers_.size(); ++i) {
    if (issuers_[i].keys->issuer().issuer == name) return static_cast<int>(i);
  }
  return -1;
}

std::variant<ForeignToken, TokenRefusal> AccessTokens::Verify(std::string_view text) const {
  const Result<Jwt> jwt = ReadJwt(text);
  if (!jwt.ok()) {
    const bool large = jwt.error().code == ErrorCode::kLimitExceeded;
    return Refuse(large ? Reason::kTokenTooLarge : Reason::kTokenMalformed, "the access token cannot be read: " + jwt.error().message);
  }
  const int index = IndexOf(jwt->claims);
  if (index < 0) return Refuse(Reason::kTokenWrongIssuer, "the access token is of an issuer that is not accepted here");
  const Issuer& from = issuers_[static_cast<std::size_t>(index)];
  const config::OAuthIssuer& issuer = from.keys->issuer();
  if (auto no = CheckHeader(*jwt, issuer)) return *std::move(no);
  if (auto no = CheckSignature(*jwt, *from.keys)) return *std::move(no);
  const std::int64_t now = clock_->UnixSeconds();
  TokenContent times;
  if (auto no = CheckTimes(jwt->claims, issuer, now, times)) return *std::move(no);
  if (auto no = CheckAudience(jwt->claims, from.audiences)) return *std::move(no);
  auto mapped = CapabilityOf(jwt->claims, text, issuer);
  if (auto* no = std::get_if<TokenRefusal>(&mapped)) return std::move(*no);
  ForeignToken out{.content = std::get<TokenContent>(std::move(mapped)), .known_until = now + kKnownSeconds};
  out.content.expires_at = times.expires_at;
  out.content.not_before = times.not_before;
  out.content.issued_at = times.issued_at;
  return out;
}

int AccessTokens::Lacking(std::string_view text) const {
  const Result<Jwt> jwt = ReadJwt(text);
  if (!jwt.ok()) return -1;
  const int index = IndexOf(jwt->claims);
  if (index < 0) return -1;
  const IssuerKeys& keys = *issuers_[static_cast<std::size_t>(index)].keys;
  // No fetch for a token that is refused whatever its key is.
  if (CheckHeader(*jwt, keys.issuer())) return -1;
  const std::shared_ptr<const KeySet> known = keys.Current();
  return known == nullptr || known->Find(jwt->kid, jwt->alg) == nullptr ? index : -1;
}

const config::OAuthIssuer* AccessTokens::SettingsOf(std::string_view text) const {
  const Result<Jwt> jwt = ReadJwt(text);
  const int index = jwt.ok() ? IndexOf(jwt->claims) : -1;
  return index < 0 ? nullptr : &issuers_[static_cast<std::size_t>(index)].keys->issuer();
}

std::vector<std::string> AccessTokens::ScopesFor(std::string_view text, std::string_view tool) const {
  const config::OAuthIssuer* issuer = SettingsOf(text);
  return issuer == nullptr ? std::vector<std::string>() : oauth::ScopesFor(*issuer, tool);
}

std::vector<std::string> AccessTokens::ScopesNeeded(std::string_view text) const {
  const Result<Jwt> jwt = ReadJwt(text);
  const int index = jwt.ok() ? IndexOf(jwt->claims) : -1;
  return index < 0 ? std::vector<std::string>() : oauth::ScopesNeeded(issuers_[static_cast<std::size_t>(index)].keys->issuer(), jwt->claims);
}

}  // namespace intentgate::oauth
