#include "tlog/merkle.h"

#include <doctest/doctest.h>

#include <bit>
#include <map>
#include <random>

#include "base/encoding.h"
#include "support/merkle_oracle.h"

namespace intentgate::tlog {
namespace {

using test::OracleConsistency;
using test::OraclePath;
using test::OracleRoot;
using test::OracleSample;

Hash LeafOf(const std::string& data) { return LeafHash(base::AsBytes(data)); }

// Every complete subtree of a growing tree, as the range told it.
struct Nodes {
  std::map<std::pair<unsigned, std::uint64_t>, Hash> hashes;
  CompactRange range;

  explicit Nodes(const std::vector<std::string>& leaves) {
    for (const std::string& leaf : leaves) {
      range.Append(LeafOf(leaf), [this](unsigned level, std::uint64_t index, const Hash& hash) {
        CHECK(hashes.emplace(std::pair(level, index), hash).second);
      });
    }
  }
  NodeAt At() const {
    return [this](unsigned level, std::uint64_t index) -> Result<Hash> {
      const auto found = hashes.find({level, index});
      if (found == hashes.end()) return Error{ErrorCode::kNotFound, "no such node"};
      return found->second;
    };
  }
};

// What a forger may try with a proof: any hash changed, dropped, doubled, or two swapped, and one more at either end.
std::vector<std::vector<Hash>> Mutations(const std::vector<Hash>& proof) {
  std::vector<std::vector<Hash>> out;
  for (std::size_t i = 0; i < proof.size(); ++i) {
    for (const std::size_t byte : {std::size_t{0}, std::size_t{31}}) {
      out.push_back(proof);
      out.back()[i][byte] ^= 1;
    }
    out.push_back(proof);
    out.back().erase(out.back().begin() + static_cast<std::ptrdiff_t>(i));
    out.push_back(proof);
    out.back().insert(out.back().begin() + static_cast<std::ptrdiff_t>(i), proof[i]);
    if (i > 0 && proof[i] != proof[i - 1]) {
      out.push_back(proof);
      std::swap(out.back()[i], out.back()[i - 1]);
    }
  }
  out.push_back(proof);
  out.back().push_back(EmptyRoot());
  out.push_back(proof);
  out.back().insert(out.back().begin(), EmptyRoot());
  return out;
}

void CheckRefused(const Status& status) {
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kBadMac);
  CHECK(status.error().message == "the proof does not lead to the root");
}

}  // namespace

TEST_CASE("the hashes of RFC 6962") {
  CHECK(base::HexEncode(EmptyRoot()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(base::HexEncode(LeafHash({})) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  CHECK(CompactRange().Root() == EmptyRoot());
  CHECK(*RootOf(0, {}) == EmptyRoot());
}

TEST_CASE("roots and proofs of all trees to 64 leaves are those of the recursive definition") {
  const std::vector<std::string> all = OracleSample(64);
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const std::vector<std::string> leaves(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    const Nodes nodes(leaves);
    const Hash root = OracleRoot(leaves);
    REQUIRE(nodes.range.Root() == root);
    REQUIRE(*RootOf(size, nodes.At()) == root);
    for (std::size_t index = 0; index < size; ++index) {
      const Result<std::vector<Hash>> proof = InclusionProof(index, size, nodes.At());
      REQUIRE(proof.ok());
      REQUIRE(*proof == OraclePath(index, leaves));
      REQUIRE(VerifyInclusion(LeafOf(leaves[index]), index, size, *proof, root).ok());
    }
    for (std::size_t first = 1; first <= size; ++first) {
      const Result<std::vector<Hash>> proof = ConsistencyProof(first, size, nodes.At());
      REQUIRE(proof.ok());
      REQUIRE(*proof == OracleConsistency(first, leaves));
      const Hash first_root = OracleRoot(std::span(leaves).first(first));
      REQUIRE(VerifyConsistency(first, first_root, size, root, *proof).ok());
    }
  }
}

TEST_CASE("roots and proofs of larger trees are those of the recursive definition") {
  std::mt19937_64 random(6962);   // NOLINT: the same trees in every run
  const std::vector<std::string> all = OracleSample(5000);
  for (int round = 0; round < 12; ++round) {
    const std::size_t size = 65 + random() % (all.size() - 65);
    const std::vector<std::string> leaves(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    const Nodes nodes(leaves);
    const Hash root = OracleRoot(leaves);
    REQUIRE(nodes.range.Root() == root);
    for (int pick = 0; pick < 8; ++pick) {
      const std::size_t index = random() % size, first = 1 + random() % size;
      REQUIRE(*InclusionProof(index, size, nodes.At()) == OraclePath(index, leaves));
      REQUIRE(*ConsistencyProof(first, size, nodes.At()) == OracleConsistency(first, leaves));
    }
  }
}

TEST_CASE("every mutation of an inclusion proof is refused") {
  for (std::size_t size = 1; size <= 33; ++size) {
    const std::vector<std::string> leaves = OracleSample(size);
    const Hash root = OracleRoot(leaves);
    for (std::size_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = OraclePath(index, leaves);
      const Hash leaf = LeafOf(leaves[index]);
      for (const std::vector<Hash>& wrong : Mutations(proof)) CheckRefused(VerifyInclusion(leaf, index, size, wrong, root));
      CheckRefused(VerifyInclusion(LeafOf("another"), index, size, proof, root));
      CheckRefused(VerifyInclusion(leaf, index, size, proof, EmptyRoot()));
      for (std::size_t other = 0; other < size; ++other) {
        if (other != index) CheckRefused(VerifyInclusion(leaf, other, size, proof, root));
      }
    }
  }
}

TEST_CASE("every mutation of a consistency proof is refused") {
  const std::vector<std::string> leaves = OracleSample(33);
  for (std::size_t second = 1; second <= leaves.size(); ++second) {
    const auto tree = std::span(leaves).first(second);
    for (std::size_t first = 1; first <= second; ++first) {
      const Hash first_root = OracleRoot(tree.first(first)), root = OracleRoot(tree);
      const std::vector<Hash> proof = OracleConsistency(first, tree);
      for (const std::vector<Hash>& wrong : Mutations(proof)) {
        CheckRefused(VerifyConsistency(first, first_root, second, root, wrong));
      }
      CheckRefused(VerifyConsistency(first, EmptyRoot(), second, root, proof));
      CheckRefused(VerifyConsistency(first, first_root, second, EmptyRoot(), proof));
      if (first > 1) CheckRefused(VerifyConsistency(first - 1, first_root, second, root, proof));
    }
  }
}

TEST_CASE("a tree of another size is refused where the size shapes the proof") {
  // Two sizes may share the path of a leaf, so only those that do not are refused by the path alone.
  const std::vector<std::string> leaves = OracleSample(20);
  for (std::size_t index = 0; index < 20; ++index) {
    const std::vector<Hash> proof = OraclePath(index, leaves);
    for (std::size_t other = index + 1; other <= 40; ++other) {
      if (OraclePath(index, OracleSample(other)).size() == proof.size()) continue;
      CheckRefused(VerifyInclusion(LeafOf(leaves[index]), index, other, proof, OracleRoot(leaves)));
    }
  }
}

TEST_CASE("a tree of nothing is consistent with all, by an empty proof") {
  const Hash root = OracleRoot(OracleSample(5));
  CHECK(VerifyConsistency(0, EmptyRoot(), 5, root, {}).ok());
  CHECK(VerifyConsistency(0, EmptyRoot(), 0, EmptyRoot(), {}).ok());
  CheckRefused(VerifyConsistency(0, EmptyRoot(), 5, root, std::vector<Hash>{root}));
  CheckRefused(VerifyConsistency(0, root, 5, root, {}));
}

TEST_CASE("numbers that can never be right are refused by name") {
  const NodeAt none = [](unsigned, std::uint64_t) -> Result<Hash> { return Error{ErrorCode::kNotFound, "none"}; };
  const std::uint64_t huge = std::uint64_t{1} << 63;
  CHECK(InclusionProof(5, 5, none).error().code == ErrorCode::kInvalidArgument);
  CHECK(InclusionProof(5, huge, none).error().code == ErrorCode::kInvalidArgument);
  CHECK(ConsistencyProof(0, 5, none).error().code == ErrorCode::kInvalidArgument);
  CHECK(ConsistencyProof(6, 5, none).error().code == ErrorCode::kInvalidArgument);
  CHECK(VerifyInclusion({}, 5, 5, {}, {}).error().code == ErrorCode::kInvalidArgument);
  CHECK(VerifyConsistency(6, {}, 5, {}, {}).error().code == ErrorCode::kInvalidArgument);
  CHECK(VerifyConsistency(1, {}, huge, {}, {}).error().code == ErrorCode::kInvalidArgument);
  CHECK(RootOf(huge, none).error().code == ErrorCode::kInvalidArgument);
  CHECK(CompactRange::Of(3, {Hash{}}).error().code == ErrorCode::kInvalidArgument);
  CHECK(CompactRange::Of(huge, {Hash{}}).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("what the source of nodes answers is passed on") {
  const NodeAt none = [](unsigned, std::uint64_t) -> Result<Hash> { return Error{ErrorCode::kNotFound, "no node"}; };
  CHECK(RootOf(3, none).error().code == ErrorCode::kNotFound);
  CHECK(InclusionProof(1, 3, none).error().code == ErrorCode::kNotFound);
  CHECK(ConsistencyProof(2, 3, none).error().code == ErrorCode::kNotFound);
  CHECK(ProveRange(1, 2, 3, none).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a compact range that was stored grows as if it had never been away") {
  const std::vector<std::string> leaves = OracleSample(40);
  CompactRange range;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const std::vector<Hash> stored(range.hashes().begin(), range.hashes().end());
    Result<CompactRange> restored = CompactRange::Of(range.size(), stored);
    REQUIRE(restored.ok());
    range = std::move(*restored);
    range.Append(LeafOf(leaves[i]));
    REQUIRE(range.Root() == OracleRoot(std::span(leaves).first(i + 1)));
  }
}

TEST_CASE("the range verifier finds the root of every tree to 40 leaves for every range") {
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::vector<std::string> leaves = OracleSample(size);
    const Nodes nodes(leaves);
    for (std::size_t first = 0; first <= size; ++first) {
      for (std::size_t last = first; last <= size; ++last) {
        Result<RangeProof> proof = ProveRange(first, last, size, nodes.At());
        REQUIRE(proof.ok());
        Result<RangeVerifier> verifier = RangeVerifier::Create(first, last, size, std::move(*proof));
        REQUIRE(verifier.ok());
        for (std::size_t i = first; i < last; ++i) verifier->Add(LeafOf(leaves[i]));
        REQUIRE(*verifier->Root() == OracleRoot(leaves));
      }
    }
  }
}

TEST_CASE("a range with a changed leaf or a changed proof has another root") {
  const std::vector<std::string> leaves = OracleSample(21);
  const Nodes nodes(leaves);
  const RangeProof proof = *ProveRange(5, 13, 21, nodes.At());
  const auto root_with = [&](RangeProof parts, std::size_t changed) {
    RangeVerifier verifier = *RangeVerifier::Create(5, 13, 21, std::move(parts));
    for (std::size_t i = 5; i < 13; ++i) verifier.Add(LeafOf(i == changed ? "another" : leaves[i]));
    return *verifier.Root();
  };
  const Hash root = OracleRoot(leaves);
  CHECK(root_with(proof, 99) == root);
  for (std::size_t i = 5; i < 13; ++i) CHECK(root_with(proof, i) != root);
  for (std::size_t i = 0; i < proof.left.size() + proof.right.size(); ++i) {
    RangeProof wrong = proof;
    (i < wrong.left.size() ? wrong.left[i] : wrong.right[i - wrong.left.size()])[7] ^= 1;
    CHECK(root_with(wrong, 99) != root);
  }
}

TEST_CASE("a range proof of another shape, and a range with too few or too many leaves, are refused") {
  const std::vector<std::string> leaves = OracleSample(21);
  const Nodes nodes(leaves);
  const RangeProof proof = *ProveRange(5, 13, 21, nodes.At());
  RangeProof wrong = proof;
  wrong.left.pop_back();
  CHECK(RangeVerifier::Create(5, 13, 21, wrong).error().code == ErrorCode::kInvalidArgument);
  wrong = proof;
  wrong.right.push_back(Hash{});
  CHECK(RangeVerifier::Create(5, 13, 21, wrong).error().code == ErrorCode::kInvalidArgument);
  CHECK(RangeVerifier::Create(13, 5, 21, proof).error().code == ErrorCode::kInvalidArgument);
  CHECK(RangeVerifier::Create(5, 22, 21, proof).error().code == ErrorCode::kInvalidArgument);
  CHECK(ProveRange(5, 22, 21, nodes.At()).error().code == ErrorCode::kInvalidArgument);
  RangeVerifier verifier = *RangeVerifier::Create(5, 13, 21, proof);
  for (std::size_t i = 5; i < 12; ++i) verifier.Add(LeafOf(leaves[i]));
  CHECK(verifier.Root().error().message == "the range ends at leaf 13, but leaf 12 was reached");
  for (std::size_t i = 12; i < 14; ++i) verifier.Add(LeafOf(leaves[i]));
  CHECK(verifier.Root().error().code == ErrorCode::kInvalidArgument);
}

}  // namespace intentgate::tlog
