// Asks a witness to cosign a checkpoint: C2SP tlog-witness, add-checkpoint.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <intentgate/result.h>

#include "base/http_fetch.h"
#include "evidence/witness_policy.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

namespace intentgate::evidence {

// Remembers how far each witness has followed each log. Thread-compatible.
class WitnessClient {
 public:
  WitnessClient(std::shared_ptr<base::HttpFetcher> http, std::int64_t timeout_ms)
      : http_(std::move(http)), timeout_ms_(timeout_ms) {}

  // The witness's cosignatures of this note, verified. `nodes` is the tree under the checkpoint. kCorrupt when the
  // witness has cosigned one that this tree does not go on from: two histories were signed. kConflict when it has cosigned
  // a larger tree: FollowedBy says how large. kUnavailable, kTimeout; kUnknownKey when the witness does not know the log or its key.
  Result<std::vector<tlog::NoteSignature>> AddCheckpoint(const Witness& witness, const tlog::Note& note,
                                                         const tlog::Checkpoint& checkpoint, const tlog::NodeAt& nodes);

  // Events of the log that the witness has cosigned, as it said last.
  std::uint64_t FollowedBy(const Witness& witness, const std::string& origin) const;

 private:
  Result<base::HttpFetchReply> Post(const Witness& witness, const tlog::Note& note, const tlog::Checkpoint& checkpoint,
                                    std::uint64_t old_size, const tlog::NodeAt& nodes);

  const std::shared_ptr<base::HttpFetcher> http_;
  const std::int64_t timeout_ms_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> followed_;   // (witness, origin) -> size
};

}  // namespace intentgate::evidence
