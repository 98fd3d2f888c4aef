// An access token for each caller at one upstream, got for the token that the caller showed (RFC 8693, token exchange).
//
//   a caller with an access token of an issuer     the subject is that token
//   a caller with a capability token               the subject is an assertion that the gateway signs, with oauth_assertion_key_file;
//                                                  without it there is none, and no token
//   the gateway itself                             its own token, by client credentials; none with oauth_own_grant: none
//   nobody                                         none
//
// A token is its caller's alone: it is kept under the caller and what stands for the caller, until shortly before it ends. While one is being
// got, that caller's requests wait for the same answer; others do not wait for it. A failure is told to all who wait, and for
// kFailureSeconds to that caller. It is kPermissionDenied, since it says nothing of the upstream: one caller's trouble is not the others'.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "oauth/client_tokens.h"

namespace intentgate::oauth {

inline constexpr std::size_t kMaxExchangedTokens = 4'096;  // of one upstream; the one unused for longest makes room
inline constexpr std::size_t kExchangeThreads = 4;         // requests to the token endpoint at one time
inline constexpr std::string_view kExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

// Thread-safe.
class ExchangedTokens final : public UpstreamTokens {
 public:
  // kInvalidArgument: the client's or the assertion's key is no private JWK that can sign. `upstream` must outlive it.
  static Result<std::shared_ptr<ExchangedTokens>> Create(const config::UpstreamSettings& upstream, const std::shared_ptr<base::HttpFetcher>& fetcher,
                                                         const std::shared_ptr<const Clock>& clock, const std::shared_ptr<Random>& random);
  // Waits for requests in progress; who still waits is not called.
  ~ExchangedTokens() override;
  ExchangedTokens(const ExchangedTokens&) = delete;  // the threads refer to it
  ExchangedTokens& operator=(const ExchangedTokens&) = delete;

  void Get(const OnBehalfPtr& caller, Ready ready) override;
  void Drop(const OnBehalfPtr& caller, std::string_view token) override;
  // Callers that something is kept for.
  std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    std::optional<IssuedToken> kept;
    std::optional<Error> failure;
    std::int64_t failed_until = 0;
    std::vector<Ready> waiting;  // not empty: a thread is at it, or will be
  };
  using Order = std::list<Entry>;  // used last is first
  struct Parts {
    std::unique_ptr<TokenEndpoint> endpoint;
    std::optional<SigningKey> assertion_key;
    std::shared_ptr<ClientTokens> own;  // null: the gateway has none
    std::shared_ptr<const Clock> clock;
    std::shared_ptr<Random> random;
  };

  ExchangedTokens(const config::UpstreamSettings& upstream, Parts parts);
  void GetOwn(Ready ready);
  Entry& EntryOf(const OnBehalfPtr& caller);
  void MakeRoom();
  void Run();
  void Told(const OnBehalfPtr& caller, const Result<IssuedToken>& got);
  Result<IssuedToken> Ask(const OnBehalf& caller);
  Result<std::string> Assertion(const OnBehalf& caller);

  const config::UpstreamSettings& upstream_;
  const Parts parts_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Order order_;                                            // guarded by mutex_, as what follows
  std::unordered_map<std::string, Order::iterator> by_key_;
  std::deque<OnBehalfPtr> queue_;                          // to be asked for
  std::size_t waiting_ = 0;                                // of all entries
  bool stopping_ = false;
  std::vector<std::thread> threads_;                       // last: they use the others
};

}  // namespace intentgate::oauth
