#include "store/sqlite/private_tables.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/sqlite/event_run.h"
#include "store/sqlite/event_walk.h"
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
  for (const std::int64_t seq : seqs) {
    std::optional<audit::LegalHold> found;
    Status s = WalkEvents(connection, EventWalk{tenant, seq, seq}, [&](audit::StoredEvent&& event) {
      for (const audit::LegalHold& hold : *holds) {
        // One that cannot be read may be of any time.
        if (hold.tenant == tenant && (hold.Covers(event.ts_micros) || !IsReadable(event))) found = hold;
        if (found) break;
      }
      return false;
    });
    if (!s.ok()) return s.error();
    if (found) return found;
  }
  return std::optional<audit::LegalHold>();
}

// The column of the run that an event may be in: of its block the last one that does not begin behind it, whatever its `count` says, since what is to
// be erased must not depend on that.
struct RunColumn {
  std::int64_t id = 0, first_seq = 0;
  std::string values;
};
Result<std::optional<RunColumn>> FindRun(Connection& connection, std::string_view tenant, std::int64_t seq) {
  Result<Statement*> select = connection.Kept(
      "SELECT id, first_seq, private FROM audit_runs WHERE tenant = ? AND first_seq BETWEEN ? AND ? ORDER BY first_seq DESC LIMIT 1");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  use->Bind(2, BlockBegin(seq));
  use->Bind(3, seq);
  const Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  if (!*row) return std::optional<RunColumn>();
  return std::optional(RunColumn{use->Integer(0), use->Integer(1), use->Blob(2)});
}

Status WriteValues(Connection& connection, std::int64_t id, std::string_view values) {
  Result<Statement*> update = connection.Kept("UPDATE audit_runs SET private = ? WHERE id = ?");
  if (!update.ok()) return update.error();
  const StatementUse use(**update);
  if (values.empty()) use->BindNull(1);
  else use->BindBlob(1, values);
  use->Bind(2, id);
  return connection.Run(**update);
}

// What an event of audit_events has in its column.
Result<std::vector<PrivateValue>> RowValues(Connection& connection, std::string_view tenant, std::int64_t seq) {
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

// What the table of before has of it.
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
    const Result<std::optional<RunColumn>> run = FindRun(connection, tenant, seq);
    if (!run.ok()) return run.error();
    Result<std::vector<PrivateValue>> values = RowValues(connection, tenant, seq);
    if (!values.ok()) return values.error();
    if (run->has_value()) {
      for (PrivateValue& value : RunValues((*run)->values).Of(seq - (*run)->first_seq)) values->push_back(std::move(value));
    }
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
  const Result<std::vector<audit::PlacedValue>> there = ReadPrivateValues(connection, tenant, seqs);
  if (!there.ok()) return there.error();
  struct Erased {
    std::string values;                  // of the run
    std::vector<std::int64_t> numbers;   // in it
  };
  std::map<std::int64_t, Erased> of_runs;   // by id: a run is written once
  for (const std::int64_t seq : seqs) {
    Result<std::optional<RunColumn>> run = FindRun(connection, tenant, seq);
    if (!run.ok()) return run.error();
    if (run->has_value() && !(*run)->values.empty()) {
      Erased& erased = of_runs[(*run)->id];
      erased.values = std::move((*run)->values);
      erased.numbers.push_back(seq - (*run)->first_seq);
    }
    for (const std::string_view sql : {"UPDATE audit_events SET private = NULL WHERE tenant = ? AND seq = ? AND private IS NOT NULL",
                                       "DELETE FROM private_values WHERE tenant = ? AND seq = ?"}) {
      if (Status s = Change(connection, sql, tenant, seq); !s.ok()) return s.error();
    }
  }
  for (const auto& [id, erased] : of_runs) {
    const std::string left = RunValues(erased.values).Without(erased.numbers);
    if (left == erased.values) continue;
    if (Status s = WriteValues(connection, id, left); !s.ok()) return s.error();
  }
  if (Status s = transaction.Commit(); !s.ok()) return s.error();
  return static_cast<std::int64_t>(there->size());
}

}  // namespace intentgate::store
