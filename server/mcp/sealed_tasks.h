// Ids of upstreams' tasks that any replica can serve: what a client gets for a task's id holds, sealed, whose task it is, at which upstream,
// and of which tool. So replicas with one key need no store in common, and knowing the upstream's id is worth nothing.
//
//   sealed({"u": upstream, "i": its id, "t": the tool as agents see it})
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>

#include "crypto/secret_bytes.h"
#include "mcp/known_tasks.h"
#include "mcp/sealer.h"

namespace intentgate::mcp {

// Immutable.
class SealedTasks {
 public:
  // As SealedSessions: the first of `secrets` seals, all of them open. What is sealed for sessions opens no task.
  static Result<std::shared_ptr<const SealedTasks>> Create(const std::vector<crypto::SecretBytes>& secrets, std::vector<std::string> upstreams,
                                                           std::int64_t lifetime_seconds, std::shared_ptr<const Clock> clock,
                                                           std::shared_ptr<Random> random);

  // What the task's client gets for its id. nullopt: it would be longer than kMaxSealedIdBytes, or there is no randomness.
  std::optional<std::string> Seal(const KnownTask& task) const;
  // nullopt: not sealed by one of the keys, somebody else's, too old, or of an upstream that is not here.
  std::optional<KnownTask> Open(std::string_view client_id, std::string_view principal) const;

 private:
  SealedTasks(Sealer sealer, std::vector<std::string> upstreams) : sealer_(std::move(sealer)), upstreams_(std::move(upstreams)) {}

  const Sealer sealer_;
  const std::vector<std::string> upstreams_;
};

}  // namespace intentgate::mcp
