// An authorization server's token endpoint, as the client that the settings describe: how it says who it is (RFC 6749 section 2.3,
// RFC 7523), and what of an answer is a usable token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "base/http_fetch.h"
#include "config/server_settings.h"
#include "crypto/jws.h"

namespace intentgate::oauth {

inline constexpr std::int64_t kDefaultTokenSeconds = 300;   // when the answer says no expires_in
inline constexpr std::int64_t kRenewSeconds = 30;           // before the end, at most half of the whole time
inline constexpr std::int64_t kTokenTimeoutMs = 10'000;
inline constexpr std::size_t kMaxTokenAnswerBytes = 64 * 1024;
inline constexpr std::size_t kMaxAccessTokenBytes = 16 * 1024;  // what servers take in a header field

// A private key with the algorithm that it signs with.
struct SigningKey {
  crypto::JwsKey key;
  std::string alg;
};
// kInvalidArgument: no private JWK that can sign.
Result<SigningKey> ReadSigningKey(const crypto::SecretBytes& jwk);
// A JWT of `claims` and iat, exp (a minute later) and jti.
Result<std::string> SignShortly(const SigningKey& key, json::Value claims, const Clock& clock, Random& random);

struct IssuedToken {
  std::string token;
  std::string issued_type;     // RFC 8693; empty: the answer has none
  std::int64_t until = 0;      // monotonic seconds: to be used before
};

// Thread-safe.
class TokenEndpoint {
 public:
  // kInvalidArgument: the client's key is no private JWK that can sign. `upstream` must outlive it.
  static Result<std::unique_ptr<TokenEndpoint>> Create(const config::UpstreamSettings& upstream, std::shared_ptr<base::HttpFetcher> fetcher,
                                                       std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random);

  using Form = std::vector<std::pair<std::string_view, std::string>>;
  // Sends the form with the client's credentials behind it, and waits. The error is kUnavailable or kTimeout; its message holds nothing
  // that was sent, and of the answer a status and a word.
  Result<IssuedToken> Ask(const Form& form);

  std::int64_t Seconds() const { return clock_->MonotonicNanos() / 1'000'000'000; }

 private:
  TokenEndpoint(const config::UpstreamSettings& upstream, std::shared_ptr<base::HttpFetcher> fetcher, std::shared_ptr<const Clock> clock,
                std::shared_ptr<Random> random, std::optional<SigningKey> key)
      : upstream_(upstream), fetcher_(std::move(fetcher)), clock_(std::move(clock)), random_(std::move(random)), key_(std::move(key)) {}
  Status AddClient(base::HttpFetchRequest& request);
  Result<IssuedToken> Read(const base::HttpFetchReply& reply) const;

  const config::UpstreamSettings& upstream_;
  const std::shared_ptr<base::HttpFetcher> fetcher_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Random> random_;
  const std::optional<SigningKey> key_;  // unset: the client has a secret
};

}  // namespace intentgate::oauth
