// Session ids that any replica can serve: what a client gets for its session's id holds, sealed, whose session it is and which upstream
// sessions stand behind it. So replicas with one key need no store in common.
//
//   sealed({"i": id, "v": revision, "u": true, "s": [[upstream, id, revision], ...], "h": the client's initialize, "n": its id})
//
// "u" is there when the client takes URLs; "s", "h" and "n" are there with several upstreams. An id that would be longer than kMaxSealedIdBytes leaves them out, and is then good at
// the replica that gave it out alone.
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
#include <vector>

#include <intentgate/clock.h>

#include "crypto/secret_bytes.h"
#include "mcp/sealer.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

inline constexpr std::size_t kMaxEndedSessions = 100'000;

// Thread-safe.
class SealedSessions {
 public:
  // The first of `secrets` seals, all of them open; `upstreams` are the upstreams' names. Fails when OpenSSL does.
  static Result<std::shared_ptr<SealedSessions>> Create(const std::vector<crypto::SecretBytes>& secrets, std::vector<std::string> upstreams,
                                                        std::int64_t lifetime_seconds, std::shared_ptr<const Clock> clock,
                                                        std::shared_ptr<Random> random);

  // What the client gets for `session.id`.
  Result<std::string> Seal(const BoundSession& session, std::string_view principal);

  struct Opened {
    BoundSession session;
    bool local = false;  // too much to be sealed: the replica that gave it out knows the rest
  };
  // nullopt: not sealed by one of the keys, somebody else's, too old, or ended here.
  std::optional<Opened> Open(std::string_view id, std::string_view principal);
  // The session's own id, for the audit chain; "" when nothing can be opened.
  std::string NameOf(std::string_view id) const;
  // Nobody opens it here any more.
  void End(const std::string& session_id);

 private:
  SealedSessions(Sealer sealer, std::vector<std::string> upstreams) : sealer_(std::move(sealer)), upstreams_(std::move(upstreams)) {}
  std::optional<std::shared_ptr<SessionParts>> PartsIn(const json::Value& payload) const;

  const Sealer sealer_;
  const std::vector<std::string> upstreams_;
  std::mutex mutex_;
  std::unordered_set<std::string> ended_;
  std::deque<std::string> ended_order_;
};

}  // namespace intentgate::mcp
