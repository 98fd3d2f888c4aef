#include "store/sqlite/proof_tables.h"

#include <algorithm>
#include <limits>

namespace intentgate::store {

Result<std::vector<bool>> InsertProofs(Connection& connection, std::span<const token::UsedProof> proofs) {
  Transaction transaction(connection);
  if (Status s = transaction.Begin(); !s.ok()) return s.error();
  Result<Statement*> insert = connection.Kept("INSERT INTO used_proofs (id, ends_at) VALUES (?, ?) ON CONFLICT DO NOTHING");
  if (!insert.ok()) return insert.error();
  std::vector<bool> is_new;
  for (const token::UsedProof& proof : proofs) {
    const StatementUse use(**insert);
    use->BindBlob(1, proof.id);
    use->Bind(2, proof.ends_at);
    if (Status s = connection.Run(**insert); !s.ok()) return s.error();
    is_new.push_back(connection.changed_rows() == 1);
  }
  if (Status s = transaction.Commit(); !s.ok()) return s.error();
  return is_new;
}

Result<std::size_t> DeleteProofs(Connection& connection, std::int64_t ended_before, std::size_t limit) {
  Result<Statement*> remove =
      connection.Kept("DELETE FROM used_proofs WHERE id IN (SELECT id FROM used_proofs WHERE ends_at < ? ORDER BY ends_at LIMIT ?)");
  if (!remove.ok()) return remove.error();
  const StatementUse use(**remove);
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  use->Bind(1, ended_before);
  use->Bind(2, static_cast<std::int64_t>(std::min(limit, kMost)));
  if (Status s = connection.Run(**remove); !s.ok()) return s.error();
  return static_cast<std::size_t>(connection.changed_rows());
}

}  // namespace intentgate::store
