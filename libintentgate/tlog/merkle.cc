// A tree of n leaves is cut by the binary digits of n: each one-bit is a complete subtree, from the largest on the
// left to the smallest on the right. Every function here is a walk over such complete subtrees:
//   - appending merges equal ones, as a carry runs through a binary addition;
//   - the root of any run of leaves folds them from the right;
//   - a proof names the subtrees that its holder lacks.
// Tested by tests/unit/tlog/merkle_test.cc against the recursive definition of RFC 6962.

#include "tlog/merkle.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"

namespace intentgate::tlog {
namespace {

constexpr std::uint64_t kMaxSize = (std::uint64_t{1} << 63) - 1;

struct Subtree {
  unsigned level = 0;
  std::uint64_t index = 0;
};

// The largest complete subtree that begins at `first` and does not reach beyond `last`. REQUIRES: first < last.
Subtree SubtreeAt(std::uint64_t first, std::uint64_t last) {
  const unsigned fits = static_cast<unsigned>(std::bit_width(last - first)) - 1;
  const unsigned aligned = first == 0 ? 63U : static_cast<unsigned>(std::countr_zero(first));
  const unsigned level = std::min(fits, aligned);
  return {level, first >> level};
}

// The largest power of two below n. REQUIRES: n > 1.
std::uint64_t SplitOf(std::uint64_t n) { return std::bit_floor(n - 1); }

std::size_t CountSubtrees(std::uint64_t first, std::uint64_t last) {
  std::size_t count = 0;
  for (; first < last; ++count) first += std::uint64_t{1} << SubtreeAt(first, last).level;
  return count;
}

Result<std::vector<Hash>> Subtrees(std::uint64_t first, std::uint64_t last, const NodeAt& node) {
  std::vector<Hash> hashes;
  while (first < last) {
    const Subtree subtree = SubtreeAt(first, last);
    Result<Hash> hash = node(subtree.level, subtree.index);
    if (!hash.ok()) return hash.error();
    hashes.push_back(*hash);
    first += std::uint64_t{1} << subtree.level;
  }
  return hashes;
}

// REQUIRES: not empty, largest first.
Hash FoldRight(std::span<const Hash> hashes) {
  Hash root = hashes.back();
  for (std::size_t i = hashes.size() - 1; i-- > 0;) root = NodeHash(hashes[i], root);
  return root;
}

// MTH(D[first:last]) where `first` is where a left or right child of the tree begins.
Result<Hash> HashOf(std::uint64_t first, std::uint64_t last, const NodeAt& node) {
  Result<std::vector<Hash>> hashes = Subtrees(first, last, node);
  if (!hashes.ok()) return hashes.error();
  return FoldRight(*hashes);
}

Error TooLarge() { return {ErrorCode::kInvalidArgument, "a tree has fewer than 2^63 leaves"}; }
Error DoesNotLead() { return {ErrorCode::kBadMac, "the proof does not lead to the root"}; }

// Walks from the root of [0, size) down to `target`, and adds what hangs off the path at every step.
class Descent {
 public:
  Descent(std::uint64_t size, const NodeAt& node) : last_(size), node_(node) {}

  std::uint64_t first() const { return first_; }
  std::uint64_t last() const { return last_; }

  // Goes left or right at the split; the other side's hash joins the proof.
  Status Step(bool left) {
    const std::uint64_t middle = first_ + SplitOf(last_ - first_);
    Result<Hash> sibling = left ? HashOf(middle, last_, node_) : HashOf(first_, middle, node_);
    if (!sibling.ok()) return sibling.error();
    proof_.push_back(*sibling);
    (left ? last_ : first_) = middle;
    return {};
  }
  bool GoesLeft(std::uint64_t index) const { return index < first_ + SplitOf(last_ - first_); }
  void Add(const Hash& hash) { proof_.push_back(hash); }

  std::vector<Hash> FromTheLeafUp() && {
    std::reverse(proof_.begin(), proof_.end());
    return std::move(proof_);
  }

 private:
  std::uint64_t first_ = 0, last_;
  const NodeAt& node_;
  std::vector<Hash> proof_;
};

}  // namespace

Hash LeafHash(std::span<const std::uint8_t> data) {
  static constexpr std::uint8_t kLeaf[] = {0};
  return crypto::Sha256(kLeaf, data);
}

Hash NodeHash(const Hash& left, const Hash& right) {
  std::array<std::uint8_t, 1 + 2 * sizeof(Hash)> bytes;
  bytes[0] = 1;
  std::memcpy(bytes.data() + 1, left.data(), left.size());
  std::memcpy(bytes.data() + 1 + left.size(), right.data(), right.size());
  return crypto::Sha256(bytes);
}

Hash EmptyRoot() { return crypto::Sha256({}); }

Result<CompactRange> CompactRange::Of(std::uint64_t size, std::vector<Hash> hashes) {
  if (size > kMaxSize) return TooLarge();
  if (hashes.size() != static_cast<std::size_t>(std::popcount(size))) {
    return Error{ErrorCode::kInvalidArgument, "a compact range of " + std::to_string(size) + " leaves has " +
                                                  std::to_string(std::popcount(size)) + " hashes, not " +
                                                  std::to_string(hashes.size())};
  }
  CompactRange range;
  range.size_ = size;
  range.hashes_ = std::move(hashes);
  return range;
}

void CompactRange::Append(const Hash& leaf_hash, const OnNode& on_node) { AppendSubtree(0, leaf_hash, on_node); }

void CompactRange::AppendSubtree(unsigned level, const Hash& subtree_hash, const OnNode& on_node) {
  IG_CHECK(level < 63 && (size_ & ((std::uint64_t{1} << level) - 1)) == 0);
  Hash hash = subtree_hash;
  const std::uint64_t first = size_ >> level;
  if (on_node) on_node(level, first, hash);
  for (unsigned up = 1; (first >> (up - 1) & 1) != 0; ++up) {
    hash = NodeHash(hashes_.back(), hash);
    hashes_.pop_back();
    if (on_node) on_node(level + up, first >> up, hash);
  }
  hashes_.push_back(hash);
  size_ += std::uint64_t{1} << level;
}

Hash CompactRange::Root() const { return hashes_.empty() ? EmptyRoot() : FoldRight(hashes_); }

Result<Hash> RootOf(std::uint64_t size, const NodeAt& node) {
  if (size > kMaxSize) return TooLarge();
  if (size == 0) return EmptyRoot();
  return HashOf(0, size, node);
}

Result<std::vector<Hash>> InclusionProof(std::uint64_t index, std::uint64_t size, const NodeAt& node) {
  if (size > kMaxSize) return TooLarge();
  if (index >= size) return Error{ErrorCode::kInvalidArgument, "the index is not below the size of the tree"};
  Descent descent(size, node);
  while (descent.last() - descent.first() > 1) {
    if (Status s = descent.Step(descent.GoesLeft(index)); !s.ok()) return s.error();
  }
  return std::move(descent).FromTheLeafUp();
}

Result<std::vector<Hash>> ConsistencyProof(std::uint64_t first, std::uint64_t second, const NodeAt& node) {
  if (second > kMaxSize) return TooLarge();
  if (first == 0 || first > second) {
    return Error{ErrorCode::kInvalidArgument, "consistency needs 0 < first size <= second size"};
  }
  // Down to the subtree that ends where the first tree ended.
  Descent descent(second, node);
  while (descent.last() != first) {
    if (Status s = descent.Step(descent.GoesLeft(first - 1)); !s.ok()) return s.error();
  }
  // When that subtree is the whole first tree, the verifier has its hash: it is the first root.
  if (descent.first() != 0) {
    Result<Hash> common = HashOf(descent.first(), descent.last(), node);
    if (!common.ok()) return common.error();
    descent.Add(*common);
  }
  return std::move(descent).FromTheLeafUp();
}

Status VerifyInclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                       const Hash& root) {
  if (size > kMaxSize) return TooLarge();
  if (index >= size) return Error{ErrorCode::kInvalidArgument, "the index is not below the size of the tree"};
  std::uint64_t node = index, last = size - 1;
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (last == 0) return DoesNotLead();
    if ((node & 1) != 0 || node == last) {
      hash = NodeHash(sibling, hash);
      // A node without a right sibling rises until it is one.
      for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root ? Status{} : DoesNotLead();
}

Status VerifyConsistency(std::uint64_t first, const Hash& first_root, std::uint64_t second, const Hash& second_root,
                         std::span<const Hash> proof) {
  if (second > kMaxSize) return TooLarge();
  if (first > second) return Error{ErrorCode::kInvalidArgument, "the first tree is larger than the second"};
  if (first == second || first == 0) {
    const bool same = first == second ? first_root == second_root : first_root == EmptyRoot();
    return same && proof.empty() ? Status{} : DoesNotLead();
  }
  std::uint64_t node = first - 1, last = second - 1;
  for (; (node & 1) != 0; node >>= 1) last >>= 1;
  // A first tree that is one complete subtree is where the path starts; its hash is not repeated in the proof.
  const bool complete = std::has_single_bit(first);
  if (!complete && proof.empty()) return DoesNotLead();
  Hash from_first = complete ? first_root : proof.front();
  Hash from_second = from_first;
  for (const Hash& hash : proof.subspan(complete ? 0 : 1)) {
    if (last == 0) return DoesNotLead();
    if ((node & 1) != 0 || node == last) {
      from_first = NodeHash(hash, from_first);
      from_second = NodeHash(hash, from_second);
      for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
    } else {
      from_second = NodeHash(from_second, hash);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && from_first == first_root && from_second == second_root ? Status{} : DoesNotLead();
}

Result<RangeProof> ProveRange(std::uint64_t first, std::uint64_t last, std::uint64_t size, const NodeAt& node) {
  if (size > kMaxSize) return TooLarge();
  if (first > last || last > size) {
    return Error{ErrorCode::kInvalidArgument, "a range needs first <= last <= size of the tree"};
  }
  Result<std::vector<Hash>> left = Subtrees(0, first, node);
  if (!left.ok()) return left.error();
  Result<std::vector<Hash>> right = Subtrees(last, size, node);
  if (!right.ok()) return right.error();
  return RangeProof{std::move(*left), std::move(*right)};
}

Result<RangeVerifier> RangeVerifier::Create(std::uint64_t first, std::uint64_t last, std::uint64_t size,
                                            RangeProof proof) {
  if (size > kMaxSize) return TooLarge();
  if (first > last || last > size) {
    return Error{ErrorCode::kInvalidArgument, "a range needs first <= last <= size of the tree"};
  }
  if (proof.right.size() != CountSubtrees(last, size)) {
    return Error{ErrorCode::kInvalidArgument, "the range proof's right side does not fit these sizes"};
  }
  Result<CompactRange> left = CompactRange::Of(first, std::move(proof.left));
  if (!left.ok()) return Error{ErrorCode::kInvalidArgument, "the range proof's left side does not fit these sizes"};
  RangeVerifier verifier;
  verifier.range_ = std::move(*left);
  verifier.last_ = last;
  verifier.size_ = size;
  verifier.right_ = std::move(proof.right);
  return verifier;
}

void RangeVerifier::Add(const Hash& leaf_hash) { range_.Append(leaf_hash); }

Result<Hash> RangeVerifier::Root() const {
  if (range_.size() != last_) {
    return Error{ErrorCode::kInvalidArgument, "the range ends at leaf " + std::to_string(last_) + ", but leaf " +
                                                  std::to_string(range_.size()) + " was reached"};
  }
  CompactRange whole = range_;
  for (const Hash& hash : right_) {
    whole.AppendSubtree(SubtreeAt(whole.size(), size_).level, hash);
  }
  return whole.Root();
}

}  // namespace intentgate::tlog
