// Which caller owns which upstream session.
//
// The upstream's session id goes to the client as it is; knowing it is not enough to use it. Each id is
// bound to the principal that opened it, and anyone else is told that it does not exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <intentgate/clock.h>

#include "base/string_map.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

inline constexpr std::size_t kMaxSessionIdBytes = 256;
// 1 to 256 visible ASCII characters.
bool IsSessionId(std::string_view id);

struct SessionLimits {
  std::size_t max_sessions = 10'000;  // the one unused for longest makes room
  std::int64_t idle_seconds = 3'600;  // forgotten after that long without use
};

// Thread-safe.
class SessionTable {
 public:
  SessionTable(std::shared_ptr<const Clock> clock, const SessionLimits& limits);

  // False when the id is bound to another principal, or is no session id.
  [[nodiscard]] bool Bind(BoundSession session, std::string_view principal);
  // The session, when it is this principal's; counts as a use.
  std::optional<BoundSession> Use(std::string_view id, std::string_view principal);
  // Does nothing when the session is not this principal's.
  void Drop(std::string_view id, std::string_view principal);
  std::size_t size() const;

 private:
  struct Session {
    BoundSession bound;
    std::string principal;
    std::int64_t used_at_nanos = 0;
  };
  using Order = std::list<Session>;  // most recently used first

  Order::iterator FindLive(std::string_view id);
  void Erase(Order::iterator session);

  const std::shared_ptr<const Clock> clock_;
  const SessionLimits limits_;
  mutable std::mutex mutex_;
  Order order_;
  std::unordered_map<std::string, Order::iterator, base::StringHash, base::StringEq> by_id_;
};

}  // namespace intentgate::mcp
