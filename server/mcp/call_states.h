// The gateway's mark on a call that needs several rounds (2026-07-28): the requestState that a client gets holds the
// upstream's state and says, under a MAC, whose call of what it belongs to. So a later round is known for a part of a
// call that was judged and charged, and no state can be taken to another call.
//
// Gateways with the same keys know one another's states. Which of them were used is each one's own knowledge: so a state that another
// gateway gave out does not count as a first use, and its round is charged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <intentgate/clock.h>

#include "crypto/hash.h"
#include "crypto/secret_bytes.h"
#include "mcp/message.h"

namespace intentgate::mcp {

inline constexpr std::int64_t kCallStateSeconds = 900;
inline constexpr std::size_t kMaxUsedStates = 100'000;

// The digests of a call's method, name and arguments, one behind another: no two calls have one text.
std::string DigestsOf(const ToolCall& call);

// Thread-safe.
class CallStates {
 public:
  // The first of `secrets` makes the MACs, all of them check; none: a key of the process's own. Fails when there is no randomness.
  static Result<std::shared_ptr<CallStates>> Create(const std::vector<crypto::SecretBytes>& secrets, std::shared_ptr<const Clock> clock,
                                                    std::shared_ptr<Random> random);

  // `upstream` is the upstream's own state, if it gave one. Fails when there is no randomness.
  Result<std::string> Seal(std::string_view principal, const ToolCall& call, const std::optional<std::string>& upstream);

  struct Opened {
    std::optional<std::string> upstream;
    bool first = false;  // given out here, and nobody has come with it before
  };
  // nullopt: not ours, not of this caller and call, or too old.
  std::optional<Opened> Open(std::string_view state, std::string_view principal, const ToolCall& call);

 private:
  CallStates(std::vector<crypto::HmacKey> keys, std::string here, std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random)
      : keys_(std::move(keys)), here_(std::move(here)), clock_(std::move(clock)), random_(std::move(random)) {}
  bool FirstUse(const std::string& nonce, std::int64_t expires);

  const std::vector<crypto::HmacKey> keys_;
  const std::string here_;  // names this process in the states that it gives out
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Random> random_;
  std::mutex mutex_;
  std::unordered_set<std::string> used_;
  std::deque<std::pair<std::int64_t, std::string>> order_;  // when each of them expires
};

}  // namespace intentgate::mcp
