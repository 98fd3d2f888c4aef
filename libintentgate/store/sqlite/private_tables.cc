#include "store/sqlite/private_tables.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "store/sqlite/retention_tables.h"

namespace intentgate::store {
namespace {

// The first hold of the tenant that covers one of the events.
Result<std::optional<audit::LegalHold>> HoldOver(Connection& connection, std::string_view tenant,
                                                 std::span<const std::int64_t> seqs) {
  const Result<std::vector<audit::LegalHold>> holds = ReadHolds(connection, tenant);
  if (!holds.ok()) return holds.error();
  if (holds->empty()) return std::optional<audit::LegalHold>();
  Result<Statement*> select = connection.Kept("SELECT ts FROM audit_events WHERE tenant = ? AND seq = ?");
  if (!select.ok()) return select.error();
  for (const std::int64_t seq : seqs) {
    const StatementUse use(**select);
    use->Bind(1, tenant);
    use->Bind(2, seq);
    const Result<bool> row = connection.Step(**select);
    if (!row.ok()) return row.error();
    if (!*row) continue;
    for (const audit::LegalHold& hold : *holds) {
      if (hold.tenant == tenant && hold.Covers(use->Integer(0))) return std::optional(hold);
    }
  }
  return std::optional<audit::LegalHold>();
}

}  // namespace

Status InsertPrivateValues(Connection& connection, const audit::TenantBatch& batch) {
  std::vector<std::pair<std::int64_t, const PrivateValue*>> rows;
  for (const audit::StoredEvent& event : batch.events) {
    for (const PrivateValue& value : event.private_values) rows.emplace_back(event.record.seq, &value);
  }
  return InsertRows(connection, "private_values (tenant, seq, member, salt, value)", 5, rows.size(),
                    [&](std::size_t row, int at, Statement& to) {
                      const auto& [seq, value] = rows[row];
                      to.Bind(++at, batch.tenant);
                      to.Bind(++at, seq);
                      to.Bind(++at, value->member);
                      to.BindBlob(++at, base::AsText(value->salt));
                      to.Bind(++at, value->value);
                      return at;
                    });
}

Result<std::vector<audit::PlacedValue>> ReadPrivateValues(Connection& connection, std::string_view tenant,
                                                          std::span<const std::int64_t> seqs) {
  Result<Statement*> select =
      connection.Kept("SELECT member, salt, value FROM private_values WHERE tenant = ? AND seq = ? ORDER BY member");
  if (!select.ok()) return select.error();
  std::vector<audit::PlacedValue> values;
  for (const std::int64_t seq : std::set<std::int64_t>(seqs.begin(), seqs.end())) {
    const StatementUse use(**select);
    use->Bind(1, tenant);
    use->Bind(2, seq);
    for (;;) {
      const Result<bool> row = connection.Step(**select);
      if (!row.ok()) return row.error();
      if (!*row) break;
      audit::PlacedValue placed{seq, {use->Text(0), {}, use->Text(2)}};
      const std::string salt = use->Blob(1);
      std::copy_n(salt.begin(), std::min(salt.size(), placed.value.salt.size()), placed.value.salt.begin());
      values.push_back(std::move(placed));
    }
  }
  return values;
}

Result<std::int64_t> DeletePrivateValues(Connection& connection, std::string_view tenant,
                                         std::span<const std::int64_t> seqs) {
  Transaction transaction(connection);
  if (Status s = transaction.Begin(); !s.ok()) return s.error();
  const Result<std::optional<audit::LegalHold>> hold = HoldOver(connection, tenant, seqs);
  if (!hold.ok()) return hold.error();
  if (hold->has_value()) return audit::HeldError(**hold);
  Result<Statement*> remove = connection.Kept("DELETE FROM private_values WHERE tenant = ? AND seq = ?");
  if (!remove.ok()) return remove.error();
  std::int64_t erased = 0;
  for (const std::int64_t seq : seqs) {
    const StatementUse use(**remove);
    use->Bind(1, tenant);
    use->Bind(2, seq);
    if (Status s = connection.Run(**remove); !s.ok()) return s.error();
    erased += connection.changed_rows();
  }
  if (Status s = transaction.Commit(); !s.ok()) return s.error();
  return erased;
}

}  // namespace intentgate::store
