// Access tokens of the gateway's own for one upstream (RFC 6749 section 4.4, client credentials; RFC 8707, resource).
//
//   tokens.Get(caller, [](Result<std::string> token) { ... });   // at once when there is a good one
//   tokens.Drop(caller, token);                                  // the upstream did not take it
//
// One token serves all callers until shortly before it ends; while one is being got, everybody waits for the same answer. A failure is
// told to all who wait, and for kFailureSeconds to all who come.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "oauth/token_endpoint.h"
#include "oauth/upstream_tokens.h"

namespace intentgate::oauth {

inline constexpr std::size_t kMaxWaitingForToken = 1'024;
inline constexpr std::int64_t kFailureSeconds = 2;

// What is asked for besides the grant: the resource and the scopes of the settings.
void AddTarget(const config::UpstreamSettings& upstream, TokenEndpoint::Form& form);

// Thread-safe.
class ClientTokens final : public UpstreamTokens {
 public:
  // kInvalidArgument: the client's key is no private JWK that can sign. `upstream` must outlive it.
  static Result<std::shared_ptr<ClientTokens>> Create(const config::UpstreamSettings& upstream, std::shared_ptr<base::HttpFetcher> fetcher,
                                                      std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random);
  // Waits for a request in progress; who still waits is not called.
  ~ClientTokens() override;
  ClientTokens(const ClientTokens&) = delete;  // the thread refers to it
  ClientTokens& operator=(const ClientTokens&) = delete;

  // Whoever the caller is. The error is kUnavailable or kTimeout.
  void Get(const OnBehalfPtr& caller, Ready ready) override;
  void Drop(const OnBehalfPtr& caller, std::string_view token) override;

 private:
  ClientTokens(const config::UpstreamSettings& upstream, std::unique_ptr<TokenEndpoint> endpoint);
  void Run();
  Result<IssuedToken> Ask();

  const config::UpstreamSettings& upstream_;
  const std::unique_ptr<TokenEndpoint> endpoint_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<IssuedToken> kept_;       // guarded by mutex_, as what follows
  std::optional<Error> failure_;
  std::int64_t failed_until_ = 0;
  std::vector<Ready> waiting_;
  bool stopping_ = false;
  std::thread thread_;                    // last: it uses the others
};

}  // namespace intentgate::oauth
