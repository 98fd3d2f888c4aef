// JWT access tokens (RFC 9068) of the configured issuers, for the gate.
//
// A token is read, and refused, in this order: size and form, algorithm, type, issuer, key, signature, times, audience, then what the
// mapping asks for (claims.h). Nothing that the token says is believed before its signature was verified, but for the look-up of
// issuer and key.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/foreign_tokens.h>

#include "config/server_settings.h"
#include "oauth/issuer_keys.h"
#include "oauth/jwt.h"

namespace intentgate::oauth {

// A verified token is verified again after this: so long a key that its issuer has withdrawn may still serve.
inline constexpr std::int64_t kKnownSeconds = 60;

// Thread-safe.
class AccessTokens final : public ForeignTokens {
 public:
  struct Issuer {
    std::vector<std::string> audiences;
    std::shared_ptr<const IssuerKeys> keys;
  };
  AccessTokens(std::vector<Issuer> issuers, std::shared_ptr<const Clock> clock) : issuers_(std::move(issuers)), clock_(std::move(clock)) {}

  bool Reads(std::string_view text) const override { return !issuers_.empty() && LooksLikeJwt(text); }
  std::variant<ForeignToken, TokenRefusal> Verify(std::string_view text) const override;

  // The index of the issuer whose keys have to be fetched before the token can be verified; -1: none has to.
  int Lacking(std::string_view text) const;
  // All scopes that a token like this one needs for a call of `tool`; empty: no scope helps.
  std::vector<std::string> ScopesFor(std::string_view text, std::string_view tool) const;
  // All scopes that a token like this one needs to be accepted at all; as oauth::ScopesNeeded.
  std::vector<std::string> ScopesNeeded(std::string_view text) const;

 private:
  int IndexOf(const json::Value& claims) const;
  const config::OAuthIssuer* SettingsOf(std::string_view text) const;

  const std::vector<Issuer> issuers_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace intentgate::oauth
