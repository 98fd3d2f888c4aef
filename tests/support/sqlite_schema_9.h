// A SQLite file as the schema before the postings had it, for what tests and measures the migration. From schema 13 (sqlite_older_rows.h).
#pragma once

namespace intentgate::test {

inline constexpr char kBackToSchema9[] =
    "ALTER TABLE audit_events DROP COLUMN private;"
    "DROP TABLE used_proofs; DROP TABLE audit_postings; DELETE FROM schema_migrations WHERE version >= 10;"
    "CREATE INDEX audit_events_ts ON audit_events (ts);"
    "CREATE INDEX audit_events_event_id ON audit_events (event_id);"
    "CREATE INDEX audit_events_agent ON audit_events (tenant, agent_id, seq) WHERE agent_id <> '';"
    "CREATE INDEX audit_events_tool ON audit_events (tenant, tool, seq) WHERE tool <> '';"
    "CREATE INDEX audit_events_agent_tool ON audit_events (tenant, agent_id, tool, seq) WHERE agent_id <> '' AND tool <> '';"
    "CREATE INDEX audit_events_denied ON audit_events (tenant, decision, seq) WHERE decision IN ('block', 'escalate');"
    "CREATE INDEX audit_events_elevated ON audit_events (tenant, elevation_id, seq) WHERE elevation_id <> '';"
    "CREATE INDEX audit_events_kind ON audit_events (tenant, kind, seq) WHERE kind IN ('admin', 'control');"
    "CREATE INDEX audit_events_root ON audit_events (tenant, root_jti, seq) WHERE root_jti <> '';"
    "CREATE INDEX audit_events_session ON audit_events (tenant, session_id, seq) WHERE session_id <> '';";

}  // namespace intentgate::test
