// The tree of RFC 6962 section 2.1 as its recursive definitions say it: slow, and without any of the arithmetic of
// libintentgate/tlog. Only for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::test {

using OracleHash = crypto::Digest;
using OracleLeaves = std::span<const std::string>;

inline std::size_t OracleSplit(std::size_t n) {
  std::size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

inline std::string OracleText(const OracleHash& hash) { return std::string(base::AsText(hash)); }

// MTH(D[n])
inline OracleHash OracleRoot(OracleLeaves leaves) {
  if (leaves.empty()) return crypto::Sha256({});
  if (leaves.size() == 1) return crypto::Sha256(base::AsBytes(std::string(1, '\0') + leaves[0]));
  const std::size_t k = OracleSplit(leaves.size());
  const std::string both = OracleText(OracleRoot(leaves.first(k))) + OracleText(OracleRoot(leaves.subspan(k)));
  return crypto::Sha256(base::AsBytes("\x01" + both));
}

// PATH(m, D[n])
inline std::vector<OracleHash> OraclePath(std::size_t m, OracleLeaves leaves) {
  if (leaves.size() == 1) return {};
  const std::size_t k = OracleSplit(leaves.size());
  std::vector<OracleHash> path = m < k ? OraclePath(m, leaves.first(k)) : OraclePath(m - k, leaves.subspan(k));
  path.push_back(OracleRoot(m < k ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

// SUBPROOF(m, D[n], b)
inline std::vector<OracleHash> OracleSubproof(std::size_t m, OracleLeaves leaves, bool known) {
  if (m == leaves.size()) return known ? std::vector<OracleHash>{} : std::vector<OracleHash>{OracleRoot(leaves)};
  const std::size_t k = OracleSplit(leaves.size());
  std::vector<OracleHash> proof = m <= k ? OracleSubproof(m, leaves.first(k), known)
                                         : OracleSubproof(m - k, leaves.subspan(k), false);
  proof.push_back(OracleRoot(m <= k ? leaves.subspan(k) : leaves.first(k)));
  return proof;
}

// PROOF(m, D[n])
inline std::vector<OracleHash> OracleConsistency(std::size_t m, OracleLeaves leaves) {
  return OracleSubproof(m, leaves, true);
}

// Leaves that differ from each other.
inline std::vector<std::string> OracleSample(std::size_t count) {
  std::vector<std::string> leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back("leaf " + std::to_string(i));
  return leaves;
}

}  // namespace intentgate::test
