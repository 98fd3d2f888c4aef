#include "store/sqlite/private_tables.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/sqlite/packed_values.h"
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

// What the event has in its column.
Result<std::vector<PrivateValue>> OwnValues(Connection& connection, std::string_view tenant, std::int64_t seq) {
  Result<Statement*> select = connection.Kept("SELECT private FROM audit_events WHERE tenant = ? AND seq = ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  use->Bind(2, seq);
  const Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  if (!*row) return std::vector<PrivateValue>();
  Result<std::vector<PrivateValue>> values = UnpackValues(use->Blob(0));
  if (values.ok()) return values;
  return std::vector<PrivateValue>{{"private", {}, "cannot be read"}};
}

Status AddOlderValues(Connection& connection, std::string_view tenant, std::int64_t seq, std::vector<PrivateValue>& values) {
  Result<Statement*> select = connection.Kept("SELECT member, salt, value FROM private_values WHERE tenant = ? AND seq = ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  use->Bind(2, seq);
  for (;;) {
    const Result<bool> row = connection.Step(**select);
    if (!row.ok()) return row.error();
    if (!*row) return {};
    PrivateValue& value = values.emplace_back(PrivateValue{use->Text(0), {}, use->Text(2)});
    const std::string salt = use->Blob(1);
    std::copy_n(salt.begin(), std::min(salt.size(), value.salt.size()), value.salt.begin());
  }
}

// Runs `sql`, which changes the rows of one event.
Status Change(Connection& connection, std::string_view sql, std::string_view tenant, std::int64_t seq) {
  Result<Statement*> change = connection.Kept(sql);
  if (!change.ok()) return change.error();
  const StatementUse use(**change);
  use->Bind(1, tenant);
  use->Bind(2, seq);
  return connection.Run(**change);
}

}  // namespace

Result<std::vector<audit::PlacedValue>> ReadPrivateValues(Connection& connection, std::string_view tenant,
                                                          std::span<const std::int64_t> seqs) {
  std::vector<audit::PlacedValue> placed;
  for (const std::int64_t seq : std::set<std::int64_t>(seqs.begin(), seqs.end())) {
    Result<std::vector<PrivateValue>> values = OwnValues(connection, tenant, seq);
    if (!values.ok()) return values.error();
    if (Status s = AddOlderValues(connection, tenant, seq, *values); !s.ok()) return s.error();
    std::sort(values->begin(), values->end(), [](const PrivateValue& a, const PrivateValue& b) { return a.member < b.member; });
    for (PrivateValue& value : *values) placed.push_back({seq, std::move(value)});
  }
  return placed;
}

Result<std::int64_t> DeletePrivateValues(Connection& connection, std::string_view tenant,
                                         std::span<const std::int64_t> seqs) {
  Transaction transaction(connection);
  if (Status s = transaction.Begin(); !s.ok()) return s.error();
  const Result<std::optional<audit::LegalHold>> hold = HoldOver(connection, tenant, seqs);
  if (!hold.ok()) return hold.error();
  if (hold->has_value()) return audit::HeldError(**hold);
  std::int64_t erased = 0;
  for (const std::int64_t seq : seqs) {
    const Result<std::vector<PrivateValue>> values = OwnValues(connection, tenant, seq);
    if (!values.ok()) return values.error();
    erased += static_cast<std::int64_t>(values->size());
    if (Status s = Change(connection, "UPDATE audit_events SET private = NULL WHERE tenant = ? AND seq = ? AND private IS NOT NULL",
                          tenant, seq);
        !s.ok()) {
      return s.error();
    }
    if (Status s = Change(connection, "DELETE FROM private_values WHERE tenant = ? AND seq = ?", tenant, seq); !s.ok()) return s.error();
    erased += connection.changed_rows();
  }
  if (Status s = transaction.Commit(); !s.ok()) return s.error();
  return erased;
}

}  // namespace intentgate::store
