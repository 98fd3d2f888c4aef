// Used proofs of possession in PostgreSQL. What the functions do is said at token::ProofStore. `schema` is quoted and ends with its dot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/postgres/writer.h"
#include "token/proof_store.h"

namespace intentgate::store::pg {

// A request waits at the gateway's door for this answer, so less patience than for a batch of events: libpq gives up a connection
// attempt after kProofConnectSeconds, and a statement that is not answered after twice kProofStatementMs.
inline constexpr std::int64_t kProofConnectSeconds = 2, kProofStatementMs = 2'500;

Result<std::vector<bool>> InsertProofs(Writer& writer, const std::string& schema, std::span<const token::UsedProof> proofs);
Result<std::size_t> DeleteProofs(Writer& writer, const std::string& schema, std::int64_t ended_before, std::size_t limit);

}  // namespace intentgate::store::pg
