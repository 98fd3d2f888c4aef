// The Merkle tree of RFC 6962, section 2: hashes, the compact range that an append-only log keeps of it,
// inclusion and consistency proofs and their verification (RFC 9162, section 2.1). Only arithmetic: where
// the hashes of inner nodes come from is the caller's business.
//
// All functions are pure and thread-safe. Sizes and indexes count leaves; a size of 2^63 or more is refused with
// kInvalidArgument.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <intentgate/result.h>

#include "crypto/hash.h"

namespace intentgate::tlog {

using Hash = crypto::Digest;

// SHA-256(0x00 || data)
Hash LeafHash(std::span<const std::uint8_t> data);
// SHA-256(0x01 || left || right)
Hash NodeHash(const Hash& left, const Hash& right);
// The root of a tree without leaves: SHA-256 of nothing.
Hash EmptyRoot();

// The hashes of the complete subtrees that cover [0, size), largest first: all that a log has to remember
// in order to grow. At most 63 hashes. Copyable; thread-compatible.
class CompactRange {
 public:
  CompactRange() = default;
  // kInvalidArgument unless `hashes` are as many as `size` has one-bits.
  static Result<CompactRange> Of(std::uint64_t size, std::vector<Hash> hashes);

  // Hears of every node that is completed: level 0 is the leaf itself, `index` counts within the level.
  using OnNode = std::function<void(unsigned level, std::uint64_t index, const Hash& hash)>;
  void Append(const Hash& leaf_hash, const OnNode& on_node = {});
  // Appends 2^level leaves at once by the hash of their complete subtree.
  // REQUIRES: level < 63, size() is a multiple of 2^level.
  void AppendSubtree(unsigned level, const Hash& hash, const OnNode& on_node = {});

  std::uint64_t size() const { return size_; }
  std::span<const Hash> hashes() const { return hashes_; }
  Hash Root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> hashes_;
};

// The hash of the complete subtree at (level, index), which covers leaves [index << level, (index + 1) << level).
using NodeAt = std::function<Result<Hash>(unsigned level, std::uint64_t index)>;

// The root of the first `size` leaves.
Result<Hash> RootOf(std::uint64_t size, const NodeAt& node);
// RFC 6962 section 2.1.1, from the leaf upwards. kInvalidArgument unless index < size.
Result<std::vector<Hash>> InclusionProof(std::uint64_t index, std::uint64_t size, const NodeAt& node);
// RFC 6962 section 2.1.2. kInvalidArgument unless 0 < first <= second.
Result<std::vector<Hash>> ConsistencyProof(std::uint64_t first, std::uint64_t second, const NodeAt& node);

// RFC 9162 section 2.1.3.2: OK, or kBadMac "the proof does not lead to the root".
Status VerifyInclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                       const Hash& root);
// RFC 9162 section 2.1.4.2. Equal sizes need an empty proof and equal roots. A first size of 0 is consistent with
// all, and needs an empty proof and EmptyRoot(). kBadMac "the proof does not lead to the root".
Status VerifyConsistency(std::uint64_t first, const Hash& first_root, std::uint64_t second, const Hash& second_root,
                         std::span<const Hash> proof);

// What proves that leaves [first, last) stand at these places of a tree of `size` leaves: the compact range of
// [0, first) and the hashes of the complete subtrees that cover [last, size), from left to right.
struct RangeProof {
  std::vector<Hash> left;
  std::vector<Hash> right;
};
// kInvalidArgument unless first <= last <= size.
Result<RangeProof> ProveRange(std::uint64_t first, std::uint64_t last, std::uint64_t size, const NodeAt& node);
// Takes the leaves of a range one by one and tells the root. Constant memory. Thread-compatible.
class RangeVerifier {
 public:
  // kInvalidArgument when the proof's parts cannot belong to these numbers.
  static Result<RangeVerifier> Create(std::uint64_t first, std::uint64_t last, std::uint64_t size, RangeProof proof);
  void Add(const Hash& leaf_hash);
  // The root of the whole tree of `size` leaves. kInvalidArgument unless exactly last - first leaves were added.
  Result<Hash> Root() const;

 private:
  CompactRange range_;
  std::uint64_t last_ = 0, size_ = 0;
  std::vector<Hash> right_;
};

}  // namespace intentgate::tlog
