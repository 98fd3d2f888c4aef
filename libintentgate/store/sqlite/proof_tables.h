// Used proofs of possession in the SQLite file. Each function needs a connection that nobody else uses meanwhile. What they do is
// said at token::ProofStore.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "store/sqlite/connection.h"
#include "token/proof_store.h"

namespace intentgate::store {

Result<std::vector<bool>> InsertProofs(Connection& connection, std::span<const token::UsedProof> proofs);
Result<std::size_t> DeleteProofs(Connection& connection, std::int64_t ended_before, std::size_t limit);

}  // namespace intentgate::store
