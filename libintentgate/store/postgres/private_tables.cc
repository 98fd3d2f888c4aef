#include "store/postgres/private_tables.h"

#include <algorithm>
#include <utility>

namespace intentgate::store::pg {
namespace {

constexpr std::int64_t kSaysHeld = -1;   // audit_erase_values

Array AsArray(std::span<const std::int64_t> numbers) {
  Array array(kInt8);
  for (const std::int64_t number : numbers) array.AddInteger(number);
  return array;
}

}  // namespace

Result<std::vector<audit::PlacedValue>> ReadPrivateValues(Connection& connection, const std::string& schema,
                                                          std::string_view tenant,
                                                          std::span<const std::int64_t> seqs) {
  Command select("SELECT seq, member, salt, value FROM " + schema +
                 "private_values WHERE tenant = $1 AND seq = ANY($2) ORDER BY seq, member");
  select.Text(tenant).Add(AsArray(seqs));
  const Result<Rows> rows = connection.Read(select);
  if (!rows.ok()) return rows.error();
  std::vector<audit::PlacedValue> values;
  for (int row = 0; row < rows->count(); ++row) {
    audit::PlacedValue placed{rows->Integer(row, 0), {rows->Text(row, 1), {}, rows->Bytes(row, 3)}};
    const std::string salt = rows->Bytes(row, 2);
    std::copy_n(salt.begin(), std::min(salt.size(), placed.value.salt.size()), placed.value.salt.begin());
    values.push_back(std::move(placed));
  }
  return values;
}

Result<std::optional<std::int64_t>> DeletePrivateValues(Writer& writer, const std::string& schema,
                                                        std::string_view tenant, std::span<const std::int64_t> seqs) {
  Command erase("SELECT " + schema + "audit_erase_values($1, $2)");
  erase.Text(tenant).Add(AsArray(seqs));
  const Result<std::vector<Rows>> answers = writer.Transact(std::span(&erase, 1));
  if (!answers.ok()) return answers.error();
  const std::int64_t said = answers->front().Integer(0, 0);
  return said == kSaysHeld ? std::optional<std::int64_t>() : std::optional(said);
}

}  // namespace intentgate::store::pg
