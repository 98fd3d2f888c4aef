// The keys of one issuer, fetched from it and kept.
//
// They are asked for again when they are as old as the issuer's max-age says, and when a token names one that is not among them, but
// not more than once in kMinFetchSeconds. While the issuer does not answer, the last good ones serve for keys_keep_seconds.
// What is fetched is bounded: https (or http to this machine where the settings say so), no redirects, time and size; a jwks_uri
// that was found in the issuer's metadata is on the issuer's own host.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "base/http_fetch.h"
#include "config/oauth_settings.h"
#include "oauth/key_set.h"

namespace intentgate::oauth {

inline constexpr std::int64_t kMinFetchSeconds = 10;
inline constexpr std::int64_t kDefaultKeySeconds = 600;   // when the issuer gives no max-age
inline constexpr std::int64_t kMinKeySeconds = 60, kMaxKeySeconds = 3'600;
inline constexpr std::int64_t kFetchTimeoutMs = 5'000;

// Thread-safe.
class IssuerKeys {
 public:
  IssuerKeys(config::OAuthIssuer issuer, std::shared_ptr<base::HttpFetcher> fetcher, std::shared_ptr<const Clock> clock)
      : issuer_(std::move(issuer)), fetcher_(std::move(fetcher)), clock_(std::move(clock)) {}

  // Null: there are none, or they are too old to trust.
  std::shared_ptr<const KeySet> Current() const;
  // Whether they are to be fetched by the time alone.
  bool Due() const;
  // Whether the last fetch is long enough ago for another one that a token asks for.
  bool MayFetch() const;
  // Asks the issuer; blocks. A failure leaves what there is. One caller at a time.
  Status Fetch();

  const config::OAuthIssuer& issuer() const { return issuer_; }

 private:
  std::int64_t Seconds() const { return clock_->MonotonicNanos() / 1'000'000'000; }
  Result<base::HttpFetchReply> Get(const std::string& url) const;
  Result<std::string> KeysUrl() const;
  Status Keep(const base::HttpFetchReply& reply);

  const config::OAuthIssuer issuer_;
  const std::shared_ptr<base::HttpFetcher> fetcher_;
  const std::shared_ptr<const Clock> clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const KeySet> keys_;          // guarded by mutex_, as what follows
  bool tried_ = false;
  std::int64_t tried_at_ = 0, got_at_ = 0, due_at_ = 0;
};

}  // namespace intentgate::oauth
