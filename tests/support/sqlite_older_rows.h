// A SQLite file as the versions before the runs of events had it: a row of audit_events for each event.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <map>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "store/sqlite/packed_text.h"
#include "store/sqlite/packed_values.h"
#include "store/sqlite/sqlite_store.h"
#include "support/sqlite_file.h"

namespace intentgate::test {

// What the columns of an event hold: texts, or since migration 0013 packed bytes.
enum class RowForm { kTexts, kPacked };

namespace older_rows {

inline std::string Text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}
inline std::string Blob(std::string_view bytes) { return "x'" + base::HexEncode(base::AsBytes(bytes)) + "'"; }
inline std::string Hash(const std::string& hex, RowForm form) { return form == RowForm::kTexts || hex.empty() ? Text(hex) : "x'" + hex + "'"; }

inline std::string Canonical(const std::string& text, RowForm form) {
  std::string packed;
  return form == RowForm::kPacked && store::PackText(text, packed) ? Blob(packed) : Text(text);
}

inline std::string Row(const audit::StoredEvent& e, std::span<const PrivateValue> values, RowForm form) {
  const AuditRecord& r = e.record;
  std::string sql = Text(r.tenant) + "," + std::to_string(r.seq) + "," + Text(r.event_id) + "," + Hash(r.prev_hash, form) + "," + Hash(r.hash, form) +
                    "," + Canonical(r.canonical, form) + "," + std::to_string(e.ts_micros);
  for (const std::string* text : {&e.kind, &e.decision, &e.check, &e.tool, &e.agent_id, &e.jti, &e.elevation_id, &e.root_jti, &e.session_id, &e.code,
                                  &e.actor}) {
    sql += "," + Text(*text);
  }
  std::string packed;
  store::PackValues(values, packed);
  return sql + "," + (values.empty() ? "NULL" : Blob(packed));
}

}  // namespace older_rows

// The file, that nobody has open, goes back to schema 13: all events of all runs become rows.
inline void ToOlderRows(const std::string& path, RowForm form) {
  std::string sql = "BEGIN;";
  {
    const auto store = store::SqliteStore::Open(path, {});
    REQUIRE(store.ok());
    const std::vector<std::string> tenants = (*store)->Tenants().value();
    for (const std::string& tenant : tenants) {
      for (std::int64_t next = 0;;) {
        const auto events = (*store)->ScanStored(tenant, next, 1'000);
        REQUIRE(events.ok());
        if (events->empty()) break;
        for (const audit::StoredEvent& event : *events) {
          next = event.record.seq + 1;
          const auto placed = (*store)->PrivateValues(tenant, std::vector{event.record.seq});
          REQUIRE(placed.ok());
          std::vector<PrivateValue> values;
          for (const audit::PlacedValue& value : *placed) values.push_back(value.value);
          sql += "INSERT INTO audit_events (tenant, seq, event_id, prev_hash, hash, canonical, ts, kind, decision, check_name, tool, agent_id, jti, "
                 "elevation_id, root_jti, session_id, code, actor, private) VALUES (" + older_rows::Row(event, values, form) + ");";
        }
      }
    }
  }
  RunSql(path, sql + "DROP TABLE audit_runs; DELETE FROM schema_migrations WHERE version >= 14; COMMIT;");
}

}  // namespace intentgate::test
