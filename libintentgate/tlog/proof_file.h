// A proof in one text file (C2SP tlog-proof): where an entry stands, its path to the root, and the signed
// checkpoint with that root. Verifies without any connection.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

#include "tlog/merkle.h"
#include "tlog/note.h"

namespace intentgate::tlog {

inline constexpr std::size_t kMaxProofExtraBytes = 1024;
inline constexpr std::size_t kMaxProofHashes = 63;
inline constexpr std::size_t kMaxProofFileBytes = kMaxNoteBytes + 8192;

struct ProofFile {
  std::string extra;                 // at most kMaxProofExtraBytes, not authenticated; ours is the hash of the event before, so that a leaf can be recomputed
  std::uint64_t index = 0;
  std::vector<Hash> path;
  std::string checkpoint_note;       // the signed note, whole
};

std::string WriteProofFile(const ProofFile& proof);
// kMalformed with what is wrong. The checkpoint is taken over unread. What is accepted has one spelling: writing it
// gives the same bytes.
Result<ProofFile> ParseProofFile(std::string_view text);

// The whole check: the note is signed by one of `keys`, its origin is `origin` (if not empty), the leaf is at
// the index. kUnknownKey, kBadMac, kMalformed.
Status VerifyProofFile(const ProofFile& proof, const Hash& leaf_hash, std::string_view origin,
                       std::span<const VerifierKey> keys);

}  // namespace intentgate::tlog
