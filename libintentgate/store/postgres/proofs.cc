#include "store/postgres/proofs.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_set>

namespace intentgate::store::pg {

Result<std::vector<bool>> InsertProofs(Writer& writer, const std::string& schema, std::span<const token::UsedProof> proofs) {
  std::vector<const token::UsedProof*> sorted;
  for (const token::UsedProof& proof : proofs) sorted.push_back(&proof);
  // Two gateways that take the same proofs at once wait for each other's rows: in one order, so that neither waits for ever.
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  Array ids(kBytea), ends(kInt8);
  for (const token::UsedProof* proof : sorted) {
    ids.AddBytes(proof->id);
    ends.AddInteger(proof->ends_at);
  }
  Command insert("INSERT INTO " + schema + "used_proofs SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING RETURNING id");
  insert.Add(std::move(ids)).Add(std::move(ends));
  const Result<std::vector<Rows>> answers = writer.Transact(std::span(&insert, 1));
  if (!answers.ok()) return answers.error();
  std::unordered_set<std::string> stored;
  for (int row = 0; row < answers->front().count(); ++row) stored.insert(answers->front().Bytes(row, 0));
  std::vector<bool> is_new;
  for (const token::UsedProof& proof : proofs) is_new.push_back(stored.erase(proof.id) == 1);
  return is_new;
}

Result<std::size_t> DeleteProofs(Writer& writer, const std::string& schema, std::int64_t ended_before, std::size_t limit) {
  const std::string table = schema + "used_proofs";
  Command remove("DELETE FROM " + table + " WHERE id = ANY(ARRAY(SELECT id FROM " + table + " WHERE ends_at < $1 ORDER BY ends_at LIMIT $2))");
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  remove.Integer(ended_before).Integer(static_cast<std::int64_t>(std::min(limit, kMost)));
  const Result<std::vector<Rows>> answers = writer.Transact(std::span(&remove, 1));
  if (!answers.ok()) return answers.error();
  return static_cast<std::size_t>(answers->front().changed());
}

}  // namespace intentgate::store::pg
