// Access tokens of the gateway's own for one upstream (RFC 6749 section 4.4, client credentials; RFC 8707, resource).
//
//   tokens.Get([](Result<std::string> token) { ... });   // at once when there is a good one
//   tokens.Drop(token);                                  // the upstream did not take it
//
// One token serves all callers until shortly before it ends; while one is being got, everybody waits for the same answer. A failure is
// told to all who wait, and for kFailureSeconds to all who come.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "base/http_fetch.h"
#include "config/server_settings.h"
#include "crypto/jws.h"
#include "crypto/secret_bytes.h"

namespace intentgate::oauth {

inline constexpr std::size_t kMaxWaitingForToken = 1'024;
inline constexpr std::int64_t kFailureSeconds = 2;
inline constexpr std::int64_t kDefaultTokenSeconds = 300;   // when the answer says no expires_in
inline constexpr std::int64_t kRenewSeconds = 30;           // before the end, at most half of the whole time
inline constexpr std::int64_t kTokenTimeoutMs = 10'000;
inline constexpr std::size_t kMaxTokenAnswerBytes = 64 * 1024;

// Thread-safe.
class ClientTokens {
 public:
  // kInvalidArgument: the client's key is no private JWK that can sign. `upstream` must outlive it.
  static Result<std::shared_ptr<ClientTokens>> Create(const config::UpstreamSettings& upstream, std::shared_ptr<base::HttpFetcher> fetcher,
                                                      std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random);
  // Waits for a request in progress; who still waits is not called.
  ~ClientTokens();
  ClientTokens(const ClientTokens&) = delete;  // the thread refers to it
  ClientTokens& operator=(const ClientTokens&) = delete;

  using Ready = std::function<void(Result<std::string>)>;
  // Calls `ready` once: inside the call, or later on the thread. The error is kUnavailable or kTimeout, with a sentence for operators.
  void Get(Ready ready);
  void Drop(std::string_view token);

 private:
  struct Parts {
    std::shared_ptr<base::HttpFetcher> fetcher;
    std::shared_ptr<const Clock> clock;
    std::shared_ptr<Random> random;
    std::optional<crypto::JwsKey> key;
    std::string alg;
  };
  struct Kept {
    std::string token;
    std::int64_t until = 0;  // monotonic seconds
  };

  ClientTokens(const config::UpstreamSettings& upstream, Parts parts);
  void Run();
  Result<Kept> Ask();
  Result<base::HttpFetchRequest> Request();
  Result<std::string> Assertion();
  Result<Kept> Read(const base::HttpFetchReply& reply) const;
  std::int64_t Seconds() const { return parts_.clock->MonotonicNanos() / 1'000'000'000; }

  const config::UpstreamSettings& upstream_;
  const Parts parts_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Kept> kept_;              // guarded by mutex_, as what follows
  std::optional<Error> failure_;
  std::int64_t failed_until_ = 0;
  std::vector<Ready> waiting_;
  bool stopping_ = false;
  std::thread thread_;                    // last: it uses the others
};

}  // namespace intentgate::oauth
