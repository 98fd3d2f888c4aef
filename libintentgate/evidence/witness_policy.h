// Who has to have cosigned a checkpoint: a C2SP tlog-policy file with witnesses, groups and a quorum.
//
//   witness w1 example.com/w1+7b3d8f0a+BA... https://w1.example.com
//   witness w2 example.com/w2+5d1c00aa+BA... https://w2.example.com
//   group both any w1 w2
//   quorum both
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

#include "tlog/note.h"

namespace intentgate::evidence {

inline constexpr std::size_t kMaxPolicyBytes = 256 * 1024;
inline constexpr std::size_t kMaxPolicyNames = 1'024;   // witnesses and groups

struct Witness {
  std::string name;          // within the policy
  tlog::VerifierKey key;     // of type kCosignature
  std::string url;           // submission prefix; empty: only its cosignatures are known
};

// Immutable.
class WitnessPolicy {
 public:
  // kMalformed with the line and what is wrong; kLimitExceeded.
  static Result<WitnessPolicy> Parse(std::string_view text);

  std::span<const Witness> witnesses() const { return witnesses_; }
  std::vector<tlog::VerifierKey> keys() const;
  // False for `quorum none`: then every checkpoint has its quorum.
  bool asks_for_any() const { return quorum_ >= 0; }
  // Whether cosignatures by these keys reach the quorum.
  bool Reached(std::span<const tlog::VerifierKey> cosigned) const;

 private:
  friend class PolicyReader;
  // A witness, or a group of members that stand before it.
  struct Node {
    std::string name;
    std::size_t witness = 0;             // of a witness: its place
    std::size_t threshold = 0;           // of a group; 0: a witness
    std::vector<std::size_t> members;
  };
  std::vector<Witness> witnesses_;
  std::vector<Node> nodes_;
  int quorum_ = -1;                      // the node; -1: none
};

}  // namespace intentgate::evidence
